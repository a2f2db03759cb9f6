"""One issue: where it stands on every channel, every attempt, and what can be done about it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from publisher.domain.delivery import FAILED, State
from publisher.storage import actions, changes, consents, releases, reports, weighing
from publisher.storage.engine import reading
from publisher.storage.reports import Standing
from publisher.web.admin import pages
from publisher.web.admin.deeds import DEEDS
from publisher.web.admin.matrix import plan
from publisher.web.admin.sessions import Door
from publisher.web.headers import READING

LINES = 300  # of the timeline, the newest
REASONS = 20  # for which mail did not arrive, the commonest


@dataclass(frozen=True, kw_only=True)
class Line:
    """What happened at a moment: an attempt, or what somebody did."""

    at: datetime
    who: str
    did: str
    state: State | None = None
    channel: str = ""
    lang: str = ""
    words: str = ""
    url: str = ""


def router(door: Door) -> APIRouter:
    """GET /admin/issues/KEY."""
    routes = APIRouter()

    @routes.api_route("/issues/{key:path}", methods=READING)
    def issue(request: Request, key: str, done: str = "") -> Response:
        session = door.seen(request)
        values = known(door, key)
        note = pages.note(door, session, done)
        return pages.live(door, request, "issue", session, note=note, **values)

    return routes


def known(door: Door, key: str) -> dict[str, Any]:
    """What the page shows. Raises HTTPException 404."""
    if "\0" in key:  # PostgreSQL has no such text
        raise HTTPException(404)
    original = door.web.settings.site.language
    with reading(door.web.engine) as db:
        standings = reports.standings(db, key)
        editions = sorted(reports.editions_of(db, [key]), key=lambda one: one.lang != original)
        attempts = reports.attempts_at_posts(db, key)
        troubled = reports.troubled_copies(db, key, most=REASONS)
        did = actions.of(db, key)
        asked = consents.waiting(db, at=door.web.now(), issue=key)
        changed = [one for one in changes.open_(db) if one.asks and one.issue == key]
        aside = weighing.numbers_aside(db, key)
        waiting = [one for one in releases.of(db, key) if one.done_at is None]
        plans = [(one, *plan(door, db, one)) for one in waiting]
    if not standings and not plans and not asked:
        raise HTTPException(404)
    return {
        "key": key,
        "standings": sorted(standings, key=lambda one: (*_urgency(one), one.lang != original)),
        "editions": editions,
        "title": next((e.title for e in editions), key),
        "lines": _lines(attempts, did)[:LINES],
        "troubled": troubled,
        "did": did,
        "plans": plans,
        "asked": asked,
        "changed": changed,
        "aside": aside,
        "deeds": DEEDS,
        "wishes": {(s.channel, s.lang): wishes(s) for s in standings},
    }


def wishes(standing: Standing) -> list[str]:
    """What a person may want done about one place, by the names of `doing`."""
    refused = standing.refused > 0
    if standing.state in FAILED or refused:
        return ["retry", "settle"]
    if standing.paused:
        return ["resume", "cancel"]
    if standing.state in (State.PENDING, State.UNSURE, State.SENDING):
        return ["pause", "cancel", "retry"]
    if standing.state is State.DELIVERED and standing.readers is None:
        return ["retract"]
    return []


def _urgency(standing: Standing) -> tuple[bool, bool]:
    """What needs a person first, and then what is not done."""
    return not standing.needs_person, standing.state in (State.DELIVERED, State.SKIPPED)


def _lines(attempts: Any, did: Any) -> list[Line]:
    """The newest first."""
    found = [
        Line(
            at=one.finished_at or one.started_at,
            who=one.worker,
            did="",
            state=State(one.outcome),
            channel=one.channel,
            lang=one.lang,
            words=one.reason,
            url=one.url,
        )
        for one in attempts
    ]
    found += [
        Line(at=one.at, who=one.by, did=one.did, channel=one.channel, words=one.words)
        for one in did
    ]
    return sorted(found, key=lambda line: line.at, reverse=True)
