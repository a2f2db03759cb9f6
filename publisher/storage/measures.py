"""Figures of a store, for who watches over it: cheap however many copies it holds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Integer,
    case,
    cast,
    func,
    literal_column,
    select,
)

from publisher.domain.delivery import WAITING, State
from publisher.storage.deliveries import is_open
from publisher.storage.schema import (
    asks,
    bounces,
    channels,
    deliveries,
    delivery_log,
    posts,
    slow_domains,
    sources,
)

LOST = "the worker was lost%"
BUCKETS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 21600, 86400)  # seconds

d, p, log = deliveries.c, posts.c, delivery_log.c


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What of a channel is in a state that is not final, and how long the oldest is due."""

    channel: str
    state: str
    number: int
    overdue: float = 0.0  # seconds


def waiting(db: Connection, *, at: datetime) -> list[Waiting]:
    """The unfinished and the held, by channel and state. Only indexes are counted."""
    first = func.min(d.id).label("first")
    counted = select(d.post_id, d.state, func.count().label("number"), first)
    counted = counted.where(is_open()).group_by(d.state, d.post_id)
    rows = db.execute(counted).all()
    said: ColumnElement[str] = literal_column(
        f"'{State.HELD}'"
    )  # in the very words of ix_deliveries_held
    held = select(d.post_id, func.count().label("number")).where(d.state == said)
    kept = db.execute(held.group_by(d.post_id)).all()
    names = {id: name for id, name in db.execute(select(p.id, p.channel))}
    due = _due(db, [row.first for row in rows if row.state in WAITING], at)
    found: dict[tuple[str, str], Waiting] = {}
    for row in rows:
        _add(found, names[row.post_id], row.state, row.number, due.get(row.first, 0.0))
    for row in kept:
        _add(found, names[row.post_id], State.HELD, row.number, 0.0)
    return list(found.values())


def _add(
    found: dict[tuple[str, str], Waiting], channel: str, state: str, number: int, overdue: float
) -> None:
    was = found.get((channel, state), Waiting(channel=channel, state=state, number=0))
    more, longest = was.number + number, max(was.overdue, overdue)
    found[channel, state] = Waiting(channel=channel, state=state, number=more, overdue=longest)


def _due(db: Connection, ids: Sequence[int], at: datetime) -> dict[int, float]:
    """For how many seconds these are due; what is not due yet is left out."""
    since = func.coalesce(d.next_attempt_at, d.changed_at, type_=d.changed_at.type)
    found: dict[int, float] = {}
    for first in range(0, len(ids), 500):
        some = d.id.in_(ids[first : first + 500])
        rows = db.execute(select(d.id, since.label("since")).where(some))
        found |= {id: (at - moment).total_seconds() for id, moment in rows if moment <= at}
    return found


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Everything else of a store that is told as one number."""

    paused: dict[str, bool]
    resting: dict[str, bool]
    slow: dict[str, int]
    asks: int
    bounces: int
    looked_at: dict[str, datetime]
    problems: dict[str, int]


def standing(db: Connection, *, at: datetime) -> Standing:
    """The channels that are stopped, and what else waits for somebody."""
    c = channels.c
    rows = db.execute(select(c.name, c.paused_at, c.open_until)).all()
    slow = select(slow_domains.c.channel, func.count()).where(slow_domains.c.not_before > at)
    looked = db.execute(select(sources)).all()
    unsent = asks.c.state.in_(["pending", "sending"])
    return Standing(
        paused={row.name: row.paused_at is not None for row in rows},
        resting={row.name: bool(row.open_until and row.open_until > at) for row in rows},
        slow={name: number for name, number in db.execute(slow.group_by(slow_domains.c.channel))},
        asks=_number(db, asks, unsent),
        bounces=_number(db, bounces, bounces.c.verdict == "open"),
        looked_at={row.name: row.last_look_at for row in looked},
        problems={row.name: len(row.problems) for row in looked},
    )


def _number(db: Connection, table: Any, wanted: ColumnElement[bool]) -> int:
    return db.scalar(select(func.count()).select_from(table).where(wanted)) or 0


@dataclass(kw_only=True)
class Tallies:
    """What the log has told since this began: counters, which only grow.

    A line is counted at the look after the one that saw it first: until then a transaction with
    a lower number may still be committed.
    """

    attempts: dict[tuple[str, str], int] = field(default_factory=dict)  # channel, outcome
    lost: dict[str, int] = field(default_factory=dict)
    spans: dict[str, list[int]] = field(default_factory=dict)  # planned to delivered, by bucket
    seconds: dict[str, float] = field(default_factory=dict)
    _counted: int | None = None
    _seen: int = 0

    def read(self, db: Connection) -> None:
        """Count what is new."""
        newest = db.scalar(select(func.max(log.id))) or 0
        if self._counted is None:
            self._counted = newest
        elif self._seen > self._counted:
            for row in db.execute(_told(db.dialect.name, self._counted, self._seen)):
                self._add(row)
            self._counted = self._seen
        self._seen = newest

    def _add(self, row: Any) -> None:
        if row.lost:
            self.lost[row.channel] = self.lost.get(row.channel, 0) + row.number
            return
        key = (row.channel, row.now)
        self.attempts[key] = self.attempts.get(key, 0) + row.number
        if row.now == State.DELIVERED:
            spans = self.spans.setdefault(row.channel, [0] * (len(BUCKETS) + 1))
            spans[row.bucket] += row.number
            self.seconds[row.channel] = self.seconds.get(row.channel, 0.0) + row.seconds


def _told(dialect: str, after: int, until: int) -> Any:
    """The attempts that ended in a part of the log, counted by channel, outcome and time taken."""
    span = _seconds(dialect, log.at, p.planned_at)
    steps = [(span <= most, place) for place, most in enumerate(BUCKETS)]
    bucket = case(*steps, else_=len(BUCKETS))
    is_lost = case((log.reason.like(LOST), 1), else_=0)
    columns = (p.channel, log.now, is_lost.label("lost"), cast(bucket, Integer).label("bucket"))
    counted = select(*columns, func.count().label("number"), func.sum(span).label("seconds"))
    ended = (log.id > after, log.id <= until, log.was == State.SENDING)
    joined = counted.join_from(delivery_log, deliveries, log.delivery_id == d.id).join(posts)
    return joined.where(*ended).group_by(*columns)


def _seconds(dialect: str, end: ColumnElement[Any], begin: ColumnElement[Any]) -> Any:
    if dialect == "postgresql":
        return cast(func.extract("epoch", end - begin), Float)
    return (func.julianday(end) - func.julianday(begin)) * 86_400.0
