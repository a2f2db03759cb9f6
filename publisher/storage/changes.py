"""Editions that say something else at their source than out there, and what was done about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from publisher.domain.correction import WITHDRAWN, Change
from publisher.storage.posts import upsert
from publisher.storage.schema import corrections

_c = corrections.c


@dataclass(frozen=True, kw_only=True)
class Noted:
    """One change: the source's `revision`, what it `asks` of a person, and how often it failed."""

    issue: str
    lang: str
    revision: str
    asks: str = ""
    trouble: str = ""
    tries: int = 0

    @property
    def is_withdrawn(self) -> bool:
        """Whether the edition is none any more."""
        return WITHDRAWN in self.asks


def see(db: Connection, change: Change, *, at: datetime, due: datetime, asks: str = "") -> None:
    """Note a change, to be carried when it is due; one that was noted as it is stays so."""
    place = {"issue": change.issue, "lang": change.lang}
    new: dict[str, Any] = {
        "revision": change.revision,
        "seen_at": at,
        "asks": asks,
        "trouble": "",
        "tries": 0,
        "next_at": due,
        "carried_at": at if change.is_silenced else None,
    }
    insert = upsert(db, corrections).values(place | new)
    other = insert.excluded.revision != _c.revision
    db.execute(
        insert.on_conflict_do_update(index_elements=["issue", "lang"], set_=new, where=other)
    )


def revisions(db: Connection) -> Mapping[tuple[str, str], str]:
    """What was noted of each edition last, by (issue, lang)."""
    rows = db.execute(select(_c.issue, _c.lang, _c.revision))
    return {(row.issue, row.lang): row.revision for row in rows}


def forget(db: Connection, issue: str, lang: str) -> None:
    """An edition says again what is out."""
    db.execute(corrections.delete().where(_c.issue == issue, _c.lang == lang))


def due(db: Connection, *, at: datetime) -> list[Noted]:
    """The changes that are to be carried now, the first seen first."""
    ready = (_c.carried_at.is_(None), _c.asks == "", _c.next_at <= at)
    return _noted(db, *ready)


def open_(db: Connection) -> list[Noted]:
    """The changes that are not carried."""
    return _noted(db, _c.carried_at.is_(None))


def _noted(db: Connection, *where: Any) -> list[Noted]:
    columns = (_c.issue, _c.lang, _c.revision, _c.asks, _c.trouble, _c.tries)
    rows = db.execute(select(*columns).where(*where).order_by(_c.seen_at, _c.issue, _c.lang))
    return [Noted(**row._mapping) for row in rows]


def claim(db: Connection, noted: Noted, *, at: datetime, until: datetime) -> bool:
    """Keep others from carrying it for a while; False where somebody was first."""
    still = (*_same(noted), _c.next_at <= at, _c.carried_at.is_(None))
    taken = db.execute(corrections.update().where(*still).values(next_at=until))
    return taken.rowcount == 1


def carried(db: Connection, issue: str, lang: str, revision: str, *, at: datetime) -> None:
    """All that could be carried of a revision has been."""
    same = (_c.issue == issue, _c.lang == lang, _c.revision == revision)
    done = {"carried_at": at, "asks": "", "trouble": ""}
    db.execute(corrections.update().where(*same).values(done))


def put_off(db: Connection, noted: Noted, *, until: datetime, trouble: str) -> None:
    """Try again later."""
    later = {"next_at": until, "trouble": trouble, "tries": noted.tries + 1}
    db.execute(corrections.update().where(*_same(noted)).values(later))


def ask(db: Connection, noted: Noted, words: str) -> None:
    """Leave it to a person."""
    db.execute(corrections.update().where(*_same(noted)).values(asks=words))


def leave(db: Connection, issue: str, *, at: datetime) -> list[str]:
    """Ask no more about the changes of an issue; the languages in which it was asked."""
    theirs = (_c.issue == issue, _c.carried_at.is_(None))
    done = {"carried_at": at, "asks": "", "trouble": ""}
    left = db.scalars(corrections.update().where(*theirs).values(done).returning(_c.lang))
    return sorted(left)


def ask_on(db: Connection, noted: Noted, words: str) -> None:
    """Leave to a person what is to be done on top, now that it is carried."""
    db.execute(corrections.update().where(*_same(noted)).values(asks=words, carried_at=None))


def _same(noted: Noted) -> tuple[Any, ...]:
    return _c.issue == noted.issue, _c.lang == noted.lang, _c.revision == noted.revision
