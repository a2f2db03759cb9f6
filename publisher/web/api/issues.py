"""GET /issues…: what was planned, what became of it, what would be sent, and when."""

from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.exceptions import HTTPException

from publisher import documents, previewing, releasing
from publisher.accounts import Role
from publisher.domain.issue import BadSource
from publisher.operating import NotPossible, Unknown
from publisher.readership import without_addresses
from publisher.sources.folder import SourceTrouble
from publisher.storage import paging as parts
from publisher.storage import posts, receipts, releases, reports
from publisher.storage.engine import reading
from publisher.storage.reports import Attempt, Standing
from publisher.web.api.entry import Asks, Caller
from publisher.web.api.operations import answer, looking
from publisher.web.api.paging import After, Limit, moment_and_key, number, part
from publisher.web.api.reading import address_key
from publisher.web.api.shapes import issues as shapes
from publisher.web.api.shapes.words import PLAIN, Key, Part, Word
from publisher.web.showing import Web

DEEDS = ("publish", "test", "retry", "settle", "correct", "retract", "pause", "resume", "cancel")
NOT_READ = (*DEEDS, "hold", "release")  # what stands behind an issue, and is no part of its key
Lang = Annotated[str, Path(max_length=20, pattern=r"^[A-Za-z0-9-]+$", examples=["en"])]
Filter = Annotated[str, Query(max_length=100, pattern=PLAIN)]


def router(web: Web) -> APIRouter:
    """Everything that only looks at issues."""
    routes = looking(web, Role.READ, tag="issues")
    _add_lists(web, routes)
    _add_written(routes)
    _add_standing(web, routes)  # last: a key may be anything
    return routes


def _add_lists(web: Web, routes: APIRouter) -> None:
    @routes.get("/issues", response_model=Part[shapes.Issue])
    def list_issues(
        request: Request, caller: Asks, limit: Limit = 20, after: After = ""
    ) -> Response:
        """The issues that were planned, the newest first, each as its own address shows it."""
        before = moment_and_key(after)
        with reading(web.engine) as db:
            found = parts.issues(db, most=limit + 1, before=before)
            keys = [key for _, key in found[:limit]]
            standings = reports.standings_of(db, keys)
            editions = [row for row in reports.issues(db) if row.issue in keys]
        shown = _shown(caller, standings)
        items = [documents.status(key, editions, shown) for key in keys]
        return part(request, items, found[limit - 1] if len(found) > limit else None)

    @routes.get("/releases", response_model=shapes.Plans)
    def list_releases(caller: Asks) -> Response:
        """What waits for its release, when it will go where, and why then; the first seen first."""
        site = caller.desk.site()
        with reading(web.engine) as db:
            found = [(one, releasing.planned(db, one, site)) for one in releases.waiting(db)]
        return answer({"items": [documents.plan(one, steps) for one, steps in found]})

    @routes.get("/issues/{key:path}/log", response_model=Part[shapes.Attempt])
    def read_log(
        request: Request,
        key: Key,
        caller: Asks,
        *,
        channel: Filter = "",
        reader: Filter = "",
        limit: Limit = 100,
        after: After = "",
    ) -> Response:
        """The attempts, the first first. Those at readers' own copies are for the role release."""
        if reader:
            caller.require(Role.RELEASE)
        who = address_key(reader, "query", "reader") if reader else ""
        wanted: dict[str, Any] = {"channel": channel, "reader": who, "after": number(after) or 0}
        with reading(web.engine) as db:
            copies = caller.sees_readers
            found = parts.attempts(db, key, most=limit + 1, copies=copies, **wanted)
            if not found and not reports.standings(db, key):
                raise _unplanned(key)
        items = [documents.attempt(_masked(caller, one)) for _, one in found[:limit]]
        more = [found[limit - 1][0]] if len(found) > limit else None
        return part(request, items, more, personal=copies)


def _add_written(routes: APIRouter) -> None:
    @routes.get("/issues/{key:path}/editions/{lang}", response_model=shapes.Edition)
    def read_edition(key: Key, lang: Lang, caller: Asks) -> Response:
        """One edition as the source has it now; where it has none, as it was planned."""
        return answer(_edition(caller, key, lang.lower()))

    @routes.get("/issues/{key:path}/preview", response_model=list[shapes.Preview])
    def preview_issue(
        key: Key,
        caller: Asks,
        channel: Annotated[list[Word], Query(max_length=100, default_factory=list)],
    ) -> Response:
        """Exactly what each channel would get, or those that are named. No network is asked."""
        return answer(_previews(caller, key, channel))


def _add_standing(web: Web, routes: APIRouter) -> None:
    @routes.get("/issues/{key:path}/plan", response_model=list[shapes.Plan])
    def plan_issue(key: Key, caller: Asks) -> Response:
        """When the issue goes to which channel, and why then."""
        site = caller.desk.site()
        with reading(web.engine) as db:
            found = [(one, releasing.planned(db, one, site)) for one in releases.of(db, key)]
        if not found:
            raise Unknown(f"{key}: no release waits; it was never seen at the source as news")
        return answer([documents.plan(one, steps) for one, steps in found])

    @routes.get("/issues/{key:path}/receipts", response_model=shapes.Receipts)
    def read_receipts(key: Key) -> Response:
        """What is out of an issue: where, since when, and under which id."""
        with reading(web.engine) as db:
            found = receipts.proofs(db, key)
            if not found and not receipts.is_known(db, key):
                raise _unplanned(key)
        return answer({"key": key, "receipts": [asdict(one) for one in found]})

    @routes.get("/issues/{key:path}", response_model=shapes.Issue)
    def read_issue(key: Key, caller: Asks) -> Response:
        """How an issue stands on each channel."""
        if key.rpartition("/")[2] in NOT_READ and "/" in key:
            raise HTTPException(405, headers={"Allow": "POST"})
        with reading(web.engine) as db:
            standings = reports.standings(db, key)
            editions = [row for row in reports.issues(db) if row.issue == key]
        if not standings:
            raise _unplanned(key)
        return answer(documents.status(key, editions, _shown(caller, standings)))


def _unplanned(key: str) -> Unknown:
    return Unknown(f"{key}: nothing was ever planned for it")


def _shown(caller: Caller, standings: Iterable[Standing]) -> list[Standing]:
    """How things stand, without what servers say of readers to whom that is not shown."""
    if caller.sees_readers:
        return list(standings)
    return [replace(one, reason=without_addresses(one.reason)) for one in standings]


def _masked(caller: Caller, found: Attempt) -> Attempt:
    if caller.sees_readers:
        return found
    return replace(found, reason=without_addresses(found.reason))


def _edition(caller: Caller, key: str, lang: str) -> dict[str, Any]:
    try:
        there = [one for one in caller.desk.editions(key) if one.lang == lang]
        trouble = ""
    except (BadSource, SourceTrouble) as error:
        there, trouble = [], str(error)
    if there:
        return {"known_from": "source", **documents.edition(there[0])}
    with reading(caller.web.engine) as db:
        kept = posts.edition_of(db, key, lang)
    if kept is not None:
        return {"known_from": "archive", **documents.kept_edition(kept)}
    if trouble:
        raise NotPossible(trouble)
    raise Unknown(f"{key} ({lang}): neither the source nor the archive has it")


def _previews(caller: Caller, key: str, names: list[str]) -> list[dict[str, Any]]:
    channels = caller.desk.site().channels
    for name in names:
        if name not in channels:
            raise Unknown(f"there is no channel {name} in the configuration")
    try:
        editions = caller.desk.editions(key)
    except (BadSource, SourceTrouble) as error:
        raise NotPossible(str(error)) from error
    if not editions:
        raise Unknown(f"{key}: the source has no such issue")
    rules = caller.web.settings.of(key).lint
    wanted = [channels[name] for name in names or channels]
    return [
        documents.preview(previewing.preview(edition, channel, rules))
        for edition in editions
        for channel in wanted
        if channel.takes(edition.key, edition.lang)
    ]
