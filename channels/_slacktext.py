"""Words for Slack, in its own notation, and an issue as blocks.

Notation: https://docs.slack.dev/messaging/formatting-message-text
Blocks: https://docs.slack.dev/reference/block-kit/blocks
"""

import re
from typing import Any

from channels._text import JOINER, one_line, shorten, utf16
from publisher.domain.issue import Edition, telling_image

HEADER_LIMIT, SECTION_LIMIT = 150, 3000
IMAGE_LIMIT, ALT_LIMIT = 3000, 2000
ALIKE = str.maketrans("*_~`", "∗ˍ∼ˋ")  # Slack knows no escape for these
OPENING = re.compile(r"(?<!\w)[*_~`]+(?=\S)")
QUOTED = re.compile(r"^(?=&gt;)", re.MULTILINE)


def as_mrkdwn(text: str) -> str:
    """Plain text that Slack shows as it is: nobody is called and nothing formatted."""
    alike = OPENING.sub(lambda found: found[0].translate(ALIKE), text)
    return QUOTED.sub(JOINER, escaped(alike))


def escaped(text: str) -> str:
    """Keep the three characters that Slack reads as its own from being read so."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def address(url: str) -> str:
    """A link as it stands between `<` and `>`, or before a `|` in there."""
    return escaped(url).replace("|", "%7C")


def blocks(edition: Edition, text: str) -> list[dict[str, Any]]:
    """The title as header, the text, and the issue's telling picture, by its address."""
    title = one_line(edition, HEADER_LIMIT, utf16)
    header = {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": False}}
    section = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
    image = telling_image(edition)
    if not image or image.trouble or len(image.src) > IMAGE_LIMIT:
        return [header, section]
    alt = shorten(image.alt or image.caption, ALT_LIMIT, utf16) or title
    return [header, section, {"type": "image", "image_url": image.src, "alt_text": alt}]


def without_picture(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same, without what Slack could not fetch."""
    return [one for one in blocks if one["type"] != "image"]
