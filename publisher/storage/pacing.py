"""Whether and when a channel may send: paused, resumed, kept to its rate."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, exists, or_, select

from publisher.storage.identity import fenced
from publisher.storage.posts import upsert
from publisher.storage.schema import channels, posts


def pause(db: Connection, channel: str, reason: str, *, at: datetime) -> bool:
    """Stop a channel until a person has seen to it; False when it was stopped already."""
    paused = db.scalar(select(channels.c.paused_at).where(channels.c.name == channel))
    touch(db, channel)
    row = channels.update().where(channels.c.name == channel)
    db.execute(row.values(paused_at=at, reason=reason))
    return paused is None


def known(db: Connection) -> dict[str, Row[Any]]:
    """What is written down of each channel: paused_at, reason, failures, open_until."""
    return {row.name: row for row in db.execute(select(channels))}


def resume(db: Connection, channel: str) -> None:
    """Let a channel go on that was paused, or that rests."""
    row = channels.update().where(channels.c.name == channel)
    db.execute(row.values(paused_at=None, reason="", failures=0, open_until=None))


def paused() -> ColumnElement[bool]:
    """The condition that a post or its channel is paused, or the whole store fenced."""
    stopped = exists().where(channels.c.name == posts.c.channel, channels.c.paused_at.is_not(None))
    return or_(posts.c.paused_at.is_not(None), stopped, fenced())


def is_taken(db: Connection, channel: str, *, until: datetime) -> bool:
    """Whether all slots of a channel's rate before a moment are others' already."""
    slot = select(channels.c.next_slot_at).where(channels.c.name == channel)
    return (db.scalar(slot) or until) > until


def reserve(db: Connection, channel: str, copies: int, *, rate: float, at: datetime) -> datetime:
    """Take the next `copies` slots of a channel's `rate` a second; when the first one is."""
    if not rate:
        return at
    touch(db, channel)
    row = select(channels.c.next_slot_at).where(channels.c.name == channel).with_for_update()
    start = max(at, db.scalar(row) or at)
    after = start + timedelta(seconds=copies / rate)
    db.execute(channels.update().where(channels.c.name == channel).values(next_slot_at=after))
    return start


def touch(db: Connection, channel: str) -> None:
    """Have a row for a channel."""
    row = upsert(db, channels).values(name=channel, reason="")
    db.execute(row.on_conflict_do_nothing())
