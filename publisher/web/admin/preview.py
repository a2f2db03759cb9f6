"""What each channel would get of an issue as its source is now, beside the source itself."""

from pathlib import Path
from typing import Any

import lxml.html
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException

from publisher import previewing
from publisher.config import BadConfig
from publisher.domain.channel import Mailing
from publisher.domain.issue import BadSource, Edition, Finding
from publisher.previewing import Previewed
from publisher.sources.folder import SourceTrouble
from publisher.web.admin import pages
from publisher.web.admin.sessions import Door
from publisher.web.headers import READING

LONGEST = 400_000  # characters of a source that is shown
LINES = 5_000
APART = {
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline';"
    " frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
    **pages.FRESH,
}


def router(door: Door) -> APIRouter:
    """GET /admin/preview?key=KEY, /admin/preview/KEY, and /admin/preview-mail/CHANNEL/LANG/KEY."""
    routes = APIRouter()

    @routes.api_route("/preview", methods=READING)
    def find(request: Request, key: str = "") -> Response:
        door.seen(request)
        place = f"{door.path}/preview/{pages.quoted(key.strip())}" if key.strip() else door.path
        return RedirectResponse(place, 303, headers=pages.FRESH)

    @routes.api_route("/preview/{key:path}", methods=READING)
    def preview(request: Request, key: str, done: str = "") -> Response:
        session = door.seen(request)
        editions, trouble = _editions(door, key)
        values: dict[str, Any] = {
            "key": key,
            "editions": [(edition, _source(edition)) for edition in editions],
            "shown": _shown(door, editions),
            "is_mail": lambda one: isinstance(one.channel.channel, Mailing),
            "trouble": trouble,
            "note": pages.note(door, session, done),
            "may_act": session.may("release"),
        }
        status = 200 if editions else 404
        return pages.page(
            door, request, "preview.html", session=session, here="", status=status, **values
        )

    @routes.api_route("/preview-mail/{channel}/{lang}/{key:path}", methods=READING)
    def mail(request: Request, channel: str, lang: str, key: str) -> Response:
        door.seen(request)
        for one in _shown(door, _editions(door, key)[0]):
            if (one.channel.name, one.post.lang) == (channel, lang) and one.post.html:
                return HTMLResponse(without_pictures(one.post.html), headers=APART)
        raise HTTPException(404)

    return routes


def _editions(door: Door, key: str) -> tuple[list[Edition], str]:
    """The editions of the source now, or why there are none."""
    if "\0" in key:
        raise HTTPException(404)
    try:
        found = [*door.web.desk().editions(key)]
    except (BadSource, SourceTrouble, BadConfig) as error:
        return [], str(error)
    return found, "" if found else f"the source has no issue {key}"


def _shown(door: Door, editions: list[Edition]) -> list[Previewed]:
    try:
        channels = door.web.desk().site().channels
    except BadConfig:
        return []
    return [
        previewing.preview(edition, channel, door.web.settings.lint)
        for edition in editions
        for channel in channels.values()
        if channel.takes(edition.key, edition.lang)
    ]


def _source(edition: Edition) -> list[tuple[int, str, list[Finding]]]:
    """The lines of an edition's file, with what was found at each."""
    try:
        text = Path(edition.path).read_text(encoding="utf-8", errors="replace")[:LONGEST]
    except OSError:
        return []
    at: dict[int, list[Finding]] = {}
    for found in edition.warnings:
        at.setdefault(found.line, []).append(found)
    lines = text.splitlines()[:LINES]
    return [(number, line, at.get(number, [])) for number, line in enumerate(lines, 1)]


def without_pictures(html: str) -> str:
    """A mail with each picture's description in its place: a preview asks nobody for anything."""
    tree = lxml.html.document_fromstring(html)
    for image in [*tree.iter("img")]:
        words = lxml.html.Element("em")
        words.text = image.get("alt") or ""
        words.tail = image.tail
        if (parent := image.getparent()) is not None:
            parent.replace(image, words)
    for element in tree.iter():
        for name in ("background", "srcset", "poster"):
            element.attrib.pop(name, "")
    written: str = lxml.html.tostring(tree, encoding="unicode", doctype="<!doctype html>")
    return written
