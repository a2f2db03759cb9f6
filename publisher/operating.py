"""The use cases of operators at a page or a program: each is checked, done, and written down.

They are what the commands of the same names do, without the waiting. An action that is not
possible any more, for somebody else was quicker, raises NotPossible and changes nothing.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from publisher import (
    accounts,
    correcting,
    fencing,
    publishing,
    releasing,
    retracting,
    secrecy,
    subscribing,
)
from publisher.accounts import Role
from publisher.correcting import Correction
from publisher.domain.channel import ChannelError, Disconnected, Refused
from publisher.domain.delivery import State
from publisher.domain.issue import BadSource, Edition
from publisher.fencing import Fenced
from publisher.publishing import Clock, utcnow
from publisher.registry import Configured
from publisher.releasing import Site
from publisher.retracting import Retraction
from publisher.sources.folder import SourceTrouble
from publisher.storage import actions, consents, pacing, pauses, releases, reports, users
from publisher.storage.consents import LASTS, Consent, Wanted
from publisher.storage.engine import reading
from publisher.storage.reports import Standing

PLACE = re.compile(r"(https?://[^\s/]|(xmpp|matrix|at|mid|mailto|tg):\S)\S*")
CLOSED = {State.DELIVERED, State.SKIPPED}
ANSWERS = {"delivered": State.DELIVERED, "resend": State.PENDING, "skip": State.SKIPPED}


class NotPossible(ValueError):
    """What was asked for cannot be done as things stand; the message says why, and what can."""


class Unknown(LookupError):
    """There is no such issue, channel or reader; the message names it."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What operators' wishes are carried out with, and in whose name: `by`.

    `site()` is what releases stand on, `channels()` all that there are, and `editions(issue)` those
    that the source has now, looked over. `sweep()` hints at what is due, `go_on()` takes releases a
    step further, and `receipts()` writes down for the site what became out. Where the site has
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
    by: str = "a person"
    is_person: bool = False  # whether `by` is the name of an account


# --- what is out, or on its way


def publish(desk: Desk, issue: str, names: Sequence[str] = ()) -> int:
    """Plan every delivery of an issue that is not there already; how many are new.

    Raises NotPossible for what has errors, is a draft, or is taken by no channel.
    """
    _require_free(desk)
    editions = _found(desk, issue)
    channels = _named(desk, names)
    site = desk.site()
    for edition in editions:
        if edition.draft:
            raise NotPossible(f"{edition.key} ({edition.lang}) is a draft")
        if why := site.errors(edition):
            raise NotPossible(why)
    if not any(c.takes(e.key, e.lang) for c in channels.values() for e in editions):
        raise NotPossible(f"no channel takes {issue} in any of its languages")
    with desk.engine.begin() as db:
        wanted = Wanted(did="publish", issue=issue, channel=_said(names))
        new = _new(db, issue, [one.lang for one in editions], channels)
        if not _agreed(db, desk, wanted, new, editions):
            return 0
        planned = publishing.plan(editions, db=db, channels=channels, at=desk.now())
        _note(db, desk, "publish", issue, words=f"{planned} planned")
    desk.sweep()
    return planned


def retry(desk: Desk, issue: str, names: Sequence[str] = ()) -> int:
    """Try again what failed, was refused or is held; how many deliveries."""
    _require_free(desk)
    there = _planned(desk, issue, names)
    site = desk.site()
    known = sorted({s.channel for s in there} & {*site.channels})
    if not known:
        raise NotPossible("its channel is not in the configuration any more; skip what waits")
    channels = [site.channels[name] for name in known]
    refused = sorted({s.lang for s in there if s.state is State.REFUSED})
    found = [site.edition(issue, one) for one in refused]
    editions = [one for one in found if one is not None]
    open_ = {s.channel for s in there if s.state not in CLOSED or s.refused} & {*known}
    wanted = Wanted(did="retry", issue=issue, channel=_said(names))
    with desk.engine.begin() as db:
        if not _agreed(db, desk, wanted, open_, editions):
            return 0
        tried = publishing.retry(issue, db=db, channels=channels, editions=editions, at=desk.now())
        if not tried:
            raise NotPossible("nothing there failed, is held or waits any more")
        _note(db, desk, "retry", issue, *_one(names), words=f"{tried} tried again")
    desk.sweep()
    return tried


def settle(
    desk: Desk,
    issue: str,
    channel: str,
    answer: str,
    *,
    url: str = "",
    reader: str = "",
    lang: str = "",
) -> int:
    """Take an answer for what is held: `delivered` (at `url`), `resend` or `skip`; how many."""
    if answer not in ANSWERS:
        raise NotPossible(f"{answer!r} is no answer; say {', '.join(ANSWERS)}")
    if answer == "delivered" and not PLACE.fullmatch(url):
        raise NotPossible("say where it is: an address that begins with https://")
    if answer == "resend":
        _require_free(desk)
    _planned(desk, issue, [channel])
    key = subscribing.parse(reader).key if reader else ""
    known: dict[str, Any] = {"url": url, "reader": key, "lang": lang.lower()}
    wanted = Wanted(did="settle", issue=issue, channel=channel, lang=lang.lower())
    with desk.engine.begin() as db:
        if answer == "resend" and not _agreed(db, desk, wanted, {channel}):
            return 0
        met = publishing.settle(issue, channel, ANSWERS[answer], db=db, at=desk.now(), **known)
        if not met:
            raise NotPossible("nothing there waits for an answer any more")
        words = " ".join(filter(None, (answer, url, lang, "to one reader" if reader else "")))
        _note(db, desk, "settle", issue, channel, words=words)
    if answer == "resend":
        desk.sweep()
    desk.receipts()
    return met


def correct(desk: Desk, issue: str, names: Sequence[str] = ()) -> list[Correction]:
    """Carry what changed at the source to what is out, where that can be; what became of each."""
    _require_free(desk)
    _planned(desk, issue, ())
    editions, only = _found(desk, issue), [*_named(desk, names)]
    _noted(desk, "correct", issue, *_one(names))
    everywhere = desk.channels()
    done = list(
        correcting.correct(
            editions, engine=desk.engine, channels=everywhere, only=only, now=desk.now
        )
    )
    words = "; ".join(map(_told, done)) or "nothing of it is out"
    _noted(desk, "corrected", issue, *_one(names), words=words)
    desk.receipts()
    return done


def retract(desk: Desk, issue: str, names: Sequence[str]) -> list[Retraction]:
    """Take back what is out on these channels; what became of each."""
    _require_free(desk)
    names = [s.channel for s in _planned(desk, issue, names)]
    _noted(desk, "retract", issue, *_one(names))
    everywhere = desk.channels()
    done = list(
        retracting.retract(
            issue, engine=desk.engine, channels=everywhere, only={*names}, now=desk.now
        )
    )
    words = "; ".join(map(_told, done)) or "nothing of it is out"
    _noted(desk, "retracted", issue, *_one(names), words=words)
    desk.receipts()
    return done


def pause(desk: Desk, issue: str, channel: str) -> None:
    """Begin nothing more of an issue on a channel."""
    _planned(desk, issue, [channel])
    with desk.engine.begin() as db:
        pauses.pause(db, issue, channel, at=desk.now())
        _note(db, desk, "pause", issue, channel)


def resume(desk: Desk, issue: str, channel: str) -> None:
    """Let an issue go on where it was paused."""
    _planned(desk, issue, [channel])
    with desk.engine.begin() as db:
        pauses.resume(db, issue, channel)
        _note(db, desk, "resume", issue, channel)
    desk.sweep()


def cancel(desk: Desk, issue: str, channel: str) -> int:
    """Send no more of an issue to a channel; how many deliveries are skipped."""
    _planned(desk, issue, [channel])
    with desk.engine.begin() as db:
        met = pauses.cancel(db, issue, channel, at=desk.now())
        _note(db, desk, "cancel", issue, channel, words=f"{met} skipped")
    return met


# --- a whole channel


def pause_channel(desk: Desk, channel: str) -> None:
    """Begin nothing more on a channel, until it is resumed."""
    _named(desk, [channel])
    with desk.engine.begin() as db:
        if not pacing.pause(db, channel, f"paused by {desk.by}", at=desk.now()):
            raise NotPossible(f"{channel} was stopped already")
        _note(db, desk, "pause", channel=channel)


def resume_channel(desk: Desk, channel: str) -> None:
    """Let a channel go on that was paused, or that rests."""
    _named(desk, [channel])
    with desk.engine.begin() as db:
        publishing.resume(channel, db=db, at=desk.now())
        _note(db, desk, "resume", channel=channel)
    desk.sweep()


def check(desk: Desk, channel: str) -> tuple[bool, list[str]]:
    """Try a channel, posting nothing: whether it is well, and its words."""
    found = _named(desk, [channel])[channel]
    try:
        words = found.channel.check()
    except (Disconnected, Refused) as error:
        return False, [secrecy.removed(str(error))]
    except ChannelError as error:
        return False, [f"cannot be asked now: {secrecy.removed(str(error))}"]
    return True, [secrecy.removed(line) for line in words]


# --- what waits for its release


def hold(desk: Desk, issue: str) -> list[str]:
    """Keep an issue back until it is released; its languages that wait."""
    with desk.engine.begin() as db:
        consents.withdraw(db, issue)
        return _say(db, desk, "hold", issue, releasing.hold)


def release(desk: Desk, issue: str) -> list[str]:
    """Let an issue go out now, whatever it waits for; its languages that waited."""
    _require_free(desk)
    site = desk.site()
    with reading(desk.engine) as db:
        langs = [one.lang for one in releases.of(db, issue) if one.waits]
    editions = [e for e in (site.edition(issue, lang) for lang in langs) if e]
    wanted = Wanted(did="release", issue=issue)
    with desk.engine.begin() as db:
        if not _agreed(db, desk, wanted, _new(db, issue, langs, site.channels), editions):
            return []
        langs = _say(db, desk, "release", issue, releasing.release)
    desk.go_on()
    return langs


def call_off(desk: Desk, issue: str) -> list[str]:
    """Never release what waits of an issue; its languages that waited."""
    with desk.engine.begin() as db:
        consents.withdraw(db, issue)
        return _say(db, desk, "call off", issue, releasing.cancel)


def _say(
    db: Connection, desk: Desk, did: str, issue: str, word: Callable[..., list[str]]
) -> list[str]:
    langs = word(db, issue, at=desk.now())
    if not langs:
        raise NotPossible(f"nothing of {issue} waits for a release any more")
    _note(db, desk, did, issue, words=", ".join(langs))
    return langs


# --- what two people decide


def of_two(site: Site, names: Iterable[str]) -> list[str]:
    """Those of these channels about which two people decide."""
    return sorted(n for n in names if site.rules.own.get(n, site.rules).two_people)


def _agreed(
    db: Connection,
    desk: Desk,
    wanted: Wanted,
    channels: Iterable[str],
    editions: Sequence[Edition] = (),
) -> bool:
    """Whether this may be done: no two people are needed, or a second one wants the same.

    If not, this was the first one's word, and it is written down. Raises NotPossible for programs.
    """
    names = of_two(desk.site(), channels)
    if not names:
        return True
    if not desk.is_person:
        raise NotPossible(f"two people decide about {', '.join(names)}, at the operators' pages")
    at, content = desk.now(), _content(editions)
    first = consents.locked(db, wanted, at=at)
    if first.by != desk.by and first.content == content and _counts(db, first, at):
        consents.use_up(db, wanted)
        return True
    consents.give(db, Consent(wanted=wanted, by=desk.by, at=at, content=content))
    words = f"another person has to agree within {LASTS.total_seconds() / 3600:.0f} hours"
    _note(db, desk, f"ask to {wanted.did}", wanted.issue, wanted.channel, words=words)
    return False


def _counts(db: Connection, consent: Consent, at: datetime) -> bool:
    """Whether a word is fresh, and of somebody who still may give it."""
    user = users.known(db, consent.by)
    return bool(user and at - consent.at < LASTS and accounts.may(user, Role.RELEASE))


def _content(editions: Sequence[Edition]) -> str:
    """What two people have to mean alike: the sources, byte for byte."""
    told = sorted(f"{one.lang} {one.revision}" for one in editions)
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _new(
    db: Connection, issue: str, langs: Iterable[str], channels: Mapping[str, Configured]
) -> set[str]:
    """The channels that would get something of an issue that was not planned there."""
    return {
        name
        for lang in langs
        for name in channels.keys() - releases.planned(db, issue, lang).keys()
        if channels[name].takes(issue, lang)
    }


# --- what they have in common


def _require_free(desk: Desk) -> None:
    try:
        fencing.require_free(desk.engine)
    except Fenced as error:
        raise NotPossible(str(error)) from error


def _planned(desk: Desk, issue: str, names: Sequence[str]) -> list[Standing]:
    """What stands of an issue on the channels of these names, or on all. Raises Unknown."""
    with reading(desk.engine) as db:
        there = reports.standings(db, issue)
    if not there:
        raise Unknown(f"{issue}: nothing was ever planned for it")
    wanted = {*names} or {s.channel for s in there}
    for name in sorted(wanted - {s.channel for s in there}):
        raise Unknown(f"{issue}: nothing was planned for a channel {name}")
    return [s for s in there if s.channel in wanted]


def _named(desk: Desk, names: Sequence[str]) -> dict[str, Configured]:
    """The configured channels of these names, or all. Raises Unknown."""
    every = desk.channels()
    for name in names:
        if name not in every:
            raise Unknown(f"there is no channel {name} in the configuration")
    return {name: every[name] for name in [*names] or every}


def _found(desk: Desk, issue: str) -> Sequence[Edition]:
    try:
        editions = desk.editions(issue)
    except (BadSource, SourceTrouble) as error:
        raise NotPossible(str(error)) from error
    if not editions:
        raise Unknown(f"{issue}: the source has no such issue")
    return editions


def _one(names: Sequence[str]) -> Sequence[str]:
    """The channel's name where there is just one."""
    return names if len(names) == 1 else ()


def _said(names: Sequence[str]) -> str:
    return ", ".join(sorted(names))


def _told(one: Correction | Retraction) -> str:
    """What became of one post, in a few words."""
    return f"{one.channel} ({one.lang}): {one.outcome}" + (f", {one.words}" if one.words else "")


def _noted(desk: Desk, did: str, issue: str, channel: str = "", *, words: str = "") -> None:
    with desk.engine.begin() as db:
        _note(db, desk, did, issue, channel, words=words)


def _note(
    db: Connection, desk: Desk, did: str, issue: str = "", channel: str = "", *, words: str = ""
) -> None:
    actions.note(db, desk.by, did, at=desk.now(), issue=issue, channel=channel, words=words)
