"""Doubt over all that waits: what a store that was put back to an older day cannot know."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from publisher.domain.delivery import FAILED, State
from publisher.storage.deliveries import PERSON, is_open, move_all
from publisher.storage.schema import channels, deliveries, posts, sources

AT_ONCE = 5000  # deliveries of one transaction


def waiting(db: Connection) -> list[tuple[str, str, str, int]]:
    """(issue, channel, state, number) of what is not finished."""
    c, p = deliveries.c, posts.c
    named = (p.issue, p.channel, c.state)
    found = select(*named, func.count()).join_from(deliveries, posts).where(is_open())
    return [(*row,) for row in db.execute(found.group_by(*named).order_by(*named))]


def doubt_some(db: Connection, reason: str, *, at: datetime) -> int:
    """Put some of what was pending or in hand in doubt; how many deliveries, 0 once all are."""
    c = deliveries.c
    doubtful: dict[str, Any] = {"in_doubt": True, "forgiven": c.attempts}
    moved = 0
    for was in (State.PENDING, State.SENDING):
        some = select(c.id).where(c.state == was, is_open()).order_by(c.id).limit(AT_ONCE)
        ids = db.scalars(some).all()
        now = State.UNSURE
        moved += move_all(db, ids, was, now, at=at, reason=reason, worker=PERSON, **doubtful)
    return moved


def doubt_the_rest(db: Connection, *, at: datetime) -> None:
    """Let what is in doubt be looked for, and what failed before it is tried again.

    What is not there is looked for again after the settling time: the store that went on may be
    sending it right now.
    """
    c = deliveries.c
    unsure = deliveries.update().where(c.state == State.UNSURE, is_open())
    db.execute(unsure.values(marked_at=at))
    db.execute(deliveries.update().where(c.state.in_(FAILED)).values(in_doubt=True))


def take_all_as_seen(db: Connection) -> None:
    """Take what the sources show next as old news, as at first contact."""
    db.execute(sources.update().values(first_look_at=None))


def let_channels_rest(db: Connection) -> None:
    """Give up slots that were reserved in another life."""
    db.execute(channels.update().values(next_slot_at=None))
