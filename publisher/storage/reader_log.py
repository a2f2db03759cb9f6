"""What a reader said, and what was learnt of them: appended, never changed, but forgotten."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from publisher.domain.subscriber import Event
from publisher.storage.schema import reader_log


def note(
    db: Connection,
    subscriber_id: int,
    event: Event,
    *,
    at: datetime,
    how: str = "",
    place: str = "",
    words: str = "",
) -> None:
    """Write down what happened, how (form, link, operator …), and from where."""
    row = {"subscriber_id": subscriber_id, "at": at, "event": event}
    db.execute(reader_log.insert().values(row | {"how": how, "place": place, "words": words}))


def of(db: Connection, subscriber_id: int) -> Sequence[Row[Any]]:
    """All that is known of a reader, oldest first."""
    theirs = select(reader_log).where(reader_log.c.subscriber_id == subscriber_id)
    return db.execute(theirs.order_by(reader_log.c.id)).all()


def consents(db: Connection, subscriber_ids: Sequence[int]) -> Mapping[int, Row[Any]]:
    """How those of these readers joined who did, the last time, by their number."""
    c = reader_log.c
    theirs = (c.subscriber_id.in_(subscriber_ids), c.event == Event.JOINED)
    last = select(func.max(c.id)).where(*theirs).group_by(c.subscriber_id)
    rows = db.execute(select(reader_log).where(c.id.in_(last)))
    return {row.subscriber_id: row for row in rows}
