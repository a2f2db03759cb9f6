"""The files of the `atom` channels, for feed readers that ask again and again."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from publisher import config
from publisher.config import BadConfig, Mistake, Settings
from publisher.web.headers import READING

KIND = "atom"


@dataclass(frozen=True, kw_only=True)
class Feed:
    """One feed file. `name` is the last part of the address it is served under."""

    name: str
    title: str
    path: Path


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A file as it was at one moment. `etag` is a strong validator, RFC 9110 §8.8.3."""

    content: bytes
    etag: str
    changed: datetime


def configured(settings: Settings) -> tuple[Feed, ...]:
    """The feeds that the `atom` channels write, each file once.

    Nothing but `path` and `title` is looked at: pages need no secrets. Of two files with one
    name the later is served as CHANNEL-NAME. Raises BadConfig with every wrong path.
    """
    mistakes: list[Mistake] = []
    found: dict[Path, Feed] = {}
    for channel, table in settings.channels.items():
        if table.get("kind", channel) == KIND:
            feed = _feed(settings, channel, table, mistakes)
            if any(feed.name == other.name for other in found.values()):
                feed = Feed(name=f"{channel}-{feed.name}", title=feed.title, path=feed.path)
            found.setdefault(feed.path, feed)
    if mistakes:
        raise BadConfig(mistakes)
    return tuple(found.values())


def _feed(settings: Settings, channel: str, table: Any, mistakes: list[Mistake]) -> Feed:
    file = str(settings.file)

    def wrong(key: str, expected: str) -> None:
        mistakes.append(Mistake(file=file, table=f"channels.{channel}", key=key, expected=expected))

    folder = settings.file.parent
    seen = {key: table[key] for key in ("path", "title") if isinstance(table.get(key), str)}
    values = config.resolve_all(seen, folder=folder, wrong=wrong)
    path = folder / values.get("path", "")
    if not path.name or "path" not in values:
        wrong("path", "expected the path of the feed's file")
    return Feed(name=path.name, title=values.get("title") or settings.site.name, path=path)


def router(feeds: Sequence[Feed]) -> APIRouter:
    """GET /feeds/NAME."""
    routes = APIRouter()

    @routes.api_route("/feeds/{name}", methods=READING)
    def feed(name: str, request: Request) -> Response:
        for known in feeds:
            if known.name == name:
                return _answer(request, _snapshot(known.path))
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


def _answer(request: Request, file: Snapshot) -> Response:
    headers = {
        "ETag": file.etag,
        "Last-Modified": format_datetime(file.changed, usegmt=True),
        "Cache-Control": "public, max-age=300",
    }
    if _is_known(request, file):
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type="application/atom+xml", headers=headers)


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
