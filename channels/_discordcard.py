"""An issue as a card at Discord, which is called an embed there.

Limits: https://docs.discord.com/developers/resources/message#embed-object-embed-limits
"""

from typing import Any

from channels._text import as_markdown, one_line
from publisher.domain.channel import Refused
from publisher.domain.issue import Edition, Image, telling_image

TITLE_LIMIT, DESCRIPTION_LIMIT = 256, 4096  # code points
URL_LIMIT = 2048


def card(edition: Edition, text: str, images: tuple[Image, ...]) -> dict[str, Any]:
    """Title, link, text and picture. Raises Refused where the link is longer than Discord takes."""
    if len(edition.url) > URL_LIMIT:
        reason = f"the address has {len(edition.url)} characters, Discord takes {URL_LIMIT}"
        raise Refused(f"{reason}; shorten the issue's title or set its `slug`")
    title = as_markdown(one_line(edition, TITLE_LIMIT, lambda title: len(as_markdown(title))))
    picture = {"image": {"url": images[0].src}} if images else {}
    return {"title": title, "url": edition.url, "description": text, **picture}


def pictures(edition: Edition) -> tuple[Image, ...]:
    """The issue's telling picture, which Discord fetches by its address."""
    image = telling_image(edition)
    return (image,) if image and not image.trouble and len(image.src) <= URL_LIMIT else ()
