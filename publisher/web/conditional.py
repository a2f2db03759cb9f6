"""Sending what somebody may have already: validators, 304, and gzip where it is welcome.

Sources: RFC 9110 §8.8 (validators), §12.5.3 (Accept-Encoding), §13 (conditional requests).
"""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import cached_property, lru_cache

from fastapi import Request, Response

SMALLEST = 500  # bytes; gzip would save nothing of less
GZIP = {"gzip", "x-gzip", "*"}  # the codings that gzip answers to


@dataclass(frozen=True, kw_only=True)
class Content:
    """Bytes as they were at one moment, to whoever may have them already.

    `changed` is when they became so, in whole seconds. What holds a secret must not come here:
    the size of a page under gzip tells what is in it (https://www.breachattack.com/).
    """

    body: bytes
    media_type: str
    changed: datetime

    @cached_property
    def etag(self) -> str:
        """A strong validator of the bytes as they are."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'

    @cached_property
    def gzipped(self) -> bytes:
        """The bytes under gzip, empty where that saves nothing; the same in every process."""
        dense = self.media_type.startswith("image/") and self.media_type != "image/svg+xml"
        return b"" if dense or len(self.body) < SMALLEST else _gzipped(self.body)

    @cached_property
    def validators(self) -> tuple[dict[str, str], dict[str, str]]:
        """The headers of the bytes as they are and under gzip: each form has a tag of its own."""
        plain = {
            "ETag": self.etag,
            "Last-Modified": format_datetime(self.changed, usegmt=True),
            "Vary": "Accept-Encoding",
        }
        return plain, {**plain, "ETag": f'{self.etag[:-1]}-gzip"', "Content-Encoding": "gzip"}


@lru_cache(maxsize=16)
def _gzipped(body: bytes) -> bytes:
    small = gzip.compress(body, 6, mtime=0)
    return small if len(small) < len(body) else b""


def answer(request: Request, content: Content, *, headers: Mapping[str, str]) -> Response:
    """The bytes in the form that is welcome, or 304 to whoever has that form."""
    smaller = takes_gzip(request.headers.get("accept-encoding", "")) and bool(content.gzipped)
    told = {**content.validators[smaller], **headers}
    if content.changed > datetime.now(UTC):  # no date to come: RFC 9110 §8.8.2.1
        del told["Last-Modified"]
    if _is_known(request, told["ETag"], content.changed):
        told.pop("Content-Encoding", None)
        return Response(status_code=304, headers=told)
    body = content.gzipped if smaller else content.body
    return Response(body, media_type=content.media_type, headers=told)


@lru_cache(maxsize=256)
def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header welcomes gzip; what names it counts before `*`."""
    weights = {}
    for choice in accepted.lower().split(","):
        coding, _, weight = choice.partition(";")
        weights[coding.strip()] = _weight(weight)
    named = [weights[coding] for coding in sorted(GZIP & weights.keys(), reverse=True)]
    return bool(named) and named[0] > 0


def _weight(said: str) -> float:
    try:
        return float(said.strip().removeprefix("q=") or 1)
    except ValueError:
        return 0.0


def _is_known(request: Request, etag: str, changed: datetime) -> bool:
    """Whether the asker has these very bytes: RFC 9110 §13.2.2, the tag before the date."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return bool(known & {etag, "*"})
    try:
        since = parsedate_to_datetime(request.headers.get("if-modified-since", ""))
    except ValueError:
        return False
    return changed <= (since if since.tzinfo else since.replace(tzinfo=UTC))
