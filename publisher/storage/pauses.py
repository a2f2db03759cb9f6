"""Posts that a person has stopped: paused, cancelled, or let go on."""

from datetime import datetime

from sqlalchemy import Connection, select

from publisher.domain.delivery import State
from publisher.storage.deliveries import PERSON, is_open, move_all
from publisher.storage.schema import deliveries, posts

PAUSED = "paused by a person"
CANCELLED = "cancelled by a person"


def pause(db: Connection, issue: str, channel: str, *, at: datetime) -> None:
    """Begin nothing more of an issue on a channel. What is in hand is finished or given back."""
    _say(db, issue, channel, paused_at=at)


def cancel(db: Connection, issue: str, channel: str, *, at: datetime) -> int:
    """Pause it, and skip what is not begun; how many deliveries that met.

    What is given back later is skipped by `skip_cancelled`; what is in doubt stays so.
    """
    _say(db, issue, channel, paused_at=at, cancelled_at=at)
    return skip_cancelled(db, at=at)


def resume(db: Connection, issue: str, channel: str) -> None:
    """Let it go on where it was. What was skipped stays so."""
    _say(db, issue, channel, paused_at=None, cancelled_at=None, hinted_at=None)


def skip_cancelled(db: Connection, *, at: datetime) -> int:
    """Skip what waits of cancelled posts; how many deliveries."""
    stopped = select(posts.c.id).where(posts.c.cancelled_at.is_not(None))
    c = deliveries.c
    waits = (c.post_id.in_(stopped), c.state == State.PENDING, is_open())
    ids = db.scalars(select(c.id).where(*waits).order_by(c.id)).all()
    was, now = State.PENDING, State.SKIPPED
    return move_all(db, ids, was, now, at=at, reason=CANCELLED, worker=PERSON)


def _say(db: Connection, issue: str, channel: str, **values: datetime | None) -> None:
    theirs = (posts.c.issue == issue, posts.c.channel == channel)
    db.execute(posts.update().where(*theirs).values(values))
