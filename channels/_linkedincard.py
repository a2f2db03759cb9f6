"""An issue's page as a card below a LinkedIn post, which is called an article there.

LinkedIn reads no page by itself: what is not given is not shown.

Source: https://learn.microsoft.com/linkedin/marketing/community-management/shares/posts-api#article
"""

from pathlib import Path

from channels._text import shorten, utf16
from publisher.domain.issue import Edition, Finding, Image, telling_image

TITLE_LIMIT, DESCRIPTION_LIMIT = 400, 300  # UTF-16 units; of a description more is never shown
PICTURES = {".jpg", ".jpeg", ".png", ".gif"}
MOST_PIXELS = 36_152_320


def article(edition: Edition, title: str) -> dict[str, str]:
    """Link, title and the beginning of the summary."""
    description = shorten(" ".join(edition.summary.split()), DESCRIPTION_LIMIT, utf16)
    said = {"description": description} if description else {}
    return {"source": edition.url, "title": title, **said}


def picture(edition: Edition) -> tuple[tuple[Image, ...], tuple[Finding, ...]]:
    """The issue's telling picture, where it is one that LinkedIn takes, or why it is not."""
    image = telling_image(edition)
    if image is None:
        return (), ()
    if not image.path:
        reason = "no local file"
    elif Path(image.path).suffix.lower() not in PICTURES:
        reason = "no JPEG, PNG or GIF"
    elif image.width * image.height > MOST_PIXELS:
        reason = f"more than {MOST_PIXELS} pixels"
    else:
        return (Image(src=image.src, path=image.path),), ()
    return (), (Finding(kind="picture-left-off", detail=f"{image.src}: {reason}"),)
