"""What was seen at each source, so that nothing is new twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from publisher.storage.posts import upsert
from publisher.storage.schema import sightings, sources


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """One edition at one source."""

    issue: str
    lang: str
    revision: str


def known(db: Connection, source: str) -> set[tuple[str, str]] | None:
    """The (issue, lang) pairs seen at a source before; None when it was never looked at."""
    looked = select(func.count()).select_from(sources).where(sources.c.name == source)
    if not db.scalar(looked):
        return None
    pairs = select(sightings.c.issue, sightings.c.lang).where(sightings.c.source == source)
    return {(issue, lang) for issue, lang in db.execute(pairs)}


def note(db: Connection, source: str, seen: Sighting, *, at: datetime, released: bool) -> bool:
    """Remember an edition; False when somebody else did first."""
    row = {
        "source": source,
        "issue": seen.issue,
        "lang": seen.lang,
        "revision": seen.revision,
        "seen_at": at,
        "released": released,
    }
    insert = upsert(db, sightings).values(row).on_conflict_do_nothing()
    return db.execute(insert.returning(sightings.c.issue)).scalar() is not None


def looked(db: Connection, source: str, problems: Sequence[str], *, at: datetime) -> None:
    """Remember that a source was looked at, and what was wrong there."""
    row = {"name": source, "first_look_at": at, "last_look_at": at, "problems": list(problems)}
    again = {"last_look_at": at, "problems": list(problems)}
    insert = upsert(db, sources).values(row)
    db.execute(insert.on_conflict_do_update(index_elements=["name"], set_=again))
