"""Looking at the source: what is new there is released, once; what was there is old news."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Engine

from publisher import changes, fetching, publishing, releasing
from publisher.changes import Changes
from publisher.config import Settings, Source
from publisher.content import (
    Renames,
    copy_of,
    errors,
    identity,
    looked_over,
    places,
    read,
    stopped_by,
    told,
)
from publisher.domain.issue import BadSource, Edition
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
from publisher.publishing import Clock, utcnow
from publisher.registry import Configured
from publisher.sources import feed, folder, git
from publisher.sources.folder import SourceTrouble
from publisher.storage import sightings
from publisher.storage.engine import reading
from publisher.storage.sightings import Memory, Sighting


def named(source: Source) -> str:
    """What tells one source from another: another place is a first contact."""
    place = f"{source.url}@{source.branch}:{source.path}" if source.url else str(source.path)
    return f"{source.kind}:{place}:{source.include}"


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
    if settings.newsletters:
        each = (
            look(one, engine=engine, channels=channels, now=now) for one in settings.newsletters
        )
        return sum(each)
    source = settings.source
    if source is None:
        return 0
    name = named(source)
    with reading(engine) as db:
        memory = sightings.memory(db, name, since=now() - settings.corrections.within)
        is_adopted = sightings.seen_before(db, name)
    changed = Changes(
        out=memory.out,
        noted=memory.noted,
        errors=lambda edition: _errors(edition, settings, channels, now()),
    )
    found = _found(settings, source, memory, changed, now())
    _keep_wrong(found, settings, channels, now())
    stop_floods(found)
    why_old = why_held(found.old, memory, is_adopted=is_adopted)
    with engine.begin() as db:
        _tell_wrong(found, db)
        changes.note(db, changed, settings.corrections, at=now())
        for (key, lang), issue in found.renamed.items():
            sightings.follow(db, name, key, lang, issue)
        sightings.looked(
            db, name, found.problems, at=now(), saw_all=found.saw_all, seen=found.commit
        )
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


def _errors(
    edition: Edition, settings: Settings, channels: Mapping[str, Configured], at: datetime
) -> str:
    [over] = looked_over(settings, [edition], at=at)
    return stopped_by(settings, over, channels)


def _mine(db: Connection, name: str, edition: Edition, at: datetime) -> bool:
    return sightings.note(db, name, sighting(edition), at=at, released=True)


def _found(
    settings: Settings, source: Source, memory: Memory, changed: Changes, at: datetime
) -> Look:
    found = Look()
    try:
        with _fetched(found, settings, source, memory):
            _sort(found, settings, memory, changed, at)
    except SourceTrouble as error:
        return Look(problems=[str(error)], saw_all=False)
    return found


@contextmanager
def _fetched(found: Look, settings: Settings, source: Source, memory: Memory) -> Iterator[None]:
    """Have the source's files lie on this machine as they are now. Raises SourceTrouble."""
    copy = copy_of(settings)
    if source.kind == "git":
        with git.laid_out(repository(source), copy, seen=memory.seen) as found.commit:
            found.problems += filter(None, [git.rewritten(copy)])
            found.renamed = _renamed(settings, memory)
            yield
        return
    if source.kind == "feed":
        get = partial(_got, private=source.private)
        done = feed.refresh(source.url, copy, site=settings.site.base_url, get=get)
        found.problems += done.problems
    yield


def _got(url: str, headers: Mapping[str, str], *, private: bool) -> feed.Answer:
    """The feed, from the public internet unless it may be elsewhere. Raises SourceTrouble."""
    try:
        found = fetching.fetch(url, headers=headers, allow_private=private)
    except fetching.Unfetchable as error:
        raise SourceTrouble(f"{url}: {error}") from error
    return feed.Answer(status=found.status, headers=found.headers, body=found.body)


def repository(source: Source) -> git.Repository:
    """The branch that a source of kind git is, and the way to it."""
    return git.Repository(
        url=source.url,
        branch=source.branch,
        key=source.key,
        known_hosts=source.known_hosts,
        user=source.user,
        token=source.token,
    )


def _sort(found: Look, settings: Settings, memory: Memory, changed: Changes, at: datetime) -> None:
    """Take up each file that is there as what it is: old, new, changed or trouble."""
    root, _ = places(settings)
    if root is None or settings.source is None:
        return
    is_whole = settings.source.kind != "folder"  # and its files as old as the last look
    renames = {**memory.renames, **found.renamed}
    there: dict[tuple[str, str], Path] = {}
    for path in folder.files(root, settings.source.include):
        try:
            place = identity(settings, path, renames)
        except BadSource as error:
            found.problems.append(str(error))
            continue
        edition_of = partial(read, settings, path, renames)
        if memory.here is None:
            seen = Sighting(issue=place[0], lang=place[1], revision="")
            take_as_old(found, seen, edition_of, at)
        elif place not in memory.here:
            take = take_as_new if is_whole else partial(take_once_steady, path=path)
            take(found, memory, edition_of=edition_of, at=at)
        elif place in there:
            words = f"is the same edition as {there[place]}; what is out stays as it is"
            found.problems.append(f"{path}: {words}; rename one of them")
        else:
            changed.take(place, path, edition_of)
        there.setdefault(place, path)
    known = {*(memory.here or {}), *memory.planned, *there}
    keep_orphans(found, known, settings.site.language)
    changed.miss(memory.here or {}, there)
    found.problems += changed.problems


def _renamed(settings: Settings, memory: Memory) -> Renames:
    """Who the files are that were renamed since the last look, of those that were seen before."""
    root, known = copy_of(settings), {*(memory.here or {}), *memory.planned}
    renamed = {}
    for now, was in git.renamed(root, memory.seen).items():
        with suppress(BadSource):  # it is named where it is read
            issue, lang = identity(settings, root / was, memory.renames)
            named, same = identity(settings, root / now)
            if (issue, lang) in known and same == lang:
                renamed[named, lang] = issue
    return renamed


def _keep_wrong(
    found: Look, settings: Settings, channels: Mapping[str, Configured], at: datetime
) -> None:
    """Take what has errors off what is new."""
    wrong = {}
    for edition in looked_over(settings, found.new, at=at):
        if stopped_by := errors(settings, edition, channels):
            wrong[edition.path] = stopped_by
    found.wrong += [(e, told(e, wrong[e.path])) for e in found.new if e.path in wrong]
    found.new = [edition for edition in found.new if edition.path not in wrong]


def _tell_wrong(found: Look, db: Connection) -> None:
    """Name what waits, but for what a person has published all the same."""
    for edition, why in found.wrong:
        if sightings.planned(db, sighting(edition)):
            found.old.append(sighting(edition))
        else:
            found.problems.append(why)
