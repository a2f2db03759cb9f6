"""What programs elsewhere are to be told, written down with what happened, and who was told.

A notice is stored by the transaction that moves its delivery or takes its reader off the list, so
none is lost, and none tells of what did not happen.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, exists, func, literal, select

from publisher.domain.delivery import State
from publisher.storage.posts import upsert
from publisher.storage.schema import deliveries, listeners, notices, notified, posts, subscribers

TOLD_OF = (State.DELIVERED, State.REFUSED, State.HELD)
UNSUBSCRIBED = "unsubscribed"
LEASE = timedelta(minutes=2)  # of whoever tells one listener


def note(db: Connection, moved: ColumnElement[bool], now: State, *, at: datetime) -> None:
    """Write down that deliveries stand at `now`, where that is news; copies for readers are not."""
    if now not in TOLD_OF:
        return
    c = deliveries.c
    columns: dict[str, Any] = {
        "at": literal(at, notices.c.at.type),
        "event": literal(now.value),
        "delivery_id": c.id,
        "url": c.url,
        "words": c.reason,
    }
    news = select(*columns.values()).where(moved, c.state == now, c.recipient == "")
    db.execute(notices.insert().from_select(list(columns), news.order_by(c.id)))


def note_leaving(db: Connection, reader: int, *, at: datetime) -> None:
    """Write down that a reader left. Who it was is looked up when it is told: they may be gone."""
    row = {"at": at, "event": UNSUBSCRIBED, "subscriber_id": reader, "url": "", "words": ""}
    db.execute(notices.insert().values(row))


# --- who listens


def listen(db: Connection, channel: str) -> None:
    """Have a row for a listener; what was before it is not told."""
    last = db.scalar(select(func.max(notices.c.id))) or 0
    row = upsert(db, listeners).values(channel=channel, since=last, tries=0, trouble="")
    db.execute(row.on_conflict_do_nothing())


def claim(db: Connection, channel: str, *, at: datetime) -> Row[Any] | None:
    """Take a listener for a while: since, tries; None while another has it, or it has to rest."""
    c = listeners.c
    due = (c.channel == channel, (c.next_at.is_(None)) | (c.next_at <= at))
    update = listeners.update().where(*due).values(next_at=at + LEASE)
    return db.execute(update.returning(c.since, c.tries)).one_or_none()


def give_back(
    db: Connection, channel: str, *, next_at: datetime | None, tries: int, trouble: str
) -> None:
    """Let a listener be told again, from a moment on."""
    values = {"next_at": next_at, "tries": tries, "trouble": trouble}
    db.execute(listeners.update().where(listeners.c.channel == channel).values(values))


def untold(
    db: Connection, channel: str, events: Sequence[str], *, since: int, most: int
) -> Sequence[Row[Any]]:
    """The first notices that a listener wants and has not had, with all that is said of them."""
    c = notices.c
    told = exists().where(notified.c.notice_id == c.id, notified.c.channel == channel)
    query = (
        select(
            notices,
            posts.c.issue,
            posts.c.lang,
            posts.c.channel,
            posts.c.kind,
            deliveries.c.attempts,
            subscribers.c.address,
        )
        .outerjoin(deliveries, deliveries.c.id == c.delivery_id)
        .outerjoin(posts, posts.c.id == deliveries.c.post_id)
        .outerjoin(subscribers, subscribers.c.id == c.subscriber_id)
        .where(c.id > since, c.event.in_(events), ~told)
    )
    return db.execute(query.order_by(c.id).limit(most)).all()


def told(db: Connection, notice: int, channel: str, *, at: datetime) -> None:
    """Note that a listener has had a notice."""
    row = upsert(db, notified).values(notice_id=notice, channel=channel, at=at)
    db.execute(row.on_conflict_do_nothing())


def forget(db: Connection, *, before: datetime) -> int:
    """Drop notices of before a moment, told or not; how many."""
    old = select(notices.c.id).where(notices.c.at < before)
    db.execute(notified.delete().where(notified.c.notice_id.in_(old)))
    return db.execute(notices.delete().where(notices.c.at < before)).rowcount


def troubles(db: Connection) -> list[tuple[str, str]]:
    """(channel, words) of the listeners that could not be told lately."""
    c = listeners.c
    rows = db.execute(select(c.channel, c.trouble).where(c.trouble != "").order_by(c.channel))
    return [(row.channel, row.trouble) for row in rows]
