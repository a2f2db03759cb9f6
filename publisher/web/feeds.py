"""The files of the feed channels, for feed readers that ask again and again."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from publisher.web.headers import READING
from publisher.web.series import Feed, Series

SAFE = ":/?#[]@!$&'()*+,;=%~"  # of an address, what may stand as it is


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A file as it was at one moment. `etag` is a strong validator, RFC 9110 §8.8.3."""

    content: bytes
    etag: str
    changed: datetime


def router(feeds: Sequence[Series]) -> APIRouter:
    """GET /feeds/NAME."""
    routes = APIRouter()

    @routes.api_route("/feeds/{name}", methods=READING)
    def feed(name: str, request: Request) -> Response:
        meant = [known for series in feeds if (known := series.named(name))]
        for known in meant:
            if known.path.is_file():
                return _answer(request, known)
        raise HTTPException(404)

    return routes


def _snapshot(path: Path) -> Snapshot:
    """What a file holds now. Raises HTTPException 404 as long as nothing was published to it."""
    try:
        with path.open("rb") as file:
            content = file.read()
            changed = os.fstat(file.fileno()).st_mtime
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise HTTPException(404) from None
    return Snapshot(
        content=content,
        etag=f'"{hashlib.sha256(content).hexdigest()[:32]}"',
        changed=datetime.fromtimestamp(int(changed), UTC),
    )


def _answer(request: Request, feed: Feed) -> Response:
    file = _snapshot(feed.path)
    headers = _links(feed) | {
        "ETag": file.etag,
        "Last-Modified": format_datetime(file.changed, usegmt=True),
        "Cache-Control": "public, max-age=300",
    }
    if _is_known(request, file):
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=feed.media_type, headers=headers)


def _links(feed: Feed) -> dict[str, str]:
    """Where to subscribe to news of it (WebSub §4)."""
    if not feed.hub:
        return {}
    places = {"hub": feed.hub, "self": feed.url}
    return {
        "Link": ", ".join(f'<{quote(at, safe=SAFE)}>; rel="{why}"' for why, at in places.items())
    }


def _is_known(request: Request, file: Snapshot) -> bool:
    """Whether the asker has these very bytes: RFC 9110 §13.2.2, the tag before the date."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return bool(known & {file.etag, "*"})
    try:
        since = parsedate_to_datetime(request.headers.get("if-modified-since", ""))
    except ValueError:
        return False
    return file.changed <= (since if since.tzinfo else since.replace(tzinfo=UTC))
