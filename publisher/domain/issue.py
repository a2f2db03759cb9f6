"""An issue of the newsletter, as every channel sees it."""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

RECURRING = frozenset({"banner", "logo", "icon", "favicon", "avatar", "badge", "spacer", "divider"})
BADGE_HOSTS = ("shields.io", "badgen.net", "badge.fury.io")
SMALLEST, THINNEST = 100, 32  # pixels of the longer and of the shorter side
WIDEST = 3  # times its height: a strip
CARD_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", ""})
HEAVIEST = 10 * 1024**2  # bytes; Mastodon takes 10 MB before 4.2, 16 MB since
MOST_PIXELS = 33_177_600  # Mastodon's limit, 7680 x 4320

NOT_CARRIED = "false"
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
    `width` and `height` in pixels; "" and 0 where they are not known. Of others there is at most
    the size that the source gave. `trouble` says why a picture of the site's own cannot be shown:
    it is not there, or is broken or dangerous; such a one has no `path`.
    """

    src: str
    alt: str = ""
    caption: str = ""
    path: str = ""
    type: str = ""
    size: int = 0
    width: int = 0
    height: int = 0
    trouble: str = ""


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
    `aliases` are other addresses of the same page, absolute; before `not_before` it is no news
    yet, after `expires` no more;
    `image` is the one that the front matter names for cards. `correction` is what it says of what
    was wrong, for readers; `NOT_CARRIED`: this change is for nobody.
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
    not_before: datetime | None = None
    expires: datetime | None = None
    image: Image | None = None
    fences: tuple[Fence, ...] = ()
    correction: str = ""


class BadSource(ValueError):
    """A source that is no edition. Names the place and the remedy."""

    def __init__(self, path: str, reason: str, *, line: int = 0, remedy: str = "") -> None:
        place = f"{path}:{line}" if line else path
        super().__init__(f"{place}: {reason}" + (f" — {remedy}" if remedy else ""))
        self.path, self.reason, self.line, self.remedy = path, reason, line, remedy


def telling_image(edition: Edition) -> Image | None:
    """The picture for a card: what the front matter names, or the first that says something.

    Never one that is decoration: named as a banner, logo, icon, avatar, badge or spacer, shown
    more than once in the issue, or smaller than `SMALLEST`. One that most networks would not take
    or would show as a strip only where there is no other, one in trouble last of all.
    """
    if edition.image and not edition.image.trouble:
        return edition.image
    times = Counter(image.src for image in edition.images)
    telling = [i for i in edition.images if times[i.src] == 1 and not _is_decoration(i)]
    return min(telling, key=lambda i: (bool(i.trouble), not _fits_a_card(i)), default=None)


def _is_decoration(image: Image) -> bool:
    address = urlsplit(image.src)
    *folders, name = address.path.lower().split("/")
    words = {word.rstrip("0123456789") for word in re.split(r"[\W_]+|%[0-9a-f]{2}", name)}
    longest, shortest = max(image.width, image.height), min(image.width, image.height)
    return bool(
        words & RECURRING
        or any(word.endswith("banner") for word in words)
        or {f"{word}s" for word in RECURRING} & {*folders, *words}
        or any(address.netloc.endswith(host) for host in BADGE_HOSTS)
        or 0 < longest < SMALLEST
        or 0 < shortest < THINNEST
    )


def _fits_a_card(image: Image) -> bool:
    drawn = image.src.lower().partition("?")[0].endswith((".svg", ".avif"))
    return (
        image.type in CARD_TYPES
        and not (drawn and not image.type)
        and image.size <= HEAVIEST
        and image.width * image.height <= MOST_PIXELS
        and image.width <= WIDEST * image.height
        and not 0 < min(image.width, image.height) < SMALLEST
    )
