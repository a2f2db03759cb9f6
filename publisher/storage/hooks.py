"""Hooks that were heard, so that none counts twice, and looks that were asked for."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from publisher.storage.posts import upsert
from publisher.storage.schema import asked_looks, heard_hooks

REMEMBERED = timedelta(days=30)
MOST = 10_000  # calls that are remembered for one source
PATIENCE = timedelta(seconds=60)  # then a look that was asked for and never began is asked for anew


def is_new(db: Connection, source: str, marks: Sequence[str], *, at: datetime) -> bool:
    """Remember a call; False where any of its marks was heard before."""
    c = heard_hooks.c
    rows = [{"source": source, "mark": mark, "heard_at": at} for mark in sorted(marks)]
    insert = upsert(db, heard_hooks).values(rows).on_conflict_do_nothing().returning(c.mark)
    is_news = len(db.scalars(insert).all()) == len(rows)
    _forget(db, source, at)
    return is_news


def _forget(db: Connection, source: str, at: datetime) -> None:
    c = heard_hooks.c
    theirs = c.source == source
    newest = select(c.heard_at).where(theirs).order_by(c.heard_at.desc()).offset(MOST).limit(1)
    beyond = db.scalar(newest)
    until = max(at - REMEMBERED, beyond) if beyond else at - REMEMBERED
    db.execute(delete(heard_hooks).where(theirs, c.heard_at <= until))


def ask(db: Connection, source: str, *, at: datetime) -> bool:
    """Ask for a look; False where one is asked for that has not begun yet."""
    c = asked_looks.c
    insert = upsert(db, asked_looks).values(source=source, asked_at=at)
    asked = insert.on_conflict_do_update(
        index_elements=["source"], set_={"asked_at": at}, where=c.asked_at <= at - PATIENCE
    )
    return db.execute(asked.returning(c.source)).first() is not None


def begun(db: Connection) -> None:
    """A look begins: whatever is asked for from now on is for another."""
    db.execute(delete(asked_looks))
