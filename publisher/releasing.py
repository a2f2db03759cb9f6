"""The use cases of a release: what was seen waits, proves to be public, and is planned in order."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine

from publisher import publishing
from publisher.domain.issue import Edition
from publisher.domain.plan import Place, Rules, Step, steps
from publisher.registry import Configured
from publisher.storage import releases, reports
from publisher.storage.engine import reading
from publisher.storage.releases import Release

log = logging.getLogger(__name__)

FIRST = timedelta(seconds=5)  # between the first two looks for a page; each next one half longer
LONGEST = timedelta(minutes=5)
AN_HOUR = 20  # looks; without its page by then a person is told, in the log, once
CHANGED = "was changed after two people released it; they have to look again"
UNSEEN = "what neither saw"  # in place of a revision: no edition has it
GONE = "its file is not in the source any more; put it back, or `publisher cancel` it"


@dataclass(frozen=True, kw_only=True)
class Site:
    """What a release needs to know of its surroundings.

    `edition(issue, lang)` is what the source has now, None where it has nothing; `errors(edition)`
    are words for why it cannot go out, and `unproven(edition)` for why it is not public, "" if so.
    """

    engine: Engine
    channels: Mapping[str, Configured]
    rules: Rules
    edition: Callable[[str, str], Edition | None]
    errors: Callable[[Edition], str]
    unproven: Callable[[Edition], str]
    now: Callable[[], datetime] = publishing.utcnow


def wait(db: Connection, editions: Sequence[Edition], *, at: datetime) -> int:
    """Let editions wait for their release; how many did not already."""
    return sum(
        releases.add(db, edition.key, edition.lang, dated=edition.date, at=at)
        for edition in editions
    )


def go_on(site: Site) -> int:
    """Take every release that waits one step further; how many deliveries that planned.

    Any number may do so at once: a delivery is planned once.
    """
    with reading(site.engine) as db:
        found = releases.waiting(db)
    return sum(_go_on(release, site) for release in found)


def _go_on(release: Release, site: Site) -> int:
    edition = site.edition(release.issue, release.lang)
    why = GONE if edition is None else site.errors(edition)
    if edition is None or why:
        return _tell(release, why, site)
    if _is_looked_for(release, site):
        release = _looked(release, edition, site)
    with site.engine.begin() as db:
        now = releases.locked(db, release.issue, release.lang)  # a person may have spoken meanwhile
        if now and now.done_at is None:
            return _plan(db, _as_agreed(db, now, edition), edition, site)
        return 0


def _as_agreed(db: Connection, release: Release, edition: Edition) -> Release:
    """The release, which nobody has released any more if it is not what two people agreed on."""
    if release.facts.agreed in ("", edition.revision):
        return release
    log.warning("%s (%s) %s", release.issue, release.lang, CHANGED)
    known: dict[str, Any] = {"released_at": None, "agreed": "", "trouble": CHANGED}
    releases.note(db, release.issue, release.lang, **known)
    return replace(release, facts=replace(release.facts, **known))


def _plan(db: Connection, release: Release, edition: Edition, site: Site) -> int:
    """Plan the channels whose time has come."""
    at = site.now()
    plan = planned(db, release, site)
    due = {step.channel for step in plan if not step.done and step.at and step.at <= at}
    channels = {name: site.channels[name] for name in due}
    new = publishing.plan([edition], db=db, channels=channels, at=at) if due else 0
    if all(step.done or step.channel in due for step in plan):
        releases.note(db, release.issue, release.lang, done_at=at, trouble="")
    return new


def planned(db: Connection, release: Release, site: Site) -> list[Step]:
    """The plan of a release, as it is followed."""
    return steps(_places(db, release, site), release.facts, site.rules, now=site.now())


def _places(db: Connection, release: Release, site: Site) -> list[Place]:
    at, today = (
        releases.planned(db, release.issue, release.lang),
        releases.of_a_day(db, at=site.now()),
    )
    finished = {
        standing.channel
        for standing in reports.standings(db, release.issue)
        if standing.lang == release.lang and standing.finished
    }
    return [
        Place(
            channel=name,
            kind=channel.kind,
            planned_at=at.get(name),
            finished=name in finished,
            today=today.get(name, 0),
        )
        for name, channel in site.channels.items()
        if channel.takes(release.issue, release.lang)
    ]


# --- the page


def _is_looked_for(release: Release, site: Site) -> bool:
    facts = release.facts
    if not site.rules.proof or facts.live_at or facts.released_at:
        return False
    return release.next_look_at is None or release.next_look_at <= site.now()


def _looked(release: Release, edition: Edition, site: Site) -> Release:
    """The release after a look for its page."""
    why = site.unproven(edition)
    at, facts = site.now(), release.facts
    if not why:
        log.info("%s (%s) is public", release.issue, release.lang)
        _note(release, site, live_at=at, trouble="")
        return replace(release, facts=replace(facts, live_at=at, trouble=""))
    pause = min(LONGEST, FIRST * 1.5 ** min(release.looks, 20))
    if release.looks == AN_HOUR:
        log.error("%s (%s) is not public: %s", release.issue, release.lang, why)
    _note(release, site, looks=release.looks + 1, next_look_at=at + pause, trouble=why)
    return replace(release, facts=replace(facts, trouble=why))


def _tell(release: Release, why: str, site: Site) -> int:
    if why != release.facts.trouble:
        log.warning("%s (%s) waits: %s", release.issue, release.lang, why)
        _note(release, site, trouble=why)
    return 0


def _note(release: Release, site: Site, **known: object) -> None:
    with site.engine.begin() as db:
        releases.note(db, release.issue, release.lang, **known)


# --- what a person says


def hold(db: Connection, issue: str, *, at: datetime) -> list[str]:
    """Keep an issue back until `release`; the languages that waited."""
    return _said(db, issue, held_at=at, released_at=None)


def release(
    db: Connection, issue: str, *, at: datetime, agreed: Mapping[str, str] | None = None
) -> list[str]:
    """Let an issue go out now, whatever it waits for; the languages that waited.

    `agreed` has the revision of each language that two people mean, where two decide: no other goes
    out by this.
    """
    langs = _said(db, issue, released_at=at, held_at=None, agreed="", trouble="")
    for lang in langs if agreed is not None else ():
        releases.note(db, issue, lang, agreed=(agreed or {}).get(lang) or UNSEEN)
    return langs


def cancel(db: Connection, issue: str, *, at: datetime) -> list[str]:
    """Never release what an issue has not sent; the languages that waited."""
    return _said(db, issue, cancelled_at=at)


def _said(db: Connection, issue: str, **known: datetime | str | None) -> list[str]:
    waiting = [one for one in releases.of(db, issue) if one.waits]
    for one in waiting:
        releases.note(db, one.issue, one.lang, **known)
    return [one.lang for one in waiting]


def told(release: Release, plan: Sequence[Step]) -> str:
    """What a release waits for, in one sentence."""
    waits = [step for step in plan if not step.done]
    first = next(iter(waits), None)
    if first is None:
        return f"{release.issue} ({release.lang}) is on its way"
    when = f"{first.at:%Y-%m-%d %H:%M} UTC, " if first.at else ""
    trouble = release.facts.trouble
    why = first.why if trouble in first.why else f"{first.why}; {trouble}"
    return f"{release.issue} ({release.lang}) is not out yet: {when}{why}"
