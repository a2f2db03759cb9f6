"""An issue of the newsletter, as every channel sees it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, kw_only=True)
class Site:
    """The newsletter's home. `base_url` ends in a slash; `permalink` has Hugo's tokens."""

    name: str
    base_url: str
    language: str = "en"
    permalink: str = "/:year/:month/:title/"
    license: str = ""
    license_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Image:
    """A picture in an edition. `src` is absolute; `path` is the local file, if there is one.

    Of a local file the rest is known: `type` is its media type by its content, `size` in bytes,
    `width` and `height` in pixels; "" and 0 where they are not known.
    """

    src: str
    alt: str = ""
    caption: str = ""
    path: str = ""
    type: str = ""
    size: int = 0
    width: int = 0
    height: int = 0


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something odd in a source or a post, and what to do about it.

    `line` counts from 1 in the source, 0: no line. An `error` stops a publication.
    """

    kind: str
    detail: str
    line: int = 0
    remedy: str = ""
    severity: Severity = "warning"


@dataclass(frozen=True, kw_only=True)
class Fence:
    """A part of an edition's html, from offset `start` to `end`, that not every channel shows.

    `names` are of channels or kinds: with `only` those that show it, else those that do not.
    """

    start: int
    end: int
    names: tuple[str, ...]
    only: bool


@dataclass(frozen=True, kw_only=True)
class Edition:
    """One issue in one language, as it was understood.

    `key` and `lang` are its identity; title, date and URL change. `html` is safe to embed, its
    links and images absolute; `text` is the same for people who read no HTML; `links` holds
    every href of the body in order; `revision` is the SHA-256 of the source bytes, in hex.
    `aliases` are other addresses of the same page, absolute; after `expires` it is news no more;
    `image` is the one that the front matter names for cards.
    """

    key: str
    lang: str
    path: str
    title: str
    date: datetime
    url: str
    summary: str
    html: str
    text: str
    revision: str
    site: Site
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()
    warnings: tuple[Finding, ...] = ()
    draft: bool = False
    aliases: tuple[str, ...] = ()
    expires: datetime | None = None
    image: Image | None = None
    fences: tuple[Fence, ...] = ()


class BadSource(ValueError):
    """A source that is no edition. Names the place and the remedy."""

    def __init__(self, path: str, reason: str, *, line: int = 0, remedy: str = "") -> None:
        place = f"{path}:{line}" if line else path
        super().__init__(f"{place}: {reason}" + (f" — {remedy}" if remedy else ""))
        self.path, self.reason, self.line, self.remedy = path, reason, line, remedy


def telling_image(edition: Edition) -> Image | None:
    """The first picture that says something about this issue: no banner, no logo."""
    recurring = ("banner", "logo")
    for image in edition.images:
        if not any(word in image.src.lower() for word in recurring):
            return image
    return None
