"""What was seen at each source, so that nothing is new twice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, func, select

from publisher.storage import changes
from publisher.storage.posts import upsert
from publisher.storage.schema import editions, sightings, sources
from publisher.storage.schema import renames as renamed


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """One edition at one source."""

    issue: str
    lang: str
    revision: str


Known = Mapping[tuple[str, str], str]  # revisions by issue and language


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What was seen at a source, None before a look that saw everything; at others; and planned.

    `out` is what was planned of late, `noted` what of that was seen to have changed. `renames`
    tells who files are, and `seen` which commit of the source was seen last.
    """

    here: Known | None
    elsewhere: Known
    planned: Known
    out: Known = field(default_factory=dict)
    noted: Known = field(default_factory=dict)
    renames: Known = field(default_factory=dict)
    seen: str = ""

    def knows(self, seen: Sighting) -> bool:
        """Whether an edition is known by identity or text, whatever its source is called."""
        place = (seen.issue, seen.lang)
        return place in self.elsewhere or place in self.planned or bool(self.same_text(seen))

    def same_text(self, seen: Sighting) -> str:
        """Another issue with this very text, "" where there is none."""
        place, text = (seen.issue, seen.lang), seen.revision
        every = (
            item
            for known in (self.here or {}, self.elsewhere, self.planned)
            for item in known.items()
        )
        return next((at[0] for at, was in every if text and was == text and at != place), "")


def known(db: Connection, source: str) -> Known | None:
    """Revisions by the (issue, lang) seen at a source; None before a look that saw everything."""
    looked = select(sources.c.first_look_at).where(sources.c.name == source)
    if db.scalar(looked) is None:
        return None
    c = sightings.c
    seen = db.execute(select(c.issue, c.lang, c.revision).where(c.source == source))
    return {(row.issue, row.lang): row.revision for row in seen}


def memory(db: Connection, source: str, *, since: datetime) -> Memory:
    """All that a look at a source should know; `out` is what was planned `since` then."""
    c, e = sightings.c, editions.c
    others = db.execute(select(c.issue, c.lang, c.revision).where(c.source != source))
    planned = db.execute(select(e.issue, e.lang, e.revision, e.planned_at)).all()
    return Memory(
        here=known(db, source),
        elsewhere={(row.issue, row.lang): row.revision for row in others},
        planned={(row.issue, row.lang): row.revision for row in planned},
        out={(row.issue, row.lang): row.revision for row in planned if row.planned_at >= since},
        noted=changes.revisions(db),
        renames=renames(db),
        seen=db.scalar(select(sources.c.seen).where(sources.c.name == source)) or "",
    )


def renames(db: Connection) -> Known:
    """Who a file is whose path tells (key, lang), where it was renamed."""
    c = renamed.c
    rows = db.execute(select(c.named, c.lang, c.issue))
    return {(row.named, row.lang): row.issue for row in rows}


def follow(db: Connection, source: str, named: str, lang: str, issue: str) -> None:
    """Remember that a file of an edition bears another name now."""
    row = {"source": source, "named": named, "lang": lang, "issue": issue}
    insert = upsert(db, renamed).values(row)
    keys = ["source", "named", "lang"]
    db.execute(insert.on_conflict_do_update(index_elements=keys, set_={"issue": issue}))


def seen_before(db: Connection, source: str) -> bool:
    """Whether anything was ever seen at a source."""
    return db.scalar(select(exists().where(sightings.c.source == source))) is True


def note(
    db: Connection,
    source: str,
    seen: Sighting,
    *,
    at: datetime,
    released: bool,
    held_back: str = "",
) -> bool:
    """Remember an edition; False when somebody else did first."""
    row = {
        "source": source,
        "issue": seen.issue,
        "lang": seen.lang,
        "revision": seen.revision,
        "seen_at": at,
        "released": released,
        "held_back": held_back,
    }
    insert = upsert(db, sightings).values(row).on_conflict_do_nothing()
    return db.execute(insert.returning(sightings.c.issue)).scalar() is not None


def looked(
    db: Connection,
    source: str,
    problems: Sequence[str],
    *,
    at: datetime,
    saw_all: bool,
    seen: str = "",
) -> None:
    """Remember that a source was looked at, what was wrong, and whether all of it was seen.

    `seen` is the commit that was, "" where there is none.
    """
    first = at if saw_all else None
    words = [problem.encode(errors="replace").decode() for problem in problems]  # odd file names
    row = {"name": source, "last_look_at": at, "problems": words, "first_look_at": first}
    again: dict[str, Any] = {
        "last_look_at": at,
        "problems": words,
        "first_look_at": func.coalesce(sources.c.first_look_at, first),
    }
    if seen:
        row["seen"] = again["seen"] = seen
    insert = upsert(db, sources).values(row)
    db.execute(insert.on_conflict_do_update(index_elements=["name"], set_=again))


def planned(db: Connection, seen: Sighting) -> bool:
    """Whether an edition was planned, by whomever."""
    c = editions.c
    wanted = select(c.issue).where(c.issue == seen.issue, c.lang == seen.lang)
    return db.execute(wanted).first() is not None


def held_back(db: Connection, *, since: datetime) -> list[tuple[str, str, str]]:
    """(source, issue, why) of what was kept from release and is not planned by now."""
    c = sightings.c
    planned = exists().where(editions.c.issue == c.issue, editions.c.lang == c.lang)
    rows = select(c.source, c.issue, c.held_back).where(
        c.held_back != "", c.seen_at >= since, ~planned
    )
    return [(row.source, row.issue, row.held_back) for row in db.execute(rows.order_by(c.issue))]
