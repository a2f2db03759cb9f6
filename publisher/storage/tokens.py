"""What programs show to be let in: digests of it alone, never the thing itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from publisher.storage.posts import upsert
from publisher.storage.schema import tokens


@dataclass(frozen=True, kw_only=True)
class Token:
    """One program's way in, and what it may do there. None of `expires_at`: it never ends."""

    name: str
    digest: str
    role: str
    made_by: str
    made_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


def add(
    db: Connection,
    name: str,
    *,
    digest: str,
    role: str,
    made_by: str,
    at: datetime,
    expires_at: datetime | None,
) -> bool:
    """Write down a new one; False for a name that there is."""
    known = {"digest": digest, "role": role, "made_by": made_by}
    row = {"name": name, **known, "made_at": at, "expires_at": expires_at}
    insert = upsert(db, tokens).values(row).on_conflict_do_nothing()
    return db.execute(insert.returning(tokens.c.name)).first() is not None


def by_digest(db: Connection, digest: str) -> Token | None:
    row = db.execute(select(tokens).where(tokens.c.digest == digest)).one_or_none()
    return _token(row) if row else None


def every(db: Connection) -> list[Token]:
    return [_token(row) for row in db.execute(select(tokens).order_by(tokens.c.name))]


def use(db: Connection, name: str, *, at: datetime, before: datetime) -> None:
    """Note that one was used, unless that was noted since `before`."""
    c = tokens.c
    stale = or_(c.used_at.is_(None), c.used_at < before)
    db.execute(tokens.update().where(c.name == name, stale).values(used_at=at))


def remove(db: Connection, name: str) -> bool:
    return db.execute(tokens.delete().where(tokens.c.name == name)).rowcount == 1


def _token(row: Row[Any]) -> Token:
    return Token(
        name=row.name,
        digest=row.digest,
        role=row.role,
        made_by=row.made_by,
        made_at=row.made_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
    )
