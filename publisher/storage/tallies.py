"""How often something was done lately, against floods. Names are hashed, so nobody is listed."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, case, select

from publisher.storage.posts import upsert
from publisher.storage.schema import tallies
from publisher.storage.secrets import digest


def count(db: Connection, name: str, *, window: timedelta, at: datetime) -> int:
    """Count once more; how often that was in this window, which begins with the first time."""
    c = tallies.c
    over = c.since <= at - window
    insert = upsert(db, tallies).values(name=digest(db, name), since=at, count=1)
    again = insert.on_conflict_do_update(
        index_elements=["name"],
        set_={
            "since": case((over, at), else_=c.since),
            "count": case((over, 1), else_=c.count + 1),
        },
    )
    return int(db.scalar(again.returning(c.count)) or 1)


def counted(db: Connection, name: str, *, window: timedelta, at: datetime) -> int:
    """How often that was in this window; counts nothing."""
    c = tallies.c
    current = (c.name == digest(db, name), c.since > at - window)
    return int(db.scalar(select(c.count).where(*current)) or 0)


def drop(db: Connection, name: str) -> None:
    """Count anew from now on."""
    db.execute(tallies.delete().where(tallies.c.name == digest(db, name)))


def forget(db: Connection, *, before: datetime) -> int:
    """Drop the tallies that began before a moment; how many."""
    return db.execute(tallies.delete().where(tallies.c.since < before)).rowcount
