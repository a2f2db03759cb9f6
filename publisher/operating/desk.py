"""The desk at which operators' wishes are carried out, and what all of these have in common."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from publisher import fencing
from publisher.domain.issue import BadSource, Edition
from publisher.fencing import Fenced
from publisher.publishing import Clock, utcnow
from publisher.registry import Configured
from publisher.releasing import Site
from publisher.sources.folder import SourceTrouble
from publisher.storage import actions, reports
from publisher.storage.engine import reading
from publisher.storage.reports import Standing


class NotPossible(ValueError):
    """What was asked for cannot be done as things stand; the message says why, and what can."""


class HasErrors(NotPossible):
    """An issue that is not published unless somebody says: despite its errors."""


class Unknown(LookupError):
    """There is no such issue, channel or reader; the message names it."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What operators' wishes are carried out with, and in whose name: `by`.

    `site()` is what releases stand on, `channels()` all that there are, and `editions(issue)` those
    that the source has now, looked over. `sweep()` hints at what is due, `go_on()` takes releases a
    step further, and `receipts()` writes down for the site what became out. `leave` is what leave
    links of test copies begin with. Where the site has
    `two_people` decide about a channel, who publishes, releases, retries or sends again what goes
    there is the first, and it is done once a second one wants the same.
    """

    engine: Engine
    site: Callable[[], Site]
    channels: Callable[[], Mapping[str, Configured]]
    editions: Callable[[str], Sequence[Edition]]
    sweep: Callable[[], object]
    go_on: Callable[[], int]
    receipts: Callable[[], object]
    now: Clock = utcnow
    leave: str = ""
    by: str = "a person"
    is_person: bool = False  # whether `by` is the name of an account


def require_free(desk: Desk) -> None:
    try:
        fencing.require_free(desk.engine)
    except Fenced as error:
        raise NotPossible(str(error)) from error


def require_planned(desk: Desk, issue: str, names: Sequence[str]) -> list[Standing]:
    """What stands of an issue on the channels of these names, or on all. Raises Unknown."""
    with reading(desk.engine) as db:
        there = reports.standings(db, issue)
    if not there:
        raise Unknown(f"{issue}: nothing was ever planned for it")
    wanted = {*names} or {s.channel for s in there}
    for name in sorted(wanted - {s.channel for s in there}):
        raise Unknown(f"{issue}: nothing was planned for a channel {name}")
    return [s for s in there if s.channel in wanted]


def require_channels(desk: Desk, names: Sequence[str]) -> dict[str, Configured]:
    """The configured channels of these names, or all. Raises Unknown."""
    every = desk.channels()
    for name in names:
        if name not in every:
            raise Unknown(f"there is no channel {name} in the configuration")
    return {name: every[name] for name in [*names] or every}


def require_editions(desk: Desk, issue: str) -> Sequence[Edition]:
    try:
        editions = desk.editions(issue)
    except (BadSource, SourceTrouble) as error:
        raise NotPossible(str(error)) from error
    if not editions:
        raise Unknown(f"{issue}: the source has no such issue")
    return editions


def alone(names: Sequence[str]) -> Sequence[str]:
    """The channel's name where there is just one."""
    return names if len(names) == 1 else ()


def joined(names: Sequence[str]) -> str:
    return ", ".join(sorted(names))


def note_now(desk: Desk, did: str, issue: str, channel: str = "", *, words: str = "") -> None:
    with desk.engine.begin() as db:
        note(db, desk, did, issue, channel, words=words)


def note(
    db: Connection, desk: Desk, did: str, issue: str = "", channel: str = "", *, words: str = ""
) -> None:
    actions.note(db, desk.by, did, at=desk.now(), issue=issue, channel=channel, words=words)
