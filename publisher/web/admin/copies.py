"""Readers' own copies of an issue: who got theirs, who did not, and why."""

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from publisher.accounts import Role
from publisher.storage import paging, reports
from publisher.storage.engine import reading
from publisher.web.admin import pages
from publisher.web.admin.sessions import Door
from publisher.web.headers import READING

MOST = 100  # copies of one page


def router(door: Door) -> APIRouter:
    """GET /admin/copies, of `issue` on `channel` in `lang`, in `state`, and `after` a number."""
    routes = APIRouter()

    @routes.api_route("/copies", methods=READING)
    def copies(request: Request) -> Response:
        session = door.seen(request, Role.RELEASE)
        known = _known(door, dict(request.query_params))
        may = session.may("release")
        return pages.page(door, request, "copies.html", session=session, may_act=may, **known)

    return routes


def _known(door: Door, asked: dict[str, str]) -> dict[str, Any]:
    """What the page shows. Raises HTTPException 404."""
    issue, channel, lang, state = (asked.get(n, "") for n in ("issue", "channel", "lang", "state"))
    if "\0" in issue + state:  # PostgreSQL has no such text
        raise HTTPException(404)
    after = pages.number(asked.get("after", "")) or 0
    with reading(door.web.engine) as db:
        there = reports.standings(db, issue)
        place = next((s for s in there if (s.channel, s.lang) == (channel, lang)), None)
        if place is None or place.readers is None:
            raise HTTPException(404)
        found = paging.copies(db, place, most=MOST + 1, after=after, state=state)
    shown, more = found[:MOST], len(found) > MOST
    return {
        "here": "matrix",
        "place": place,
        "state": state,
        "shown": shown,
        "total": sum(place.readers.values()),
        "after": after,
        "next": shown[-1].id if more else None,
    }
