"""The first page: what was sent where, what waits, and what needs a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from publisher import fencing, releasing, signs
from publisher.config import BadConfig
from publisher.domain.plan import Step
from publisher.storage import changes, consents, identity, notices, releases, reports, workers
from publisher.storage.engine import reading
from publisher.storage.releases import Release
from publisher.storage.reports import Standing
from publisher.web.admin import pages
from publisher.web.admin.deeds import DEEDS
from publisher.web.admin.sessions import Door
from publisher.web.headers import READING

AT_ONCE = 40  # issues of one page: on 12 channels it weighs 150 kB at most
MOST = 1000
NOBODY = "nobody is at work: what waits goes out once `publisher up` runs"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One edition: what stands where, by channel."""

    issue: str
    lang: str
    title: str
    cells: dict[str, Standing]

    @property
    def needs_person(self) -> bool:
        return any(cell.needs_person for cell in self.cells.values())


def router(door: Door) -> APIRouter:
    """GET /admin: the newest issues, or with `?from=N` older ones; `?most=N` says how many."""
    routes = APIRouter()

    @routes.api_route("", methods=READING)
    def matrix(request: Request) -> Response:
        session = door.seen(request)
        values = known(door, **window(request))
        return pages.live(door, request, "matrix", session, **values)

    return routes


def window(request: Request) -> dict[str, int]:
    """Which issues are asked for: so many, after the `first`."""
    most = min(_number(request, "most", AT_ONCE), MOST) or AT_ONCE
    return {"first": _number(request, "from", 0), "most": most}


def known(door: Door, *, first: int = 0, most: int = AT_ONCE) -> dict[str, Any]:
    """What the page shows."""
    web = door.web
    with reading(web.engine) as db:
        keys = reports.latest_issues(db, most=most, skip=first)
        standings = reports.standings_of(db, keys)
        titles = {(e.issue, e.lang): e.title for e in reports.editions_of(db, keys)}
        total = reports.planned_issues(db)
        notices = _notices(door, db, standings)
        found = releases.waiting(db)
        waiting = [(one, *plan(door, db, one)) for one in found]
        asked = consents.waiting(db, at=web.now())
    rows = _rows(keys, standings, titles, original=web.settings.site.language)
    return {
        "rows": rows,
        "channels": sorted({name for row in rows for name in row.cells}),
        "first": first,
        "most": most,
        "total": total,
        "waiting": waiting,
        "asked": asked,
        "deeds": DEEDS,
        "notices": notices,
    }


def plan(door: Door, db: Connection, one: Release) -> tuple[list[Step], str]:
    """When a release goes where, and in a sentence what it waits for."""
    try:
        steps = releasing.planned(db, one, door.web.desk().site())
    except BadConfig as error:  # the worker's configuration may be well
        return [], f"its plan cannot be told here: {error}"
    return steps, releasing.told(one, steps)


def _rows(
    keys: Sequence[str],
    standings: Sequence[Standing],
    titles: dict[tuple[str, str], str],
    *,
    original: str,
) -> list[Row]:
    """In the order of the keys, each with its languages, the original first."""
    cells: dict[str, dict[str, dict[str, Standing]]] = {key: {} for key in keys}
    for one in standings:
        cells[one.issue].setdefault(one.lang, {})[one.channel] = one
    return [
        Row(issue=key, lang=lang, title=titles.get((key, lang), key), cells=of)
        for key, langs in cells.items()
        for lang, of in sorted(langs.items(), key=lambda pair: (pair[0] != original, pair[0]))
    ]


def _notices(door: Door, db: Connection, standings: Sequence[Standing]) -> list[str]:
    """What is wrong with the whole, in the words of `publisher status`."""
    found = [f"source {name}: {words}" for name, words in reports.troubles(db)]
    found += [f"{name} is not told of what happens: {why}" for name, why in notices.troubles(db)]
    for noted in changes.open_(db):
        soon = f"was changed after it went out, and is carried soon{noted.trouble and ': '}"
        found.append(f"{noted.issue} ({noted.lang}) {noted.asks or soon + noted.trouble}")
    me = identity.known(db)
    if me and me.fenced_at:
        return [fencing.told(me), *found]
    idle = signs.nobody_works(workers.known(db), at=door.web.now(), busy=workers.is_busy(db))
    if idle and any(not one.finished for one in standings):
        return [NOBODY, *found]
    return found


def _number(request: Request, name: str, otherwise: int) -> int:
    said = request.query_params.get(name, "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 9 else otherwise
