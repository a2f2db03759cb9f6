"""The circuits of channels to networks: who may begin an attempt, and when nobody may.

A circuit is closed (`open_until` is null), open (nothing begins before), or half-open (that time
has passed, and nobody has had an answer yet). Readers' copies have their own patience: `slow`.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, case, exists, literal, or_, select

from publisher.domain import circuit
from publisher.domain.delivery import SETTLING, WAITING, State
from publisher.storage.pacing import touch
from publisher.storage.schema import OPEN, Moment, channels, deliveries, posts

CHUNK = 500  # a statement takes only so many values
LONGEST_ATTEMPT = timedelta(minutes=5)  # a task's limit: who holds one longer is gone

_c = channels.c


def may_begin(db: Connection, channel: str, *, at: datetime) -> bool:
    """Whether one more attempt may begin on a channel.

    Who else asks about this channel waits until the transaction is over, so of many one begins.
    """
    touch(db, channel)
    row = select(_c.open_until).where(_c.name == channel).with_for_update()
    until = db.scalar(row)
    return (until is None or until <= at) and channel not in busy(db, at=at)


def busy(db: Connection, *, at: datetime) -> set[str]:
    """The channels on which as many attempts are under way as may be at once."""
    d = deliveries.c
    under_way = select(posts.c.channel).select_from(deliveries).join(posts)
    held = (d.state == State.SENDING, OPEN, d.recipient == "", d.changed_at > at - LONGEST_ATTEMPT)
    found = list(db.scalars(under_way.where(*held)))
    return {name for name in found if found.count(name) >= circuit.AT_ONCE}


def is_open(at: datetime) -> ColumnElement[bool]:
    """The condition that the circuit of a post's channel is open."""
    later = _c.open_until > literal(at, Moment)
    return exists().where(_c.name == posts.c.channel, later)


def failed(
    db: Connection, channel: str, *, asked: timedelta, words: str, at: datetime
) -> datetime | None:
    """Count a failure of the network's; until when the channel rests, if that is news.

    What ends late, while it rests already, changes nothing.
    """
    touch(db, channel)
    this = _c.name == channel
    row = db.execute(select(channels).where(this).with_for_update()).one()
    if row.open_until and row.open_until > at:
        return None
    pause = circuit.rest(row.failures + 1, asked=asked)
    until = at + pause if pause else None
    why = words if until and not row.paused_at else row.reason
    known = {"failures": row.failures + 1, "open_until": until, "reason": why}
    db.execute(channels.update().where(this).values(known))
    return until if row.open_until is None else None


def answered(db: Connection, channel: str) -> bool:
    """Note that the network does its part; True when that closes the circuit: see `hurry`."""
    this = _c.name == channel
    shut = channels.update().where(this, _c.open_until.is_not(None))
    probation = circuit.ON_PROBATION
    if db.execute(shut.values(open_until=None, failures=probation, reason=_reason())).rowcount:
        return True
    db.execute(channels.update().where(this, _c.failures > 0).values(failures=_c.failures // 2))
    return False


def is_well(db: Connection, channel: str) -> bool:
    """Whether nothing counts against a channel."""
    bad = or_(_c.failures > 0, _c.open_until.is_not(None), _c.paused_at.is_not(None))
    return db.scalar(select(_c.name).where(_c.name == channel, bad)) is None


def hurry(db: Connection, channel: str, *, at: datetime) -> None:
    """Let what waits for a network wait no longer, but for what may still be on its way there.

    In a transaction that holds no channel yet: who claims takes the delivery first.
    """
    d = deliveries.c
    theirs = d.post_id.in_(select(posts.c.id).where(posts.c.channel == channel))
    waits = (theirs, d.recipient == "", d.state.in_(WAITING), OPEN)
    late = select(d.id).where(*waits, d.next_attempt_at > at + SETTLING)
    ids = db.scalars(late.order_by(d.id).with_for_update(skip_locked=True)).all()
    soon = {"next_attempt_at": None, "hinted_at": None}
    for first in range(0, len(ids), CHUNK):
        chunk = d.id.in_(ids[first : first + CHUNK])
        db.execute(deliveries.update().where(chunk).values(soon))


def _reason() -> ColumnElement[str]:
    """The words of a person's pause stay, the circuit's go with it."""
    return case((_c.paused_at.is_not(None), _c.reason), else_="")
