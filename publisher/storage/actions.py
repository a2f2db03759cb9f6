"""What operators did, and who: lines that nobody changes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from publisher.storage.schema import actions


def note(
    db: Connection,
    by: str,
    did: str,
    *,
    at: datetime,
    issue: str = "",
    channel: str = "",
    words: str = "",
) -> None:
    """Write down that somebody did something, such as `retry`, and with which words."""
    row = {"at": at, "by": by, "did": did, "issue": issue, "channel": channel, "words": words}
    db.execute(actions.insert().values(row))


def numbered(db: Connection, id: int) -> Row[Any] | None:
    """One line; None where there is no such."""
    return db.execute(select(actions).where(actions.c.id == id)).one_or_none()


def of(db: Connection, issue: str) -> Sequence[Row[Any]]:
    """What was done about an issue, the first first."""
    return db.execute(select(actions).where(actions.c.issue == issue).order_by(actions.c.id)).all()


def latest(db: Connection, most: int) -> Sequence[Row[Any]]:
    """The last so many, the newest first."""
    return db.execute(select(actions).order_by(actions.c.id.desc()).limit(most)).all()
