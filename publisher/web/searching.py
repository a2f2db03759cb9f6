"""Looking for words in the archive: GET /search, without scripts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from publisher.domain import sought
from publisher.domain.sought import Piece
from publisher.storage import reports
from publisher.storage import searching as index
from publisher.storage.engine import reading
from publisher.web.headers import READING
from publisher.web.showing import Web, page

EACH = 10  # editions on a page
LAST = 1000  # page that anybody may ask for
BRIEFLY = {"Cache-Control": "public, max-age=60"}


@dataclass(frozen=True, kw_only=True)
class Found:
    """An edition that was found: its title and the part of its text that answers, in pieces."""

    lang: str
    dated: datetime
    path: str
    title: tuple[Piece, ...]
    snippet: tuple[Piece, ...]


def router(web: Web) -> APIRouter:
    """GET /search?q=WORDS&lang=LANGUAGE&page=NUMBER."""
    routes = APIRouter()

    @routes.api_route("/search", methods=READING)
    def search(request: Request) -> Response:
        given = request.query_params
        asked = " ".join(given.get("q", "")[: sought.LONGEST_QUESTION].split())
        _bring_up_to_date(web)
        with reading(web.engine) as db:
            languages = sorted({row.lang for row in reports.issues(db)})
            lang = given.get("lang", "") if given.get("lang", "") in languages else ""
            at, terms = _number(given.get("page", "")), sought.terms(asked)
            how_many = index.count(db, terms, lang=lang) if terms else 0
            first = (at - 1) * EACH
            rows = index.find(db, terms, lang=lang, first=first, most=EACH) if terms else []
        return page(
            web,
            "search.html",
            headers=BRIEFLY,
            asked=asked,
            found_lang=lang,
            languages=languages,
            how_many=how_many,
            found=[_found(web, row, terms) for row in rows],
            before=_place(web, asked, lang, at - 1) if at > 1 and terms else "",
            after=_place(web, asked, lang, at + 1) if how_many > at * EACH else "",
        )

    return routes


def _bring_up_to_date(web: Web) -> None:
    """See to what a program of the version before has written into the store."""
    with reading(web.engine) as db:
        behind = index.stale(db)
    if behind:
        with web.engine.begin() as db:
            index.refresh(db)


def _number(said: str) -> int:
    """The page that is meant; the first for any other word."""
    return min(max(int(said[:6]), 1), LAST) if said.isascii() and said.isdecimal() else 1


def _found(web: Web, row: Any, terms: tuple[str, ...]) -> Found:
    return Found(
        lang=row.lang,
        dated=row.dated,
        path=web.edition_path(row.issue, row.lang),
        title=sought.marked(row.title, terms),
        snippet=_snippet(row, terms),
    )


def _snippet(row: Any, terms: tuple[str, ...]) -> tuple[Piece, ...]:
    """Where the text answers, or else the summary, or else how the text begins."""
    text = sought.snippet(sought.text_of(row.html), terms)
    summary = sought.snippet(row.summary, terms)
    hits = (pieces for pieces in (text, summary) if any(piece.hit for piece in pieces))
    return next(hits, summary or text)


def _place(web: Web, asked: str, lang: str, number: int) -> str:
    given = {"q": asked, "lang": lang, "page": str(number) if number > 1 else ""}
    return f"{web.prefix}search?{urlencode({k: v for k, v in given.items() if v})}"
