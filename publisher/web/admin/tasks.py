"""What waits for a person: posts to be made by hand, what is held or was refused, and releases."""

from typing import Any

from fastapi import APIRouter, Request, Response

from publisher.config import BadConfig
from publisher.domain.channel import HandingOn
from publisher.domain.delivery import FAILED, State
from publisher.storage import changes, consents, posts, releases, reports
from publisher.storage.engine import reading
from publisher.web.admin import pages
from publisher.web.admin.deeds import DEEDS
from publisher.web.admin.issues import wishes
from publisher.web.admin.matrix import plan
from publisher.web.admin.sessions import Door
from publisher.web.headers import READING

MOST = 50  # issues


def router(door: Door) -> APIRouter:
    """GET /admin/tasks."""
    routes = APIRouter()

    @routes.api_route("/tasks", methods=READING)
    def tasks(request: Request, done: str = "") -> Response:
        session = door.seen(request)
        note = pages.note(door, session, done)
        return pages.live(door, request, "tasks", session, note=note, **known(door))

    return routes


def known(door: Door) -> dict[str, Any]:
    """What the page shows."""
    by_hand = _handed_on(door)
    with reading(door.web.engine) as db:
        keys = reports.needing(db, most=MOST)
        found = [one for one in reports.standings_of(db, keys) if one.state in FAILED]
        texts = {key: posts.texts(db, key) for key in keys}
        asked = [noted for noted in changes.open_(db) if noted.asks]
        agreeing = consents.waiting(db, at=door.web.now())
        waiting = [(one, *plan(door, db, one)) for one in releases.waiting(db)]
    hand = [one for one in found if one.channel in by_hand and one.state is State.HELD]
    return {
        "by_hand": [
            (one, by_hand[one.channel], texts[one.issue].get((one.channel, one.lang), ""))
            for one in hand
        ],
        "failed": [one for one in found if one not in hand],
        "asked": asked,
        "waiting": waiting,
        "agreeing": agreeing,
        "wishes": wishes,
        "deeds": DEEDS,
    }


def _handed_on(door: Door) -> dict[str, str]:
    """Where each channel's posts are made by a person, by its name."""
    try:
        configured = door.web.desk().channels()
    except BadConfig:
        return {}
    return {
        name: str(getattr(one.channel, "page", ""))
        for name, one in configured.items()
        if isinstance(one.channel, HandingOn)
    }
