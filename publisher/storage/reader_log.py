"""What a reader said, and what was learnt of them: appended, never changed, but forgotten."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

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
