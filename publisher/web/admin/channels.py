"""The channels: whether each may send, when it last did, and trying its credentials."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from publisher import operating
from publisher.accounts import Role
from publisher.config import BadConfig
from publisher.domain.delivery import State
from publisher.operating import Unknown
from publisher.storage import pacing, reports
from publisher.storage.engine import reading
from publisher.storage.reports import Standing
from publisher.web.admin import pages
from publisher.web.admin.sessions import Door, Session
from publisher.web.forms import Submitted, first
from publisher.web.headers import READING

LATEST = 50  # issues that are looked at
AT_ONCE = 8  # channels that are tried


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One channel as it stands."""

    name: str
    kind: str
    languages: tuple[str, ...]
    stopped: str
    rests_until: datetime | None
    last_success: datetime | None
    waiting: int
    failed: int


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What a channel said when it was tried."""

    name: str
    ok: bool
    words: list[str]


def router(door: Door) -> APIRouter:
    """GET and POST /admin/channels: a POST tries one `channel`, or all."""
    routes = APIRouter()

    @routes.api_route("/channels", methods=READING)
    def channels(request: Request) -> Response:
        return _page(door, request, door.seen(request), [])

    @routes.post("/channels")
    def check(request: Request, form: Submitted) -> Response:
        session = door.acting(request, form, Role.RELEASE)
        return _page(door, request, session, _tried(door, first(form, "channel")))

    return routes


def _page(door: Door, request: Request, session: Session, tried: list[Tried]) -> Response:
    values: dict[str, Any] = {
        "here": "channels",
        "may_act": session.may("release"),
        "seen": _seen(door),
        "tried": {one.name: one for one in tried},
    }
    return pages.page(door, request, "channels.html", session=session, **values)


def _seen(door: Door) -> list[Seen]:
    web = door.web
    with reading(web.engine) as db:
        standings = reports.standings_of(db, reports.latest_issues(db, most=LATEST))
        stops = pacing.known(db)
    try:
        configured = {name: one.languages for name, one in web.desk().channels().items()}
    except BadConfig:  # the worker's may be well
        configured = dict.fromkeys(web.settings.channels, ())
    found = []
    for name, languages in configured.items():
        theirs = [one for one in standings if one.channel == name]
        stop = stops.get(name)
        rests = (
            stop.open_until if stop and stop.open_until and stop.open_until > web.now() else None
        )
        found.append(
            Seen(
                name=name,
                kind=str(web.settings.channels.get(name, {}).get("kind", name)),
                languages=languages,
                stopped=(stop.reason or "paused") if stop and stop.paused_at else "",
                rests_until=rests,
                last_success=max((t for one in theirs if (t := _success(one))), default=None),
                waiting=sum(not one.finished for one in theirs),
                failed=sum(one.state in (State.HELD, State.REFUSED) for one in theirs),
            )
        )
    return found


def _success(standing: Standing) -> datetime | None:
    return standing.changed_at if standing.state is State.DELIVERED else None


def _tried(door: Door, name: str) -> list[Tried]:
    desk = replace(door.web.desk(), now=door.web.now)

    def one(name: str) -> Tried:
        try:
            ok, words = operating.check(desk, name)
        except (Unknown, BadConfig) as error:
            ok, words = False, [str(error)]
        return Tried(name=name, ok=ok, words=words)

    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return list(pool.map(one, [name] if name else [*door.web.settings.channels]))
