"""Which store this is: its name, where it lies, how old it is, and whether it may send."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, select

from publisher.storage import homes
from publisher.storage.homes import Home
from publisher.storage.posts import upsert
from publisher.storage.schema import delivery_log, identity

EPOCH = 1_000_000_000  # an adopted store is older than any witness of its former life


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What a store knows of itself.

    `age` only grows. From `fenced_at` on it sends nothing, for a `reason`. What was sent between
    `forgot_since` and `adopted_at` it may not know.
    """

    name: str
    home: Home
    age: int
    made_at: datetime
    fenced_at: datetime | None = None
    reason: str = ""
    forgot_since: datetime | None = None
    adopted_at: datetime | None = None


def known(db: Connection) -> Identity | None:
    """What the store knows of itself; None before anybody asked."""
    row = db.execute(select(identity)).one_or_none()
    if row is None:
        return None
    told = {key: value for key, value in row._mapping.items() if key != "id"}
    return Identity(**{**told, "home": homes.read(row.home)})


def make(db: Connection, home: Home, *, at: datetime) -> None:
    """Give a store a name, unless it has one."""
    row = {"id": 1, "name": secrets.token_hex(8), "home": str(home), "age": 1, "made_at": at}
    db.execute(upsert(db, identity).values(row | {"reason": ""}).on_conflict_do_nothing())


def fence(db: Connection, reason: str, *, at: datetime) -> bool:
    """Let it send nothing until a person says that it is the one; False when it was so already."""
    free = identity.update().where(identity.c.fenced_at.is_(None))
    return db.execute(free.values(fenced_at=at, reason=reason)).rowcount == 1


def fenced() -> ColumnElement[bool]:
    """The condition that the store may send nothing."""
    return exists(select(identity.c.id).where(identity.c.fenced_at.is_not(None)))


def move(db: Connection, home: Home) -> None:
    """Note where it lies now."""
    db.execute(identity.update().values(home=str(home)))


def grow(db: Connection) -> int:
    """Make it older; how old it is now."""
    older = identity.update().values(age=identity.c.age + 1).returning(identity.c.age)
    return db.scalar(older) or 0


def lift(db: Connection, home: Home, *, age: int) -> int:
    """Let it send again, from this home, at an age above `age`; the new one."""
    free: dict[str, Any] = {"fenced_at": None, "reason": "", "home": str(home)}
    row = identity.update().values(age=age + EPOCH, **free).returning(identity.c.age)
    return int(db.scalars(row).one())


def forget(db: Connection, *, since: datetime) -> None:
    """Note since when things may have been sent that are not written here …"""
    db.execute(identity.update().values(forgot_since=since))


def adopted(db: Connection, *, at: datetime) -> None:
    """… and until when: from now on all is."""
    db.execute(identity.update().values(adopted_at=at))


def gap_since(db: Connection) -> datetime:
    """Since when a store may not know: as its backup says, or since the last thing in its log."""
    me = known(db)
    return _told(me) or last_word(db) or (me.made_at if me else datetime.now(UTC))


def _told(me: Identity | None) -> datetime | None:
    """What a fenced store that nobody has adopted yet was told of since when it forgets."""
    if me is None or me.fenced_at is None or me.forgot_since is None:
        return None
    adopted = me.adopted_at and me.adopted_at >= me.forgot_since
    return None if adopted else me.forgot_since


def mark_backup(db: Connection, *, at: datetime) -> None:
    """Note in a copy that it is one: it knows nothing from now on, and sends nothing."""
    since = _told(known(db)) or at
    _uproot(db, f"it is a backup of {since:%Y-%m-%d %H:%M} UTC", since=since, at=at)


def mark_restored(db: Connection, name: str, *, at: datetime) -> datetime:
    """Note in a store that it came out of a file of that name; since when it knows nothing."""
    since = gap_since(db)
    _uproot(db, f"it was restored from {name}, of {since:%Y-%m-%d %H:%M} UTC", since=since, at=at)
    return since


def _uproot(db: Connection, reason: str, *, since: datetime, at: datetime) -> None:
    make(db, Home(), at=at)
    fenced: dict[str, Any] = {"fenced_at": at, "reason": reason, "forgot_since": since}
    db.execute(identity.update().values(home="", **fenced))


def last_word(db: Connection) -> datetime | None:
    """The moment of the last thing that was written down of any delivery."""
    latest = select(func.max(delivery_log.c.id)).scalar_subquery()
    return db.scalar(select(delivery_log.c.at).where(delivery_log.c.id == latest))
