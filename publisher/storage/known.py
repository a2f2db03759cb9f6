"""All that the store knows of one reader."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from publisher.storage import reader_log, subscribers, suppressions
from publisher.storage.schema import asks, bounces, deliveries, posts

Rows = Sequence[Any]
LATEST = 20  # deliveries that are told


@dataclass(frozen=True, kw_only=True)
class Suppression:
    """Why nothing is sent to an address, and since when."""

    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of one address. `reader` is None where nobody has it."""

    reader: Row[Any] | None
    suppression: Suppression | None
    events: Rows
    questions: Rows
    deliveries: Rows  # the latest first
    bounces: Rows


def of(db: Connection, key: str) -> Known:
    """All that is known of the reader with an address key."""
    reader = subscribers.by_key(db, key)
    sent = _deliveries(db, key) if reader else ()
    return Known(
        reader=reader,
        suppression=_suppression(db, key),
        events=reader_log.of(db, reader.id) if reader else (),
        questions=_questions(db, reader.id) if reader else (),
        deliveries=sent,
        bounces=_bounces(db, reader.id, [row.id for row in sent]) if reader else (),
    )


def _suppression(db: Connection, key: str) -> Suppression | None:
    at = suppressions.since(db, key)
    return Suppression(reason=suppressions.reason(db, key), at=at) if at else None


def _questions(db: Connection, reader: int) -> Rows:
    c = asks.c
    told = (c.asked_at, c.state, c.expires_at, c.confirmed_at, c.reason)
    return db.execute(select(*told).where(c.subscriber_id == reader).order_by(c.id)).all()


def _deliveries(db: Connection, key: str) -> Rows:
    c = deliveries.c
    told = (c.state, c.attempts, c.reason, c.changed_at, c.remote_id)
    # Post by post, since the only index on recipients begins with the post.
    theirs = select(c.id, posts.c.issue, posts.c.lang, posts.c.channel, *told).where(
        c.post_id.in_(select(posts.c.id)), c.recipient == key, posts.c.id == c.post_id
    )
    return db.execute(theirs.order_by(c.id.desc()).limit(LATEST)).all()


def _bounces(db: Connection, reader: int, sent: Sequence[int]) -> Rows:
    c = bounces.c
    theirs = or_(c.subscriber_id == reader, c.delivery_id.in_(sent))
    return db.execute(select(c.at, c.kind, c.status, c.words).where(theirs).order_by(c.id)).all()
