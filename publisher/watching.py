"""Looking at the source: what is new there is released, once; what was there is old news."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Engine

from publisher import changes, linting, publishing, releasing
from publisher.changes import Changes
from publisher.config import Settings, Source
from publisher.domain.issue import BadSource, Edition, Finding
from publisher.domain.lint import grave
from publisher.novelty import (
    Look,
    keep_orphans,
    sighting,
    stop_floods,
    take_as_new,
    take_as_old,
    take_once_steady,
    why_held,
)
from publisher.publishing import ARCHIVE, Clock, utcnow
from publisher.registry import Configured, kinds
from publisher.rendering.names import identity
from publisher.rendering.reading import read_edition
from publisher.sources import folder, git
from publisher.sources.folder import SourceTrouble
from publisher.storage import sightings
from publisher.storage.engine import reading
from publisher.storage.sightings import Memory, Sighting


class Twins(SourceTrouble):
    """Two files that are the same edition."""


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
    root, _ = places(settings)
    if root is None or settings.source is None:
        return []
    found: dict[str, Path] = {}
    for path in folder.files(root, settings.source.include):
        with suppress(BadSource):  # another file's trouble
            named, lang = _identity(settings, path, root)
            if named == key and lang in found:
                raise Twins(f"{path}: is the same edition as {found[lang]}; rename one of them")
            if named == key:
                found[lang] = path
    return [read(settings, path) for path in found.values()]


def edition(settings: Settings, key: str, lang: str) -> Edition | None:
    """One edition as the source has it now, looked over; None where none can be read."""
    try:
        there = [found for found in editions(settings, key) if found.lang == lang]
    except (BadSource, SourceTrouble):
        return None
    return next(iter(looked_over(settings, there, at=utcnow())), None)


def stopped_by(settings: Settings, edition: Edition, channels: Mapping[str, Configured]) -> str:
    """Why an edition that was looked over cannot go out, in words; "" where it can."""
    found = errors(settings, edition, channels)
    return _told(edition, found) if found else ""


def read(settings: Settings, path: Path) -> Edition:
    """The edition in a file, as this site means it. Raises BadSource."""
    root, static = places(settings)
    return read_edition(path, root=root, site=settings.site, static=static, habits=settings.habits)


def _identity(settings: Settings, path: Path, root: Path | None) -> tuple[str, str]:
    return identity(
        path, root=root, default_language=settings.site.language, habits=settings.habits
    )


def looked_over(settings: Settings, found: Sequence[Edition], *, at: datetime) -> list[Edition]:
    """The editions with all that is odd about them, by the rules of `[lint]`."""
    root, _ = places(settings)
    return linting.looked_over(
        found,
        rules=settings.lint,
        root=root,
        habits=settings.habits,
        channels={ARCHIVE, *settings.channels, *kinds()},
        at=at,
    )


def errors(
    settings: Settings, edition: Edition, channels: Mapping[str, Configured]
) -> tuple[Finding, ...]:
    """What stops a publication of an edition that was looked over, its posts included."""
    found = list(edition.warnings)
    for channel in channels.values():
        if edition.lang in channel.languages:
            post, _ = publishing.written(edition, channel)
            found += linting.of_post(post, edition, settings.lint)
    return grave(dict.fromkeys(found))


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
        memory = sightings.memory(db, name, since=now() - settings.corrections.within)
        is_adopted = sightings.seen_before(db, name)
    errors_of = partial(stopped_by, settings, channels=channels)
    changed = Changes(out=memory.out, noted=memory.noted, errors=errors_of)
    found = _found(settings, source, memory, changed, now())
    _keep_wrong(found, settings, channels, now())
    stop_floods(found)
    why_old = why_held(found.old, memory, is_adopted=is_adopted)
    with engine.begin() as db:
        _tell_wrong(found, db)
        changes.note(db, changed, settings.corrections, at=now())
        sightings.looked(db, name, found.problems, at=now(), saw_all=found.saw_all)
        for seen in found.old:
            why = why_old.get(seen, "")
            sightings.note(db, name, seen, at=now(), released=False, held_back=why)
        for edition, why in found.held:
            seen = sighting(edition)
            sightings.note(db, name, seen, at=now(), released=False, held_back=why)
        released = [e for e in found.new if _mine(db, name, e, now())]
        if settings.release:
            releasing.wait(db, released, at=now())
            return 0
        return publishing.plan(released, db=db, channels=channels, at=now())


def _mine(db: Connection, name: str, edition: Edition, at: datetime) -> bool:
    return sightings.note(db, name, sighting(edition), at=at, released=True)


def _found(
    settings: Settings, source: Source, memory: Memory, changed: Changes, at: datetime
) -> Look:
    found = Look()
    try:
        if source.kind == "git":
            git.checkout(source.url, source.branch, settings.state / "source")
        root, _ = places(settings)
        paths = folder.files(root or source.path, source.include)
    except SourceTrouble as error:
        return Look(problems=[str(error)], saw_all=False)
    there: dict[tuple[str, str], Path] = {}
    for path in paths:
        try:
            key, lang = _identity(settings, path, root)
        except BadSource as error:
            found.problems.append(str(error))
            continue
        if memory.here is None:
            seen = Sighting(issue=key, lang=lang, revision="")
            take_as_old(found, seen, partial(read, settings, path), at)
        elif (key, lang) not in memory.here:
            edition_of = partial(read, settings, path)
            if source.kind == "git":  # whose files are whole, and as old as the checkout
                take_as_new(found, memory, edition_of, at)
            else:
                take_once_steady(found, memory, path, edition_of, at)
        else:
            changed.take((key, lang), path, partial(read, settings, path))
        there[key, lang] = path
    known = {*(memory.here or {}), *memory.planned, *there}
    keep_orphans(found, known, settings.site.language)
    changed.miss(memory.here or {}, there)
    found.problems += changed.problems
    return found


def _keep_wrong(
    found: Look, settings: Settings, channels: Mapping[str, Configured], at: datetime
) -> None:
    """Take what has errors off what is new."""
    wrong = {}
    for edition in looked_over(settings, found.new, at=at):
        if stopped_by := errors(settings, edition, channels):
            wrong[edition.path] = stopped_by
    found.wrong += [(e, _told(e, wrong[e.path])) for e in found.new if e.path in wrong]
    found.new = [edition for edition in found.new if edition.path not in wrong]


def _told(edition: Edition, stopped_by: Sequence[Finding]) -> str:
    first, more = stopped_by[0], len(stopped_by) - 1
    place = f"{edition.path}:{first.line}" if first.line else edition.path
    words = f"{place}: {first.kind}: {first.detail} — {first.remedy}"
    others = f" (and {more} more: publisher show {edition.key})" if more else ""
    return f"{words}{others}; it waits until that is mended, or for --despite-errors"


def _tell_wrong(found: Look, db: Connection) -> None:
    """Name what waits, but for what a person has published all the same."""
    for edition, why in found.wrong:
        if sightings.planned(db, sighting(edition)):
            found.old.append(sighting(edition))
        else:
            found.problems.append(why)
