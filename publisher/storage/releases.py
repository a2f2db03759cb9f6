"""Editions on their way from being seen to being planned on every channel."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from publisher.domain.plan import Facts
from publisher.storage.posts import upsert
from publisher.storage.schema import posts, releases

DAY = timedelta(days=1)
FACTS = (
    "seen_at",
    "dated",
    "live_at",
    "trouble",
    "held_at",
    "released_at",
    "cancelled_at",
    "agreed",
)


@dataclass(frozen=True, kw_only=True)
class Release:
    """One edition that waits, what is known of it, and how often its page was looked for."""

    issue: str
    lang: str
    facts: Facts
    looks: int = 0
    next_look_at: datetime | None = None
    done_at: datetime | None = None

    @property
    def waits(self) -> bool:
        """Whether it is not over."""
        return self.done_at is None and self.facts.cancelled_at is None


def add(db: Connection, issue: str, lang: str, *, dated: datetime, at: datetime) -> bool:
    """Let an edition wait for its release; False where it does already, or has been released.

    Its date counts only where no edition of the issue was planned: a translation may be late.
    """
    known = db.execute(select(posts.c.id).where(posts.c.issue == issue).limit(1)).first()
    row = {"issue": issue, "lang": lang, "seen_at": at, "dated": None if known else dated}
    insert = upsert(db, releases).values(row).on_conflict_do_nothing()
    return db.execute(insert.returning(releases.c.issue)).first() is not None


def waiting(db: Connection) -> list[Release]:
    """The editions that are not released on every channel, the first seen first."""
    c = releases.c
    open_ = select(releases).where(c.done_at.is_(None), c.cancelled_at.is_(None))
    return [_release(row) for row in db.execute(open_.order_by(c.seen_at, c.issue, c.lang))]


def of(db: Connection, issue: str) -> list[Release]:
    """The releases of an issue, by language, those that are over included."""
    c = releases.c
    return [_release(row) for row in db.execute(_all(issue).order_by(c.lang))]


def locked(db: Connection, issue: str, lang: str) -> Release | None:
    """One release; whoever else would go on with it waits until the transaction is over."""
    row = db.execute(_all(issue).where(releases.c.lang == lang).with_for_update()).first()
    return _release(row) if row else None


def note(db: Connection, issue: str, lang: str, **known: Any) -> None:
    """Write down what became known of a release: columns by name."""
    c = releases.c
    db.execute(releases.update().where(c.issue == issue, c.lang == lang).values(known))


def planned(db: Connection, issue: str, lang: str) -> Mapping[str, datetime]:
    """When an edition was planned, by channel."""
    c = posts.c
    rows = select(c.channel, c.planned_at).where(c.issue == issue, c.lang == lang)
    return {row.channel: row.planned_at for row in db.execute(rows)}


def of_a_day(db: Connection, *, at: datetime) -> Mapping[str, int]:
    """How many posts each channel was given within 24 hours."""
    c = posts.c
    rows = select(c.channel, func.count().label("posts")).where(c.planned_at > at - DAY)
    return {row.channel: row.posts for row in db.execute(rows.group_by(c.channel))}


def _all(issue: str) -> Any:
    return select(releases).where(releases.c.issue == issue)


def _release(row: Any) -> Release:
    facts = Facts(**{name: getattr(row, name) for name in FACTS})
    return Release(
        issue=row.issue,
        lang=row.lang,
        facts=facts,
        looks=row.looks,
        next_look_at=row.next_look_at,
        done_at=row.done_at,
    )
