"""Who may see the operators' pages, and what they may do there."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from publisher.storage.posts import upsert
from publisher.storage.schema import users


@dataclass(frozen=True, kw_only=True)
class User:
    """One person. `session` is in every session of theirs; once it changes these are over."""

    name: str
    role: str
    session: str
    made_at: datetime
    seen_at: datetime | None


def add(db: Connection, name: str, *, at: datetime, **values: str | None) -> bool:
    """Write down somebody new: role, password, session, subject; False for a name that there is."""
    row = {"name": name, "made_at": at, **values}
    insert = upsert(db, users).values(row).on_conflict_do_nothing()
    return db.execute(insert.returning(users.c.name)).first() is not None


def known(db: Connection, name: str) -> User | None:
    row = db.execute(select(users).where(users.c.name == name)).one_or_none()
    return _user(row) if row else None


def of_subject(db: Connection, subject: str) -> User | None:
    """Who is known to an OpenID provider by that name."""
    row = db.execute(select(users).where(users.c.subject == subject)).one_or_none()
    return _user(row) if row else None


def password(db: Connection, name: str) -> str:
    """The hash of somebody's password, "" for a name that there is not."""
    return str(db.scalar(select(users.c.password).where(users.c.name == name)) or "")


def change(db: Connection, name: str, **values: Any) -> bool:
    """Change what is known of somebody; False for a name that there is not."""
    return db.execute(users.update().where(users.c.name == name).values(values)).rowcount == 1


def remove(db: Connection, name: str) -> bool:
    return db.execute(users.delete().where(users.c.name == name)).rowcount == 1


def everybody(db: Connection) -> list[User]:
    return [_user(row) for row in db.execute(select(users).order_by(users.c.name))]


def _user(row: Row[Any]) -> User:
    return User(
        name=row.name,
        role=row.role,
        session=row.session,
        made_at=row.made_at,
        seen_at=row.seen_at,
    )
