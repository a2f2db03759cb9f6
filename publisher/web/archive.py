"""The archive: what was published, newest first, and each edition on a page of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from fastapi import APIRouter, Response
from markupsafe import Markup
from starlette.exceptions import HTTPException

from publisher.storage import posts, reports
from publisher.storage.engine import reading
from publisher.web import texts
from publisher.web.headers import READING
from publisher.web.series import written
from publisher.web.showing import Web, page

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

    @routes.api_route("/", methods=READING)
    def archive() -> Response:
        with reading(web.engine) as db:
            issues = grouped(web, reports.issues(db))
        years = [(year, list(of)) for year, of in groupby(issues, lambda i: i.main.dated.year)]
        return page(web, "archive.html", headers=BRIEFLY, years=years, feeds=written(web.feeds))

    @routes.api_route("/issues/{key:path}/{lang}", methods=READING)
    def edition(key: str, lang: str) -> Response:
        return _edition_page(web, key, lang)

    return routes


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


def _edition_page(web: Web, key: str, lang: str) -> Response:
    if "\0" in key + lang:  # PostgreSQL has no such text
        raise HTTPException(404)
    with reading(web.engine) as db:
        found = posts.edition_of(db, key, lang)
        issues = grouped(web, reports.issues(db)) if found else []
    if found is None:
        raise HTTPException(404)
    at = next(number for number, issue in enumerate(issues) if issue.key == key)
    return page(
        web,
        "edition.html",
        words=texts.best(lang, web.settings.site.language),
        headers=BRIEFLY,
        lang=lang,
        edition=found,
        body=Markup(found.html),  # noqa: S704  sanitised when it was read
        issue=issues[at],
        newer=issues[at - 1] if at else None,
        older=issues[at + 1] if at + 1 < len(issues) else None,
        feeds=written(web.feeds),
    )
