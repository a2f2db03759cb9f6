"""Looking at the source: what is new there is released, once; what was there is old news."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine

from publisher import publishing
from publisher.config import Settings, Source
from publisher.domain.issue import BadSource, Edition
from publisher.publishing import Clock, utcnow
from publisher.registry import Configured
from publisher.rendering.reading import identity, read_edition
from publisher.sources import folder, git
from publisher.sources.folder import SourceTrouble
from publisher.storage import sightings
from publisher.storage.engine import reading
from publisher.storage.sightings import Sighting

AT_MOST = 5  # new issues in one look; more means that something moved, so a person decides
STEADY = 2.0  # seconds since the last change before a file counts as written


@dataclass
class Look:
    """What one look at a source found."""

    new: list[Edition] = field(default_factory=list)
    old: list[Sighting] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def named(source: Source) -> str:
    """What tells one source from another: another place is a first contact."""
    place = f"{source.url}@{source.branch}:{source.path}" if source.url else str(source.path)
    return f"{source.kind}:{place}:{source.include}"


def places(settings: Settings) -> tuple[Path | None, Path | None]:
    """(folder of issues, static folder) on this machine, as of the last look."""
    source = settings.source
    if source is None:
        return None, None
    root = settings.state / "source" if source.kind == "git" else Path()
    return root / source.path, root / source.static if source.static else None


def editions(settings: Settings, key: str) -> list[Edition]:
    """The editions of one issue in the source's folder. Raises BadSource, SourceTrouble."""
    root, static = places(settings)
    if root is None or settings.source is None:
        return []
    found = [
        path
        for path in folder.files(root, settings.source.include)
        if identity(path, root=root, default_language=settings.site.language)[0] == key
    ]
    return [read_edition(path, root=root, site=settings.site, static=static) for path in found]


def look(
    settings: Settings,
    *,
    engine: Engine,
    channels: Mapping[str, Configured],
    now: Clock = utcnow,
) -> int:
    """Look at the source once, and plan what is new; how many deliveries that made.

    The first look at a source takes all that is there as old news. Any number of looks may run
    at once. Trouble is remembered for `publisher status`, and what is well goes on.
    """
    source = settings.source
    if source is None:
        return 0
    name = named(source)
    with reading(engine) as db:
        known = sightings.known(db, name)
    found = _found(settings, source, known, now())
    with engine.begin() as db:
        sightings.looked(db, name, found.problems, at=now())
        for seen in found.old:
            sightings.note(db, name, seen, at=now(), released=False)
        released = [e for e in found.new if _mine(db, name, e, now())]
        return publishing.plan(released, db=db, channels=channels, at=now())


def _mine(db: Connection, name: str, edition: Edition, at: datetime) -> bool:
    seen = Sighting(issue=edition.key, lang=edition.lang, revision=edition.revision)
    return sightings.note(db, name, seen, at=at, released=True)


def _found(
    settings: Settings, source: Source, known: set[tuple[str, str]] | None, at: datetime
) -> Look:
    found = Look()
    try:
        if source.kind == "git":
            git.checkout(source.url, source.branch, settings.state / "source")
        root, _ = places(settings)
        paths = folder.files(root or source.path, source.include)
    except SourceTrouble as error:
        found.problems.append(str(error))
        return found
    for path in paths:
        key, lang = identity(path, root=root, default_language=settings.site.language)
        if known is None:
            seen = Sighting(issue=key, lang=lang, revision="")
            _take_as_old(found, seen, _reader(settings, path), at)
        elif (key, lang) not in known and _steady(path):
            _take_as_new(found, _reader(settings, path), at)
    _stop_floods(found)
    return found


def _steady(path: Path) -> bool:
    """Whether a file has been left alone for a moment: an editor may be half-way through."""
    return time.time() - path.stat().st_mtime >= STEADY


Read = Callable[[], Edition]


def _reader(settings: Settings, path: Path) -> Read:
    root, static = places(settings)
    return lambda: read_edition(path, root=root, site=settings.site, static=static)


def _take_as_old(found: Look, seen: Sighting, read: Read, at: datetime) -> None:
    try:
        edition = read()
        if edition.draft or edition.date > at:
            return  # not published yet, so it can become news
        seen = replace(seen, revision=edition.revision)
    except BadSource as error:
        found.problems.append(str(error))
    found.old.append(seen)


def _take_as_new(found: Look, read: Read, at: datetime) -> None:
    try:
        edition = read()
    except BadSource as error:
        found.problems.append(str(error))
        return
    same = [e.path for e in found.new if (e.key, e.lang) == (edition.key, edition.lang)]
    if same:
        path = edition.path
        found.problems.append(f"{path}: is the same edition as {same[0]}; rename one of them")
    elif not edition.draft and edition.date <= at:
        found.new.append(edition)


def _stop_floods(found: Look) -> None:
    keys: Sequence[str] = sorted({edition.key for edition in found.new})
    if len(keys) > AT_MOST:
        found.problems.append(
            f"{len(keys)} new issues at once ({', '.join(keys[:3])}, …): nothing was sent;"
            " say `publisher publish ISSUE` for those that are meant"
        )
        found.new.clear()
