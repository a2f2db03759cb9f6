"""The pictures of editions under addresses of ours, so that readers ask nobody else for them."""

import base64
import binascii
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from html import escape, unescape

from sqlalchemy import Engine

from publisher.storage import secrets

LONGEST = 4000  # characters of a picture's own address
MARK = 32  # hexadecimal digits of a signature: 128 bits
TAG = re.compile(r"""<img\b(?:[^<>"']|"[^"]*"|'[^']*')*>""")
ATTRIBUTE = re.compile(r'(\s)([\w-]+)="([^"]*)"')


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture of an edition in one of its revisions; `src` is where it lies, absolute."""

    src: str
    revision: str


def key_of(engine: Engine) -> Callable[[], bytes]:
    """What gets the store's key to sign with, and asks the store once."""

    @cache
    def key() -> bytes:
        with engine.begin() as db:
            return secrets.key(db, "pictures")

    return key


def shown(html: str, *, revision: str, root: str, secret: Callable[[], bytes]) -> str:
    """An edition's HTML with its pictures under `root`; all else stays, width and height too.

    The address is signed: nobody can have us fetch what stands in no edition. It holds the
    revision, so what it leads to may be kept for ever.
    """

    def moved(attribute: re.Match[str]) -> str:
        space, name, value = attribute.groups()
        src = unescape(value)
        if name != "src" or not src.startswith(("https://", "http://")) or len(src) > LONGEST:
            return attribute[0]
        picture = Picture(src=src, revision=revision)
        return f'{space}src="{escape(root + signed(picture, secret()))}" loading="lazy"'

    return TAG.sub(lambda tag: ATTRIBUTE.sub(moved, tag[0]), html)


def signed(picture: Picture, secret: bytes) -> str:
    """The last two parts of a picture's address."""
    told = f"{picture.revision[:12]} {picture.src}".encode()
    name = base64.urlsafe_b64encode(told).decode().rstrip("=")
    return f"{_mark(name, secret)}/{name}"


def meant(mark: str, name: str, secret: bytes) -> Picture | None:
    """The picture that an address of ours means, None where it is none of ours."""
    ours = name.isascii() and mark.isascii() and hmac.compare_digest(_mark(name, secret), mark)
    if not ours:
        return None
    try:
        told = base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    revision, _, src = told.partition(" ")
    return Picture(src=src, revision=revision)


def _mark(name: str, secret: bytes) -> str:
    return hmac.digest(secret, name.encode(), "sha256").hex()[:MARK]
