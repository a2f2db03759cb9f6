"""An edition's HTML as mail programs can show it."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from html import escape, unescape
from urllib.parse import unquote, urlsplit

from publisher.domain.issue import Image

COLUMN = 640  # pixels; Outlook knows no max-width, so no picture may say that it is wider
DRAWING = "image/svg+xml"

_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)((?:\s[^<>]*)?)>")
_ATTRIBUTE = re.compile(r'([a-z]+)="([^"]*)"')
_PERCENT = re.compile(r"\d{1,3}%")

# Gmail and Outlook know none of these elements, and no mail program needs to fold anything.
_PLAINER = {"figure": "figure", "figcaption": "caption", "details": "details", "summary": "summary"}


@dataclass(kw_only=True)
class _Walk:
    """Where in the page we are, and what is known of its pictures."""

    pictures: Mapping[str, Image]
    picture_word: str
    links: int = 0


def fitted(html: str, images: Iterable[Image], *, picture_word: str) -> str:
    """The page with what mail programs lack put in plainer words.

    Pictures say their size and carry an alt; SVG, which hardly any mail program shows, becomes
    a link, in front of which stands `picture_word`; figures and foldings become plain blocks;
    tables can be moved sideways. `html` is an edition's: well-formed, its attributes quoted.
    """
    walk = _Walk(pictures={image.src: image for image in images}, picture_word=picture_word)
    return _TAG.sub(lambda tag: _rewritten(walk, tag), html)


def is_drawing(image: Image) -> bool:
    """Whether a picture is SVG, by what is known of it or else by its name."""
    if image.type:
        return image.type == DRAWING
    return _file_name(image.src).lower().endswith((".svg", ".svgz"))


def _rewritten(walk: _Walk, tag: re.Match[str]) -> str:
    closing, name, attributes = tag.groups()
    if name in _PLAINER:
        return "</div>" if closing else f'<div class="{_PLAINER[name]}"{attributes}>'
    if name in _CHANGES:
        return _CHANGES[name](walk, tag)
    return tag[0]


def _link(walk: _Walk, tag: re.Match[str]) -> str:
    walk.links += -1 if tag[1] else 1
    return tag[0]


def _table(_: _Walk, tag: re.Match[str]) -> str:
    return "</table></div>" if tag[1] else f'<div class="wide"><table class="data"{tag[3]}>'


def _picture(walk: _Walk, tag: re.Match[str]) -> str:
    given = {name: unescape(value) for name, value in _ATTRIBUTE.findall(tag[3])}
    image = walk.pictures.get(given.get("src", "")) or Image(src=given.get("src", ""))
    if is_drawing(image):
        return _in_words(walk, image, given.get("alt", ""))
    shown = given | {"alt": given.get("alt", "")} | _size(given, image)
    return "<img" + "".join(f' {name}="{escape(value)}"' for name, value in shown.items()) + ">"


def _in_words(walk: _Walk, image: Image, alt: str) -> str:
    """A link to a picture that would not be shown. Its caption, which follows, is not doubled."""
    said = alt if alt and alt != image.caption else _file_name(image.src)
    words = escape(f"{walk.picture_word}: {said}")
    return words if walk.links else f'<a href="{escape(image.src)}">{words}</a>'


def _size(given: Mapping[str, str], image: Image) -> dict[str, str]:
    """Width and height in pixels, in proportion, no wider than the column; {} where unknown."""
    if _PERCENT.fullmatch(given.get("width", "")):
        return {"width": given["width"]}
    width, height = (_pixels(given.get(side, "")) for side in ("width", "height"))
    if image.width and image.height:
        width = width or round(height * image.width / image.height) or image.width
        height = round(width * image.height / image.width)
    scale = min(1, COLUMN / width) if width else 1
    sides = {"width": round(width * scale), "height": round(height * scale)}
    return {side: str(pixels) for side, pixels in sides.items() if pixels}


def _pixels(written: str) -> int:
    digits = written.removesuffix("px")
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 6 else 0


def _file_name(address: str) -> str:
    try:
        path = urlsplit(address).path
    except ValueError:  # brackets that hold no address
        path = address
    return unquote(path.rstrip("/").rpartition("/")[2])


_CHANGES: dict[str, Callable[[_Walk, re.Match[str]], str]] = {
    "a": _link,
    "img": _picture,
    "table": _table,
}
