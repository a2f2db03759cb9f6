"""What happened on each of the last days, for charts."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Column, ColumnElement, Connection, func, select, true

from publisher.domain.delivery import State
from publisher.storage.schema import delivery_log, reader_log

SHOWN = (State.DELIVERED, State.REFUSED, State.HELD)
MARGIN = 1000  # lines that a transaction may have been late by
TRUE = true()


def deliveries(db: Connection, *, since: datetime) -> dict[tuple[str, str], int]:
    """How many deliveries came to each of `SHOWN`, by day in UTC (2026-11-05) and state."""
    c = delivery_log.c
    lately = c.id >= _first(db, since)
    return _by_day(db, c.at, c.now, [str(state) for state in SHOWN], since, only=lately)


def readers(db: Connection, *, since: datetime) -> dict[tuple[str, str], int]:
    """How many readers joined or left, by day in UTC and event."""
    c = reader_log.c
    return _by_day(db, c.at, c.event, ["joined", "left"], since)


def _by_day(
    db: Connection,
    at: Column[datetime],
    what: Column[str],
    wanted: Sequence[str],
    since: datetime,
    *,
    only: ColumnElement[bool] = TRUE,
) -> dict[tuple[str, str], int]:
    day = _day(db, at)
    rows = select(day.label("day"), what.label("what"), func.count().label("number"))
    found = db.execute(rows.where(only, at >= since, what.in_(wanted)).group_by(day, what))
    return {(row.day, str(row.what)): row.number for row in found}


def _day(db: Connection, at: ColumnElement[datetime]) -> ColumnElement[str]:
    if db.dialect.name == "postgresql":
        return func.to_char(func.timezone("UTC", at), "YYYY-MM-DD")
    return func.strftime("%Y-%m-%d", at)


def _first(db: Connection, since: datetime) -> int:
    """About the first number since a moment: numbers grow with time, and only they are indexed."""
    c = delivery_log.c
    low, high = (int(n or 0) for n in db.execute(select(func.min(c.id), func.max(c.id))).one())
    while low < high:
        middle = (low + high) // 2
        at = db.scalar(select(c.at).where(c.id >= middle).order_by(c.id).limit(1))
        if at is not None and at < since:
            low = middle + 1
        else:
            high = middle
    return max(0, low - MARGIN)
