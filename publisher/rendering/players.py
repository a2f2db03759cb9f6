"""Films, sounds and frames in HTML become links: no mail and few readers can play them."""

import re
from html import escape, unescape
from urllib.parse import urlsplit

PLAYER = re.compile(
    r"<(video|audio|iframe)\b([^>]*)>((?:(?!<(?:video|audio|iframe)\b).){0,4000}?)</\1\s*>",
    re.IGNORECASE | re.DOTALL,
)
SOURCE = re.compile(r"""(?<![\w-])src\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
TITLE = re.compile(r"""(?<![\w-])title\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
TAG = re.compile(r"<[^<>]*>")
PAGES = (  # what a frame shows, and the page it is shown on
    (r"(?:www\.)?youtube(?:-nocookie)?\.com/embed/([\w-]+)", "https://www.youtube.com/watch?v={}"),
    (r"player\.vimeo\.com/video/(\d+)", "https://vimeo.com/{}"),
    (r"(?:www\.)?dailymotion\.com/embed/video/(\w+)", "https://www.dailymotion.com/video/{}"),
    (r"([\w.-]+/)videos/embed/([\w-]+)", "https://{}w/{}"),  # PeerTube, on any host
)


def linked_players(html: str) -> str:
    """The same HTML, still unsafe, with a link in place of each player."""
    if not re.search(r"<(?:video|audio|iframe)\b", html, re.IGNORECASE):
        return html
    return PLAYER.sub(_link, html)


def _link(player: re.Match[str]) -> str:
    kind, attributes, inner = player[1].lower(), player[2], player[3]
    found = SOURCE.search(attributes) or SOURCE.search(inner)
    source = unescape(next(filter(None, found.groups()), "")) if found else ""
    address = _page(source) if kind == "iframe" else source
    if not address:
        return ""
    title = TITLE.search(attributes)
    words = " ".join(unescape(TAG.sub(" ", inner)).split()) if kind != "iframe" else ""
    shown = words or (unescape(title[1] or title[2] or "") if title else "") or _name(address)
    return f'<a href="{escape(address)}">{escape(shown)}</a>'


def _page(source: str) -> str:
    """The page of what is shown in a frame, "" for one that is not known."""
    for pattern, page in PAGES:
        if found := re.match(rf"(?:https?:)?//{pattern}", source):
            return page.format(*found.groups())
    return ""


def _name(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    return parts.path.rpartition("/")[2] if not parts.query and parts.path else address
