"""What programs were answered that said a thing with a key of their own, for a day."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from publisher.storage.posts import upsert
from publisher.storage.schema import answers

KEPT = timedelta(hours=24)
LEASE = timedelta(minutes=10)  # of whoever is at it: a killed process comes to no end


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What a key stands for: the request, hashed, and its answer; no `status`: not yet."""

    request: str
    status: int | None
    body: str
    at: datetime


def begin(db: Connection, key: str, request: str, *, at: datetime) -> Kept | None:
    """Take a key for a request; None where it is ours now, else what it stands for already.

    Who is at a request for longer than the lease has lost it to whoever asks again with it.
    """
    db.execute(answers.delete().where(answers.c.at < at - KEPT))
    row = {"key": key, "request": request, "status": None, "body": "", "at": at}
    insert = upsert(db, answers).values(row).on_conflict_do_nothing()
    if db.execute(insert.returning(answers.c.key)).first() is not None:
        return None
    c = answers.c
    lost = (c.key == key, c.request == request, c.status.is_(None), c.at <= at - LEASE)
    if db.execute(answers.update().where(*lost).values(at=at)).rowcount == 1:
        return None
    found = db.execute(select(answers).where(c.key == key)).one()
    return Kept(request=found.request, status=found.status, body=found.body, at=found.at)


def keep(db: Connection, key: str, *, status: int, body: str, at: datetime) -> None:
    """Write down the answer to what was begun at that time."""
    mine = answers.update().where(answers.c.key == key, answers.c.at == at)
    db.execute(mine.values(status=status, body=body))


def drop(db: Connection, key: str, *, at: datetime) -> None:
    """Give back a key whose request, begun at that time, changed nothing."""
    c = answers.c
    db.execute(answers.delete().where(c.key == key, c.at == at, c.status.is_(None)))
