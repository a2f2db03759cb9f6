"""The audit: every invariant over a store and, where it is known, over what the outside holds."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from json import loads
from typing import Any

from sqlalchemy import Connection, Select

from publisher.comparing import compare
from publisher.domain.oddity import INVARIANTS, Found, Oddity
from publisher.registry import kinds
from publisher.storage import audits, soundness
from publisher.storage.posts import from_json

__all__ = ["Found", "Oddity", "audit", "broken"]

MOST = 100  # oddities of one sort that are told one by one
DELIVERY = "{issue} ({lang}) on {channel}, delivery {id}"
POST = "{issue} ({lang}) on {channel}"
SETTLE = "`publisher settle {issue} --channel {channel}` takes your answer"


@dataclass(frozen=True, kw_only=True)
class Check:
    """A statement that gives a row for each breach of a rule, and what is said of such a row.

    Without a `remedy` of its own it is the rule's.
    """

    rule: str
    rows: Callable[[datetime], Select[Any]]
    place: str
    words: str
    remedy: str = ""


CHECKS = (
    Check(
        rule="balance",
        rows=lambda _: audits.unaccounted(),
        place=DELIVERY,
        words="{planned} deliveries are planned and {accounted} accounted for: there is no"
        " state {word!r}",
    ),
    Check(
        rule="once",
        rows=lambda _: audits.doubled_posts(),
        place="{issue} ({lang}) on {channel}, post {id}",
        words="it is planned there more than once",
    ),
    Check(
        rule="once",
        rows=lambda _: audits.doubled_deliveries(),
        place=DELIVERY,
        words="one reader has {copies} deliveries of it",
    ),
    Check(
        rule="once",
        rows=lambda _: audits.besides_readers(),
        place=DELIVERY,
        words="it stands for all readers, who have deliveries of their own",
    ),
    Check(
        rule="once",
        rows=lambda _: audits.besides_originals(),
        place=DELIVERY,
        words="its reader got the original in place of a translation, and another edition, too",
    ),
    Check(
        rule="proof",
        rows=lambda _: audits.unproven(),
        place=DELIVERY,
        words="it is said to be delivered, and there is neither a receipt nor a person's word",
    ),
    Check(
        rule="proof",
        rows=lambda _: audits.proven_otherwise(),
        place=DELIVERY,
        words="it has a receipt, and is {state}",
    ),
    Check(
        rule="log",
        rows=lambda _: audits.missteps(),
        place=DELIVERY,
        words="row {line} of the log says {was!r} → {now!r}: {odd}",
    ),
    Check(
        rule="log",
        rows=lambda _: audits.unlogged(),
        place=DELIVERY,
        words="it is {state}, and the log says nothing of it",
    ),
    Check(
        rule="lease",
        rows=audits.overdue_leases,
        place=POST,
        words="{number} in the hands of {owner!r} since longer than a lease",
    ),
    Check(
        rule="late",
        rows=audits.late,
        place=POST,
        words="{number} due for a long time, and nobody looks",
    ),
    Check(
        rule="stopped",
        rows=lambda _: audits.fences(),
        place="the store",
        words="it sends nothing: {reason}",
        remedy="`publisher adopt`",
    ),
    Check(
        rule="stopped",
        rows=lambda _: audits.paused_channels(),
        place="channel {name}",
        words="it is paused: {reason}",
        remedy="mend that, then `publisher retry ISSUE --channel {name}`",
    ),
    Check(
        rule="stopped",
        rows=audits.open_circuits,
        place="channel {name}",
        words="it rests after {failures} failures in a row",
        remedy="nothing, it is tried again by itself; or `publisher retry ISSUE --channel {name}`",
    ),
    Check(
        rule="stopped",
        rows=lambda _: audits.paused_posts(),
        place=POST,
        words="a person has paused it",
        remedy="`publisher resume {issue} --channel {channel}`",
    ),
    Check(
        rule="stopped",
        rows=lambda _: audits.waiting_for_persons(),
        place=POST,
        words="{number} held: {reason}",
        remedy="mend it, then `publisher retry {issue} --channel {channel}`; or " + SETTLE,
    ),
)


def audit(
    db: Connection,
    *,
    at: datetime,
    outside: Sequence[Found] | None = None,
    secrets: Collection[str] = (),
    resends: Collection[str] = (),
) -> list[Oddity]:
    """All that is odd: over the store and, where given, over the outside's complete record.

    `outside` None: not known, so only the store is looked at. `secrets` are values that may stand
    in no row; `resends` names the channels with `when_unsure = "resend"`, where one reader may
    have a mail twice. Reads only; of each sort the first hundred are told one by one.
    """
    return [*_audited(db, at, outside, secrets, resends)]


def broken(found: Iterable[Oddity]) -> list[Oddity]:
    """Those that break the promise. The others tell what a person should know all the same."""
    return [odd for odd in found if INVARIANTS[odd.rule].promise]


def _audited(
    db: Connection,
    at: datetime,
    outside: Sequence[Found] | None,
    secrets: Collection[str],
    resends: Collection[str],
) -> Iterator[Oddity]:
    yield from _unreadable(db)
    yield from _dangling(db)
    yield from _lacking(db)
    for check in CHECKS:
        yield from _checked(db, check, at)
    yield from _ahead(db, at)
    yield from _mentioned(db, secrets)
    if outside is not None:
        yield from compare(db, outside, resends=resends)


def _checked(db: Connection, check: Check, at: datetime) -> Iterator[Oddity]:
    def told(row: Mapping[str, Any]) -> Oddity:
        remedy = check.remedy or INVARIANTS[check.rule].remedy
        place, words = check.place.format_map(row), check.words.format_map(row)
        known = {"ISSUE": row.get("issue"), "C": row.get("channel")}
        for word, value in known.items():
            remedy = remedy.replace(f" {word}", f" {value}") if value else remedy
        return Oddity(rule=check.rule, place=place, words=words, remedy=remedy.format_map(row))

    yield from _first(_rows(db, check.rows(at)), told)


def _rows(db: Connection, statement: Select[Any]) -> Iterator[Mapping[str, Any]]:
    """A few more rows than are told, so that it is known whether there are more."""
    found = db.execute(statement.limit(MOST + 1)).all()
    yield from (dict(row._mapping) for row in found)


def _first(
    rows: Iterator[Mapping[str, Any]], told: Callable[[Mapping[str, Any]], Oddity]
) -> Iterator[Oddity]:
    """What is told of the first rows, and that there are more of them."""
    last = None
    for row in islice(rows, MOST):
        last = told(row)
        yield last
    if last and next(rows, None) is not None:
        words = f"only the first {MOST} are told; there are more like this one"
        yield Oddity(rule=last.rule, place=last.place, words=words, remedy=last.remedy)


def _odd(rule: str, place: str, words: str) -> Oddity:
    return Oddity(rule=rule, place=place, words=words, remedy=INVARIANTS[rule].remedy)


def _unreadable(db: Connection) -> Iterator[Oddity]:
    for table, statement in soundness.unreadable(db.dialect.name):
        told = _telling("rows", table, "its {column} {why}")
        yield from _first(_rows(db, statement), told)
    for id, body in soundness.bodies(db):
        if why := _unpostable(body):
            yield _odd("rows", f"posts {id}", f"its body {why}")


def _unpostable(body: str) -> str:
    """Why the stored text is no post; "" where it is."""
    try:
        from_json(loads(body))
    except KeyError as error:
        return f"lacks {error}"
    except (TypeError, ValueError, AttributeError) as error:
        return f"is no post: {error}"
    return ""


def _telling(rule: str, table: str, words: str) -> Callable[[Mapping[str, Any]], Oddity]:
    return lambda row: _odd(rule, f"{table} {row['key']}", words.format_map(row))


def _dangling(db: Connection) -> Iterator[Oddity]:
    for table, leads_to, statement in soundness.dangling():
        words = f"what it belongs to is not in {leads_to}"
        yield from _first(_rows(db, statement), _telling("links", table, words))


def _lacking(db: Connection) -> Iterator[Oddity]:
    """Posts without a delivery. A mailing has none while nobody reads it."""
    read = set(db.scalars(audits.mailings()))
    mails: dict[str, bool] = {}
    for row in db.execute(audits.unplanned()):
        if row.kind not in mails:
            mails[row.kind] = _mails(row.kind)
        if row.channel not in read and not mails[row.kind]:
            place = f"{row.issue} ({row.lang}) on {row.channel}, post {row.id}"
            yield _odd("balance", place, "it is planned, and has no delivery")


def _mails(kind: str) -> bool:
    """Whether an installed kind of channel brings each reader a copy."""
    entry = kinds().get(kind)
    return entry is not None and hasattr(entry.load(), "deliver_each")


def _ahead(db: Connection, at: datetime) -> Iterator[Oddity]:
    for column, statement in soundness.ahead(at):
        for row in db.execute(statement):
            yield _odd("clock", column, f"{row.number} rows are dated ahead, up to {row.last}")


def _mentioned(db: Connection, secrets: Collection[str]) -> Iterator[Oddity]:
    for table, statement in soundness.mentioning(secrets, db.dialect.name):
        told = _telling("secrets", table, "a secret of the configuration stands in it")
        yield from _first(_rows(db, statement), told)
