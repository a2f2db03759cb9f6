"""The processes at work, each with its last sign of life."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from publisher.domain.delivery import State
from publisher.storage.deliveries import is_open
from publisher.storage.posts import upsert
from publisher.storage.schema import asks, deliveries, workers

LIVELY = timedelta(seconds=60)  # a sign as old as that is of somebody at work
REMEMBERED = timedelta(days=1)  # after that nobody asks any more who it was


@dataclass(frozen=True, kw_only=True)
class Sign:
    """A process and its last sign of life. `name` is its own as long as it runs."""

    name: str
    role: str  # worker, questions, schedule …
    host: str
    version: str  # of the program
    started_at: datetime
    beat_at: datetime


def beat(
    db: Connection,
    name: str,
    *,
    role: str,
    host: str,
    version: str,
    started_at: datetime,
    at: datetime,
) -> None:
    """Note that a process lives; its first sign lets those long gone be forgotten."""
    row = upsert(db, workers).values(
        name=name, role=role, host=host, version=version, started_at=started_at, beat_at=at
    )
    again = {"beat_at": at, "started_at": started_at, "version": version}
    known = db.scalar(select(workers.c.name).where(workers.c.name == name))
    db.execute(row.on_conflict_do_update(index_elements=["name"], set_=again))
    if known is None:
        db.execute(workers.delete().where(workers.c.beat_at < at - REMEMBERED))


def known(db: Connection) -> list[Sign]:
    """The last sign of everybody who has not been forgotten, the newest first."""
    rows = db.execute(select(workers).order_by(workers.c.beat_at.desc(), workers.c.name))
    return [Sign(**row._mapping) for row in rows]


def alive(db: Connection, *, at: datetime) -> list[Sign]:
    """Who gave a sign of life lately, the newest first."""
    return [sign for sign in known(db) if sign.beat_at > at - LIVELY]


def is_busy(db: Connection) -> bool:
    """Whether anything is in a worker's hands, so that its next sign may take a while."""
    sending = deliveries.c.state == State.SENDING
    copies = select(deliveries.c.id).where(sending, is_open()).limit(1)
    return db.scalar(copies) is not None or _asks(db)


def _asks(db: Connection) -> bool:
    held = select(asks.c.id).where(asks.c.state == State.SENDING).limit(1)
    return db.scalar(held) is not None
