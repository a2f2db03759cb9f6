"""The use cases of what comes back: take a report in, weigh what stands against readers."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, Row

from publisher.domain import bounce
from publisher.domain.bounce import Kind, Verdict
from publisher.domain.delivery import State
from publisher.domain.subscriber import Event
from publisher.returns.letter import Letter, Tray, Unreadable
from publisher.returns.reading import read
from publisher.returns.report import NoReport, Report, Said
from publisher.storage import bounces, pacing, reader_log, subscribers, suppressions, weighing
from publisher.storage.engine import reading

log = logging.getLogger(__name__)

PATIENCE = timedelta(hours=1)  # before a bounce counts: by then it shows if everything bounces


class Fate(StrEnum):
    """What became of a message that came in."""

    NOTED = "noted"
    KNOWN = "known"  # told before, in this report or another one
    LEFT_ALONE = "left alone"


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A message that was read: what became of it, and why; whose mail it was of."""

    fate: Fate
    why: str
    kind: Kind | None = None
    issue: str = ""
    reader: str = ""


def take(raw: bytes, *, engine: Engine, secret: bytes, at: datetime) -> Taken:
    """Note what a message reports of a mail that we sent; all else changes nothing.

    Once this returns, what is worth keeping is in the store. `secret` signed the tokens.
    """
    report = read(raw)
    if isinstance(report, NoReport):
        return _left_alone(report.why)
    numbers = (bounce.delivery_of(token, secret) for token in report.tokens)
    delivery = next((number for number in numbers if number is not None), None)
    with engine.begin() as db:
        if delivery is not None:
            return _of_delivery(db, delivery, report, at)
        return _of_reader(db, report, at)


def collect(
    letters: Iterable[Letter | Unreadable], *, take: Callable[[bytes], Taken]
) -> Iterator[tuple[str, Taken | None, str]]:
    """Take in what lies in a mailbox, and put each message away once it is recorded.

    For each its place, what became of it, and why; None for one that cannot be read.
    """
    for letter in letters:
        if isinstance(letter, Unreadable):
            yield letter.place, None, letter.why
            continue
        taken = take(letter.raw)
        letter.put_away(Tray.OTHERS if taken.fate is Fate.LEFT_ALONE else Tray.REPORTS)
        yield letter.place, taken, taken.why


def _left_alone(why: str) -> Taken:
    return Taken(fate=Fate.LEFT_ALONE, why=why)


def _of_delivery(db: Connection, delivery: int, report: Report, at: datetime) -> Taken:
    sent = bounces.sent(db, delivery)
    if sent is None or not (sent.state == State.DELIVERED or sent.marked_at):
        return _left_alone("it is about a mail that was never sent")
    said = about(report, sent.recipient)
    if said is None:
        return _left_alone("it names another address than the mail was sent to")
    told = {"status": said.status, "words": said.words}
    new = bounces.record(db, delivery, kind=said.kind, at=at, **told)
    if said.kind is Kind.COMPLAINT and sent.subscriber_id is not None:
        _stop_complaining(db, sent.subscriber_id, said, sent.issue, at)
    return Taken(
        fate=Fate.NOTED if new else Fate.KNOWN,
        why=" ".join(filter(None, (said.status, said.words))),
        kind=said.kind,
        issue=sent.issue,
        reader=sent.recipient,
    )


def about(report: Report, address: str) -> Said | None:
    """What a report says of one reader.

    Where it names only others, such as those their mail is passed on to, the mildest of what it
    says, and that as soft at most: the reader's own mailbox is there.
    """
    if any(said.kind is Kind.COMPLAINT for said in report.said):
        return report.said[0]
    for said in report.said:
        if address in said.recipients:
            return said
    if report.by_name:
        return None
    mildest = max(report.said, key=lambda said: MILDNESS.index(said.kind))
    nameless = not any(said.recipients for said in report.said)
    return mildest if nameless else _at_most_soft(mildest)


MILDNESS = (Kind.COMPLAINT, Kind.HARD, Kind.SOFT, Kind.POLICY, Kind.DELAYED)


def _at_most_soft(said: Said) -> Said:
    if said.kind is not Kind.HARD:
        return said
    return Said(kind=Kind.SOFT, recipients=said.recipients, status=said.status, words=said.words)


def _stop_complaining(db: Connection, reader: int, said: Said, place: str, at: datetime) -> bool:
    reason = bounces.COMPLAINED
    return bounces.stop(db, reader, at=at, reason=reason, place=place, words=said.words)


def _of_reader(db: Connection, report: Report, at: datetime) -> Taken:
    """Take a complaint by the leave link of the mail that it encloses."""
    found = (subscribers.by_token(db, token) for token in report.leaving)
    reader: Row[Any] | None = next((row for row in found if row), None)
    if reader is None:
        ours = report.tokens or report.leaving
        return _left_alone("its token is none of ours" if ours else "it carries no token of ours")
    [said, *_] = report.said
    new = suppressions.reason(db, reader.address_key) != bounces.COMPLAINED
    _stop_complaining(db, reader.id, said, "", at)
    if new:
        event = Event.COMPLAINED
        reader_log.note(db, reader.id, event, at=at, how="report", words=said.words)
    return Taken(
        fate=Fate.NOTED if new else Fate.KNOWN,
        why=said.words,
        kind=said.kind,
        reader=reader.address_key,
    )


@dataclass(frozen=True, kw_only=True)
class Weighed:
    """What came of weighing: readers stopped, channels paused, copies whose bounces stand aside."""

    stopped: int = 0
    paused: tuple[str, ...] = ()
    aside: int = 0


def weigh(engine: Engine, *, at: datetime) -> Weighed:
    """Judge the bounces that are open. Harmless at any time.

    Where a great part of an issue came back, its channel is paused and nobody is stopped; else
    a bounce counts against its reader once PATIENCE is over.
    """
    with reading(engine) as db:
        places = [(*place, _wave(db, *place)) for place in weighing.places(db)]
    paused, aside, stopped = [], 0, 0
    for issue, channel, words in filter(lambda place: place[-1], places):
        with engine.begin() as db:
            if _pause(db, issue, channel, words, at=at):
                paused.append(channel)
            aside += _set_aside(db, issue, channel, words, at=at)
    while ripe := _some(engine, before=at - PATIENCE):
        with engine.begin() as db:
            stopped += sum(_count(db, row, at=at) for row in ripe)
    return Weighed(stopped=stopped, paused=tuple(paused), aside=aside)


def _some(engine: Engine, *, before: datetime) -> Sequence[Row[Any]]:
    with reading(engine) as db:
        return weighing.ripe(db, before=before)


def _wave(db: Connection, issue: str, channel: str) -> str:
    """That an issue came back from everywhere, in words; "" where it did not."""
    if weighing.has(db, issue, channel, Verdict.BELIEVED):
        return ""
    bounced, copies = weighing.numbers(db, issue, channel)
    wave = bounce.is_wave(bounced=bounced, copies=copies)
    return f"{bounced} of {copies} copies of {issue} came back" if wave else ""


def _pause(db: Connection, issue: str, channel: str, words: str, *, at: datetime) -> bool:
    if weighing.has(db, issue, channel, Verdict.ASIDE):
        return False  # it was, and a person may have seen to it since
    remedy = f"`publisher bounces list {issue}` tells why, nobody was stopped for it"
    log.error("channel %s is paused: %s", channel, words)
    return pacing.pause(db, channel, f"{words}: {remedy}", at=at)


def _set_aside(db: Connection, issue: str, channel: str, words: str, *, at: datetime) -> int:
    for reader in weighing.stopped_by(db, issue):
        bounces.reinstate(db, reader.id, reader.address_key, at=at, place=issue, words=words)
    return weighing.judge(db, issue, channel, Verdict.ASIDE)


def _count(db: Connection, row: Row[Any], *, at: datetime) -> bool:
    """Let a bounce stand against its reader; whether that was too much."""
    weighing.decide(db, row.id, Verdict.COUNTED)
    if row.subscriber_id is None:
        return False
    history = weighing.history(db, row.recipient, row.subscriber_id)
    if bounce.points(history) < bounce.STOPPED_AT:
        return False
    times = sum(kind in bounce.POINTS for kind in history)
    return _stop_bouncing(db, row, f"{times} issues came back, the last with", at=at)


def _stop_bouncing(db: Connection, row: Row[Any], why: str, *, at: datetime) -> bool:
    words = f"{why}: {row.status} {row.words}"
    reason = bounces.BOUNCED
    return bounces.stop(db, row.subscriber_id, at=at, reason=reason, place=row.issue, words=words)


def believe(issue: str, channel: str, *, engine: Engine, at: datetime) -> tuple[int, int]:
    """Take a person's word that what was set aside of an issue is right.

    How many bounces count now, and how many readers that stopped: who bounced hard, at once.
    """
    with engine.begin() as db:
        found = weighing.set_aside(db, issue, channel)
        stopped = 0
        for row in found:
            weighing.decide(db, row.id, Verdict.BELIEVED)
            if row.kind == Kind.HARD and row.subscriber_id is not None:
                stopped += _stop_bouncing(db, row, "it came back, rightly so", at=at)
    return len(found), stopped
