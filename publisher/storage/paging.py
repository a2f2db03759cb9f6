"""Parts of long lists, each after the one before: the next stays right, whatever is new."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, literal, or_, select

from publisher.domain.delivery import State
from publisher.storage import bounces as returned
from publisher.storage import reports
from publisher.storage.deliveries import PERSON
from publisher.storage.reports import Attempt, Standing
from publisher.storage.schema import (
    Moment,
    actions,
    bounces,
    channels,
    deliveries,
    delivery_log,
    editions,
    posts,
    subscribers,
)

_log = delivery_log.c


def issues(
    db: Connection, *, most: int, before: tuple[datetime, str] | None = None
) -> list[tuple[datetime, str]]:
    """(date, key) of the issues that were planned, the newest first, after one such pair."""
    c = editions.c
    dated = func.max(c.dated, type_=c.dated.type)
    known = c.issue.in_(select(posts.c.issue))
    each = select(c.issue, dated.label("dated")).where(known).group_by(c.issue).subquery()
    query = select(each.c.dated, each.c.issue).order_by(each.c.dated.desc(), each.c.issue.desc())
    if before:
        at, key = literal(before[0], Moment()), before[1]
        query = query.where(or_(each.c.dated < at, and_(each.c.dated == at, each.c.issue < key)))
    return [(row.dated, row.issue) for row in db.execute(query.limit(most))]


def attempts(
    db: Connection,
    issue: str,
    *,
    most: int,
    after: int = 0,
    channel: str = "",
    reader: str = "",
    copies: bool = True,
) -> list[tuple[int, Attempt]]:
    """Attempts at an issue's deliveries, oldest first, each with its place in the log.

    The same as reports.attempts has in all. Without `copies` none at readers' own.
    """
    begun = or_(
        _log.now == State.SENDING,
        and_(_log.was != State.SENDING, or_(_log.worker == PERSON, _log.now == State.REFUSED)),
    )
    query = reports.logged(issue, channel, reader).where(begun, _log.id > after)
    if not copies:
        query = query.where(deliveries.c.recipient == "")
    rows = db.execute(query.limit(most)).all()
    ends = _ends(db, rows)
    return [(row.id, _attempt(row, ends)) for row in rows]


def copies(
    db: Connection, standing: Standing, *, most: int, after: int = 0, state: str = ""
) -> Sequence[Row[Any]]:
    """Readers' copies of a post, in a state or any, each with its reader's number and address.

    These two are None where the reader was forgotten.
    """
    c = deliveries.c
    told = (c.id, c.state, c.attempts, c.reason, c.changed_at, c.next_attempt_at)
    reader = (subscribers.c.id.label("reader"), subscribers.c.address)
    query: Any = select(*told, *reader).select_from(deliveries).join(posts)
    query = query.outerjoin(subscribers, subscribers.c.address_key == c.recipient)
    place = (posts.c.issue == standing.issue, posts.c.lang == standing.lang)
    query = query.where(*place, posts.c.channel == standing.channel)
    query = query.where(c.recipient != "", c.id > after)
    if state:
        query = query.where(c.state == state)
    rows: Sequence[Row[Any]] = db.execute(query.order_by(c.id).limit(most)).all()
    return rows


def _ends(db: Connection, rows: Sequence[Row[Any]]) -> dict[tuple[int, int], list[Row[Any]]]:
    """What became of attempts, by delivery and attempt, oldest first."""
    ids = sorted({row.delivery_id for row in rows if row.now == State.SENDING})
    ended = (_log.delivery_id.in_(ids), _log.was == State.SENDING)
    found: dict[tuple[int, int], list[Row[Any]]] = {}
    for row in db.execute(select(delivery_log).where(*ended).order_by(_log.id)) if ids else ():
        found.setdefault((row.delivery_id, row.attempt), []).append(row)
    return found


def _attempt(row: Row[Any], ends: dict[tuple[int, int], list[Row[Any]]]) -> Attempt:
    if row.now != State.SENDING:
        return reports.attempt(row, row)
    later = (end for end in ends.get((row.delivery_id, row.attempt), ()) if end.id > row.id)
    return reports.attempt(row, next(later, None))


def actions_(
    db: Connection, *, most: int, before: int | None = None, issue: str = ""
) -> Sequence[Row[Any]]:
    """What operators did, the newest first."""
    c = actions.c
    query = select(actions).order_by(c.id.desc()).limit(most)
    if before is not None:
        query = query.where(c.id < before)
    return db.execute(query.where(c.issue == issue) if issue else query).all()


def bounces_(
    db: Connection, *, most: int, before: int | None = None, issue: str = ""
) -> Sequence[Row[Any]]:
    """What came back, the last that was noted first; each with its `id`."""
    query: Select[Any] = returned.told(issue).add_columns(bounces.c.id).order_by(None)
    earlier: list[ColumnElement[bool]] = [] if before is None else [bounces.c.id < before]
    return db.execute(query.where(*earlier).order_by(bounces.c.id.desc()).limit(most)).all()


def last_deliveries(db: Connection) -> dict[str, datetime]:
    """When each channel last delivered something."""
    d = deliveries.c
    latest = func.max(d.changed_at, type_=d.changed_at.type).label("at")
    done = select(posts.c.channel, latest).select_from(deliveries).join(posts)
    query = done.where(d.state == State.DELIVERED).group_by(posts.c.channel)
    return {row.channel: row.at for row in db.execute(query)}


def stopped(db: Connection) -> dict[str, Row[Any]]:
    """What is known of the channels that were ever paused, rested or kept to a rate, by name."""
    return {row.name: row for row in db.execute(select(channels))}
