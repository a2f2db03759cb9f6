"""The archive: what was published, newest first, and each edition on a page of its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from markupsafe import Markup
from starlette.exceptions import HTTPException

from publisher.storage import posts, reports
from publisher.storage.engine import reading
from publisher.web import texts
from publisher.web.conditional import answer
from publisher.web.discussing import discussions
from publisher.web.headers import READING
from publisher.web.keeping import Kept
from publisher.web.pictures import key_of, shown
from publisher.web.series import tagged, written
from publisher.web.showing import Web, rendered

BRIEFLY = {"Cache-Control": "public, max-age=60"}


@dataclass(frozen=True, kw_only=True)
class Listed:
    """An edition as the archive lists it."""

    lang: str
    title: str
    summary: str
    dated: datetime
    path: str


@dataclass(frozen=True, kw_only=True)
class Issue:
    """An issue with its editions: the one that stands for it, and all by language."""

    key: str
    main: Listed
    editions: tuple[Listed, ...]


def router(web: Web) -> APIRouter:
    """GET / and GET /issues/KEY/LANG."""
    routes = APIRouter()
    archive = Kept(look=partial(_listing, web), make=partial(_archive_page, web), now=web.now)
    editions = Kept(
        look=partial(_reading, web),
        make=partial(_edition_page, web, key_of(web.engine)),
        now=web.now,
    )

    async def listed(request: Request) -> Response:
        return await _kept(archive, "", request)

    async def read(request: Request) -> Response:
        return await _kept(
            editions, (request.path_params["key"], request.path_params["lang"]), request
        )

    # plain routes: FastAPI's would take longer than all else
    routes.add_route("/", listed, methods=READING)
    routes.add_route("/issues/{key:path}/{lang}", read, methods=READING)
    return routes


async def _kept(pages: Kept[Any, Any], key: Any, request: Request) -> Response:
    content = pages.fresh(key)
    if content is None:
        content = await run_in_threadpool(pages.get, key)
    return answer(request, content, headers=BRIEFLY)


def _listing(web: Web, _: str) -> tuple[Any, ...]:
    """What the archive is made of: every edition's row without its text, and the feeds."""
    with reading(web.engine) as db:
        return tuple(reports.issues(db)), written(web.feeds), tagged(web.feeds)


def _archive_page(web: Web, _: str, listing: tuple[Any, ...]) -> str:
    rows, feeds, tags = listing
    issues = grouped(web, rows)
    years = [(year, list(of)) for year, of in groupby(issues, lambda i: i.main.dated.year)]
    return rendered(web, "archive.html", years=years, feeds=feeds, tags=tags)


def grouped(web: Web, rows: Sequence[Any]) -> list[Issue]:
    """Issues, newest first, from editions in any order."""
    by_key: dict[str, list[Listed]] = {}
    for row in rows:
        by_key.setdefault(row.issue, []).append(_listed(web, row))
    default = web.settings.site.language
    issues = [_issue(key, editions, default) for key, editions in by_key.items()]
    return sorted(issues, key=lambda issue: (issue.main.dated, issue.key), reverse=True)


def _listed(web: Web, row: Any) -> Listed:
    return Listed(
        lang=row.lang,
        title=row.title,
        summary=row.summary,
        dated=row.dated,
        path=web.edition_path(row.issue, row.lang),
    )


def _issue(key: str, editions: list[Listed], default: str) -> Issue:
    """The site's language stands first, whatever else there is."""
    first = sorted(editions, key=lambda edition: (edition.lang != default, edition.lang))
    return Issue(key=key, main=first[0], editions=tuple(first))


def _reading(web: Web, place: tuple[str, str]) -> Mapping[str, Any]:
    """What an edition's page is made of, by the names that its template has for it."""
    key, lang = place
    if "\0" in key + lang:  # PostgreSQL has no such text
        raise HTTPException(404)
    with reading(web.engine) as db:
        found = posts.edition_of(db, key, lang)
        if found is None:
            raise HTTPException(404)
        issues = grouped(web, reports.issues(db))
        talked = discussions(web.settings, posts.out_there(db, key, lang))
    at = next(number for number, issue in enumerate(issues) if issue.key == key)
    return {
        "edition": found,
        "issue": issues[at],
        "newer": issues[at - 1] if at else None,
        "older": issues[at + 1] if at + 1 < len(issues) else None,
        "feeds": written(web.feeds),
        "discussions": talked,
    }


def _edition_page(
    web: Web, secret: Callable[[], bytes], place: tuple[str, str], made_of: Mapping[str, Any]
) -> str:
    _, lang = place
    found = made_of["edition"]
    html = shown(found.html, revision=found.revision, root=f"{web.prefix}images/", secret=secret)
    return rendered(
        web,
        "edition.html",
        words=texts.best(lang, web.settings.site.language),
        lang=lang,
        body=Markup(html),  # noqa: S704  sanitised when it was read
        **made_of,
    )
