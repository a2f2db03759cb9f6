"""Who gets nothing, whatever the lists say: kept by a keyed hash, apart from the readers."""

from datetime import datetime

from sqlalchemy import Connection, select

from publisher.storage.posts import upsert
from publisher.storage.schema import suppressions
from publisher.storage.secrets import digest

BOUNCED = "bounced"


def suppress(db: Connection, address_key: str, reason: str, *, at: datetime) -> None:
    """Send nothing to an address from now on.

    An earlier reason stays, but for bounces: they may prove wrong, a reader's own word does not.
    """
    c = suppressions.c
    row = upsert(db, suppressions).values(digest=digest(db, address_key), reason=reason, at=at)
    weaker = {"index_elements": [c.digest], "where": c.reason == BOUNCED}
    db.execute(row.on_conflict_do_update(set_={"reason": reason, "at": at}, **weaker))


def reason(db: Connection, address_key: str) -> str:
    """Why nothing is sent to an address; "" where nothing stands against it."""
    c = suppressions.c
    found: str | None = db.scalar(select(c.reason).where(c.digest == digest(db, address_key)))
    return found or ""


def since(db: Connection, address_key: str) -> datetime | None:
    """Since when nothing is sent to an address; None where nothing stands against it."""
    c = suppressions.c
    found: datetime | None = db.scalar(select(c.at).where(c.digest == digest(db, address_key)))
    return found


def lift(db: Connection, address_key: str) -> bool:
    """Let an address be written to again; False where nothing stood against it."""
    gone = suppressions.delete().where(suppressions.c.digest == digest(db, address_key))
    return db.execute(gone).rowcount == 1
