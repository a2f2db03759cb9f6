"""Doing something: a page that says what will happen and asks, and then the use case itself."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from publisher import operating
from publisher.addresses import BadAddress
from publisher.config import BadConfig
from publisher.domain.channel import Searchable
from publisher.operating import HasErrors, NotPossible, Unknown
from publisher.storage import actions, consents, posts, reports
from publisher.storage.engine import reading
from publisher.storage.reports import Standing
from publisher.web.admin import pages
from publisher.web.admin.deeds import DEEDS, Deed, Wish, reader_of
from publisher.web.admin.sessions import Door, Session
from publisher.web.forms import Submitted, first
from publisher.web.headers import READING

SENDING = ("publish", "release", "retry", "settle", "tell")
LONGEST = 2000  # characters of one field


def router(door: Door) -> APIRouter:
    """GET and POST /admin/do/DEED, about `issue`, `channel` and `lang`."""
    routes = APIRouter()

    @routes.api_route("/do/{name}", methods=READING)
    def ask(request: Request, name: str) -> Response:
        deed = _deed(name)
        session = door.seen(request, deed.role)
        return _ask(door, request, session, deed, _wish(name, request.query_params))

    @routes.post("/do/{name}")
    def act(request: Request, name: str, form: Submitted) -> Response:
        deed = _deed(name)
        session = door.acting(request, form, deed.role)
        wish = _wish(name, form)
        desk = door.desk(session)
        try:
            deed.do(desk, wish)
        except Unknown as error:
            return _ask(door, request, session, deed, wish, trouble=str(error), status=404)
        except (NotPossible, BadAddress, BadConfig) as error:
            known: dict[str, Any] = {"has_errors": isinstance(error, HasErrors)}
            return _ask(door, request, session, deed, wish, trouble=str(error), status=409, **known)
        place = f"{_back(door, deed, wish)}{_last(door, wish)}"
        return RedirectResponse(place, 303, headers=pages.FRESH)

    return routes


def _deed(name: str) -> Deed:
    try:
        return DEEDS[name]
    except KeyError:
        raise HTTPException(404) from None


def _wish(name: str, said: Any) -> Wish:
    def one(field: str) -> str:
        value = first(said, field) if isinstance(said, FormData) else said.get(field, "")
        return value.strip().replace("\0", "")[:LONGEST]

    fields = ("issue", "channel", "lang", "answer", "url", "reader", "to", "despite")
    return Wish(do=name, **{field: one(field) for field in fields})


def _ask(
    door: Door,
    request: Request,
    session: Session,
    deed: Deed,
    wish: Wish,
    *,
    trouble: str = "",
    status: int = 200,
    has_errors: bool = False,
) -> Response:
    """Say what will happen, or why it does not, with how things stand by now."""
    about = wish.issue or wish.channel
    if not about or (deed.needs_channel and not wish.channel):
        raise HTTPException(404)
    with reading(door.web.engine) as db:
        there = reports.standings(db, wish.issue) if wish.issue else []
        asked = consents.waiting(db, at=door.web.now(), issue=wish.issue)
    there = [s for s in there if not wish.channel or s.channel == wish.channel]
    there = there if deed.back != "preview" else []
    there = [s for s in there if not wish.lang or s.lang == wish.lang]
    values: dict[str, Any] = {"deed": deed, "wish": wish, "standings": there, "trouble": trouble}
    try:
        values["reader"] = reader_of(door.web.engine, wish)
    except Unknown:
        raise HTTPException(404) from None
    values["asked"] = [one for one in asked if one.wanted.did == wish.do]
    values["places"] = _places(door, wish, there) if wish.do == "settle" else {}
    values["of_two"] = _of_two(door, wish) if wish.do in SENDING else []
    values["has_errors"] = has_errors
    values["back"] = _back(door, deed, wish)
    return pages.page(door, request, "do.html", session=session, here="", status=status, **values)


def _of_two(door: Door, wish: Wish) -> list[str]:
    """The channels that this may send to and about which two people decide."""
    try:
        site = door.web.desk().site()
    except BadConfig:
        return []  # the wish itself will say what is wrong
    return operating.of_two(site, wish.names or site.channels)


def _places(door: Door, wish: Wish, there: Sequence[Standing]) -> dict[tuple[str, str], str]:
    """Where a person looks whether a post is there, by channel and language, as far as known."""
    try:
        channels = door.web.desk().channels()
    except BadConfig:
        return {}
    with reading(door.web.engine) as db:
        said = posts.of_issue(db, wish.issue)
    found: dict[tuple[str, str], str] = {}
    for place in ((one.channel, one.lang) for one in there):
        channel = channels[place[0]].channel if place[0] in channels else None
        if isinstance(channel, Searchable) and place in said:
            found[place] = channel.search_url(said[place])
    return {place: url for place, url in found.items() if url}


def _back(door: Door, deed: Deed, wish: Wish) -> str:
    """The page that shows what comes of it."""
    if deed.back in {"issue", "preview"}:
        place = "issues" if deed.back == "issue" else deed.back
        return f"{door.path}/{place}/{quote(wish.issue)}"
    return f"{door.path}/{deed.back}"


def _last(door: Door, wish: Wish) -> str:
    """What has the page show the note of what was done."""
    with reading(door.web.engine) as db:
        last = [line.id for line in actions.of(db, wish.issue)][-1:] if wish.issue else []
    return f"?done={last[0]}" if last else ""
