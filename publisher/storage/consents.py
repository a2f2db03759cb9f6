"""What one of two people wants done, until the other agrees."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from publisher.storage.posts import upsert
from publisher.storage.schema import consents

LASTS = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Something that two people have to want. `channel` is "" for all, `lang` for every edition."""

    did: str
    issue: str
    channel: str = ""
    lang: str = ""


@dataclass(frozen=True, kw_only=True)
class Consent:
    """One person's word. `content` is a hash of what it is about."""

    wanted: Wanted
    by: str
    at: datetime
    content: str


def locked(db: Connection, wanted: Wanted, *, at: datetime) -> Consent:
    """The word that was given; whoever else would give one waits for the end of the transaction.

    Nobody's (`by` is "") where there was none.
    """
    row = {**vars(wanted), "by": "", "at": at, "content": ""}
    insert = upsert(db, consents).values(row).on_conflict_do_nothing()
    while True:  # another may have used it up while we waited
        db.execute(insert)
        found = db.execute(select(consents).where(*_is(wanted)).with_for_update()).one_or_none()
        if found:
            return _consent(found)


def give(db: Connection, consent: Consent) -> None:
    """Write down a word, in place of the one that is locked."""
    known = {"by": consent.by, "at": consent.at, "content": consent.content}
    db.execute(consents.update().where(*_is(consent.wanted)).values(known))


def use_up(db: Connection, wanted: Wanted) -> None:
    """Forget a word that was acted upon."""
    db.execute(consents.delete().where(*_is(wanted)))


def withdraw(db: Connection, issue: str) -> None:
    """Forget every word about an issue."""
    db.execute(consents.delete().where(consents.c.issue == issue))


def waiting(db: Connection, *, at: datetime, issue: str | None = None) -> Sequence[Consent]:
    """The words that still count, of one issue or of all, the first first."""
    c = consents.c
    rows = select(consents).where(c.by != "", c.at > at - LASTS)
    if issue is not None:
        rows = rows.where(c.issue == issue)
    return [_consent(row) for row in db.execute(rows.order_by(c.at))]


def _is(wanted: Wanted) -> Any:
    return [consents.c[name] == value for name, value in vars(wanted).items()]


def _consent(row: Row[Any]) -> Consent:
    wanted = Wanted(did=row.did, issue=row.issue, channel=row.channel, lang=row.lang)
    return Consent(wanted=wanted, by=row.by, at=row.at, content=row.content)
