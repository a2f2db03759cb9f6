"""Bounces that were noted and not yet weighed: whose they are, and what they add up to."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, or_, select, update

from publisher.domain.bounce import BLAMES, STANDING, Kind, Verdict
from publisher.domain.delivery import State
from publisher.domain.subscriber import Event, Standing
from publisher.storage.bounces import BOUNCED
from publisher.storage.schema import bounces, deliveries, posts, reader_log, subscribers

SENT = (State.DELIVERED, State.REFUSED)
LOOKED_BACK = 100  # posts
AT_ONCE = 25  # bounces of one transaction: others want to write, too


def places(db: Connection) -> list[tuple[str, str]]:
    """The (issue, channel) pairs that bounces wait to be weighed for."""
    query = select(posts.c.issue, posts.c.channel).distinct().select_from(bounces)
    found = query.join(deliveries).join(posts).where(bounces.c.verdict == Verdict.OPEN)
    return [(issue, channel) for issue, channel in db.execute(found)]


def numbers(db: Connection, issue: str, channel: str) -> tuple[int, int]:
    """How many copies of an issue came back, and how many were sent at all."""
    bounced = _of(select(func.count(bounces.c.delivery_id.distinct())), issue, channel)
    sent = select(func.count()).select_from(deliveries).join(posts)
    here = (posts.c.issue == issue, posts.c.channel == channel)
    copies = db.scalar(
        sent.where(*here, deliveries.c.recipient != "", deliveries.c.state.in_(SENT))
    )
    return db.scalar(bounced) or 0, copies or 0


def _of(query: Select[Any], issue: str, channel: str) -> Select[Any]:
    joined = query.select_from(bounces).join(deliveries).join(posts)
    here = (posts.c.issue == issue, posts.c.channel == channel)
    return joined.where(*here, bounces.c.kind.in_(BLAMES))


def judge(db: Connection, issue: str, channel: str, verdict: Verdict) -> int:
    """Give all bounces of an issue one verdict; how many had another before."""
    theirs = _of(select(bounces.c.id), issue, channel).where(bounces.c.verdict != verdict)
    change = update(bounces).where(bounces.c.id.in_(theirs)).values(verdict=verdict)
    return db.execute(change, execution_options={"synchronize_session": False}).rowcount


def has(db: Connection, issue: str, channel: str, verdict: Verdict) -> bool:
    """Whether any bounce of an issue has this verdict."""
    found = _of(select(bounces.c.id), issue, channel).where(bounces.c.verdict == verdict).limit(1)
    return db.scalar(found) is not None


def _whole() -> Select[Any]:
    b = bounces.c
    wanted = [b.id, b.subscriber_id, b.kind, b.status, b.words, posts.c.issue]
    query = select(*wanted, deliveries.c.recipient).select_from(bounces)
    return query.join(deliveries).join(posts)


def ripe(db: Connection, *, before: datetime) -> Sequence[Row[Any]]:
    """Some bounces noted before a moment that nobody has weighed, the oldest first.

    Each with `id`, `subscriber_id`, `kind`, `words`, and the `issue` and `recipient` it is of.
    """
    b = bounces.c
    due = _whole().where(b.verdict == Verdict.OPEN, b.at <= before)
    return db.execute(due.order_by(b.at, b.id).limit(AT_ONCE)).all()


def set_aside(db: Connection, issue: str, channel: str) -> Sequence[Row[Any]]:
    """The bounces of an issue that are held against nobody, as `ripe` gives them."""
    here = (posts.c.issue == issue, posts.c.channel == channel)
    query = _whole().where(*here, bounces.c.verdict == Verdict.ASIDE)
    return db.execute(query.order_by(bounces.c.id)).all()


def numbers_aside(db: Connection, issue: str) -> list[tuple[str, int]]:
    """How many bounces of an issue are held against nobody, by channel."""
    b = bounces.c
    number = func.count(b.id)
    query = select(posts.c.channel, number).select_from(bounces).join(deliveries).join(posts)
    here = (posts.c.issue == issue, b.verdict == Verdict.ASIDE)
    found = db.execute(query.where(*here).group_by(posts.c.channel).order_by(posts.c.channel))
    return [(channel, count) for channel, count in found]


def decide(db: Connection, id: int, verdict: Verdict) -> None:
    """Give one bounce its verdict."""
    db.execute(bounces.update().where(bounces.c.id == id).values(verdict=verdict))


def history(db: Connection, recipient: str, subscriber_id: int) -> list[Kind | None]:
    """What came back of the issues that a reader was sent since they joined last.

    The oldest first, up to the last that came back. What is set aside did not come back.
    """
    c, b = deliveries.c, bounces.c
    latest = select(posts.c.id).order_by(posts.c.id.desc()).limit(LOOKED_BACK)
    told = (b.delivery_id == c.id) & b.kind.in_(BLAMES) & b.verdict.in_(STANDING)
    query = (
        select(posts.c.issue, b.kind).select_from(deliveries).join(posts).outerjoin(bounces, told)
    )
    theirs: list[ColumnElement[bool]] = [
        c.post_id.in_(list(db.scalars(latest))),
        c.recipient == recipient,
    ]
    was_sent = or_(c.state.in_(SENT), b.kind.is_not(None))
    joined = _joined(db, subscriber_id)
    if joined:
        theirs.append(c.changed_at >= joined)
    found = db.execute(query.where(*theirs, was_sent).order_by(posts.c.id))
    return _by_issue((issue, kind) for issue, kind in found)


def _joined(db: Connection, subscriber_id: int) -> datetime | None:
    c = reader_log.c
    joined = select(func.max(c.at, type_=c.at.type))
    found: datetime | None = db.scalar(
        joined.where(c.subscriber_id == subscriber_id, c.event == Event.JOINED)
    )
    return found


def _by_issue(found: Iterable[tuple[str, str | None]]) -> list[Kind | None]:
    """The worst of each issue, without those after the last that came back."""
    worst: dict[str, Kind | None] = {}
    for issue, kind in found:
        kinds = [k for k in (worst.get(issue), kind and Kind(kind)) if k]
        worst[issue] = min(kinds, key=BLAMES.index, default=None)
    told = list(worst.values())
    while told and told[-1] is None:
        told.pop()
    return told


def stopped_by(db: Connection, issue: str) -> Sequence[Row[Any]]:
    """The readers whose last word in the log is that this issue's bounce stopped them."""
    c = reader_log.c
    later = reader_log.alias()
    newest = select(func.max(later.c.id)).where(later.c.subscriber_id == subscribers.c.id)
    last = newest.correlate(subscribers).scalar_subquery()
    query: Select[Any] = select(subscribers.c.id, subscribers.c.address_key).select_from(
        subscribers
    )
    query = query.join(reader_log, c.id == last)
    here = (c.event == Event.STOPPED, c.how == BOUNCED, c.place == issue)
    return db.execute(query.where(subscribers.c.state == Standing.STOPPED, *here)).all()
