"""Oddities in the pictures of a body."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from publisher.domain.issue import Edition, Finding, Image
from publisher.domain.lint import finding
from publisher.rendering.links import WEB, absolute
from publisher.rendering.markup import Opening
from publisher.rendering.pictures.shelf import NO_FILE
from publisher.rendering.places import Places, line_of_address

LARGEST = 1_000_000  # bytes; a mail's reader on the way loads all of them
WIDEST = 4096  # pixels a side


def oddities(
    edition: Edition, where: Places, static: Path | None, beside: Path | None
) -> Iterator[Finding]:
    """What is odd about what pictures show and where they lie."""
    left = iter(edition.images)
    for at, part in enumerate(where.run):
        if isinstance(part, Opening) and part.name == "img":
            src = part.attributes.get("src", "")
            address = absolute(src, page=edition.url, site=edition.site)
            image = next(left) if WEB.match(address) else Image(src=address)
            folder = static if src.startswith("/") else beside
            for kind, detail in (*_odd(image, src, folder), *_foreign(image, src, edition)):
                yield finding(kind, detail, line_of_address(where, at, src))


def _odd(image: Image, src: str, folder: Path | None) -> Iterator[tuple[str, str]]:
    if not image.alt:
        yield "missing-alt", src
    if image.trouble == NO_FILE:
        yield "image-outside-static" if _leaves(src, folder) else "dead-local-image", src
    elif image.trouble:
        yield "unusable-image", f"{src}: {image.trouble}"
    if image.size > LARGEST:
        yield "oversize-image", f"{src}: {image.size / 1_000_000:.1f} MB"
    if image.path and max(image.width, image.height) > WIDEST:
        yield "oversize-image", f"{src}: {image.width} × {image.height} pixels"


def _foreign(image: Image, src: str, edition: Edition) -> Iterator[tuple[str, str]]:
    if image.src and not image.path and _host(image.src) != _host(edition.url):
        yield "remote-image", src


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _leaves(src: str, folder: Path | None) -> bool:
    """Whether a path leads out of its folder, by dots or by a link."""
    name = unquote(src.partition("#")[0].partition("?")[0]).lstrip("/")
    if os.path.normpath(name).startswith(".."):
        return True
    try:
        return folder is not None and (folder / name).is_file()
    except (OSError, ValueError):
        return False
