"""What of a Bluesky text is a link or a hashtag: app.bsky.richtext.facet, by bytes of UTF-8."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from channels._text import graphemes

LONGEST_PATH = 15  # characters of a path that are shown, as Bluesky's own app does
BYTES_A_GRAPHEME = 10  # 3,000 bytes are the limit where 300 graphemes are
Facet = dict[str, Any]


def cost(text: str) -> int:
    """Graphemes, or tenths of bytes where these are more: the limits are 300 and 3,000."""
    return max(graphemes(text), -(-len(text.encode()) // BYTES_A_GRAPHEME))


def shown_address(url: str) -> str:
    """A link as it is shown: without its scheme, and not to its end where that is long."""
    parts = urlsplit(url)
    path = f"{parts.path}{'?' + parts.query if parts.query else ''}".rstrip("/")
    short = path if len(path) <= LONGEST_PATH else path[: LONGEST_PATH - 2] + "…"
    return f"{parts.netloc}{short}"


def facets(text: str, *, url: str, tags: Iterable[str]) -> list[Facet]:
    """Mark where a text shows the link, and each hashtag. In the order of the text."""
    found: list[tuple[int, int, Facet]] = []
    shown = shown_address(url)
    if (at := text.rfind(shown)) >= 0:
        link = {"$type": "app.bsky.richtext.facet#link", "uri": url}
        found.append((at, at + len(shown), link))
    for tag in tags:
        for one in re.finditer(rf"(?<!\w)#{re.escape(tag)}(?!\w)", text):
            marked = {"$type": "app.bsky.richtext.facet#tag", "tag": tag}
            found.append((one.start(), one.end(), marked))
    return [_facet(text, *one) for one in sorted(found, key=lambda one: one[:2])]


def _facet(text: str, start: int, end: int, feature: Facet) -> Facet:
    first, last = len(text[:start].encode()), len(text[:end].encode())
    return {"index": {"byteStart": first, "byteEnd": last}, "features": [feature]}
