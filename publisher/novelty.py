"""What of a source's files is news, what is old, and what a person should look at first."""

import time
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from publisher.domain.issue import BadSource, Edition
from publisher.storage.sightings import Memory, Sighting

AT_MOST = 5  # new issues in one look; more means that something moved, so a person decides
AHEAD = 60.0  # seconds that clocks of machines which share a folder may differ
STEADY = 2.0  # seconds since the last change before a file counts as written
AWAY = "it came before this store was adopted, and may be out already"
MOVED = "it came with a source that moved, or was described anew, and may be out already"
Read = Callable[[], Edition]


@dataclass
class Look:
    """What one look at a source found. `held` is new, and yet not to be released by itself.

    `wrong` is new too, and is released once it is mended. `renamed` tells who files are, by what
    their paths tell.
    """

    new: list[Edition] = field(default_factory=list)
    old: list[Sighting] = field(default_factory=list)
    held: list[tuple[Edition, str]] = field(default_factory=list)
    wrong: list[tuple[Edition, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    twins: dict[tuple[str, str], str] = field(default_factory=dict)
    renamed: Mapping[tuple[str, str], str] = field(default_factory=dict)
    commit: str = ""
    saw_all: bool = True


def stop_floods(found: Look) -> None:
    keys = {edition.key for edition in found.new}
    if len(keys) > AT_MOST:
        why = f"it was one of {len(keys)} new issues at once"
        found.held += [(edition, why) for edition in (*found.new, *(e for e, _ in found.wrong))]
        found.new.clear()
        found.wrong.clear()


def take_as_old(found: Look, seen: Sighting, edition_of: Read, at: datetime) -> None:
    try:
        edition = edition_of()
        if _is_awaited(edition, at):
            return  # so it can become news
        seen = replace(seen, revision=edition.revision)
    except BadSource as error:
        found.problems.append(str(error))
    found.old.append(seen)


def take_as_new(found: Look, memory: Memory, edition_of: Read, at: datetime) -> None:
    try:
        edition = edition_of()
    except BadSource as error:
        found.problems.append(str(error))
        return
    place = (edition.key, edition.lang)
    same = found.twins.setdefault(place, edition.path)
    before = memory.same_text(sighting(edition))
    if same != edition.path:
        words = f"is the same edition as {same}; neither is sent until one is renamed"
        found.problems.append(f"{edition.path}: {words}")
        found.new = [e for e in found.new if (e.key, e.lang) != place]
    elif _is_awaited(edition, at):
        return
    elif edition.expires and edition.expires <= at:
        found.held.append((edition, f"it expired on {edition.expires:%Y-%m-%d}"))
    elif not edition.text.strip():
        found.problems.append(f"{edition.path}: has no text yet, so it waits")
    elif place in memory.elsewhere:
        found.held.append((edition, MOVED))
    elif before:
        found.held.append((edition, f"it has the very text of {before}"))
    else:
        found.new.append(edition)


def sighting(edition: Edition) -> Sighting:
    return Sighting(issue=edition.key, lang=edition.lang, revision=edition.revision)


def why_held(old: Sequence[Sighting], memory: Memory, *, is_adopted: bool) -> dict[Sighting, str]:
    """Of what a first look takes as old news, that which a person should hear of, and why.

    A source whose issues were seen at another, or planned, has moved; what else it shows may be
    news that nobody would announce. Much of that is another archive, and no news.
    """
    if memory.here is not None:
        return {}
    strange = [seen for seen in old if not memory.knows(seen)]
    if is_adopted:
        return dict.fromkeys(strange, AWAY)
    has_moved = 0 < len(strange) < len(old) and len({seen.issue for seen in strange}) <= AT_MOST
    return dict.fromkeys(strange, MOVED) if has_moved else {}


def _is_awaited(edition: Edition, at: datetime) -> bool:
    """Whether an edition is not published yet."""
    return edition.draft or (edition.not_before or edition.date) > at


def take_once_steady(
    found: Look, memory: Memory, path: Path, edition_of: Read, at: datetime
) -> None:
    """Leave a file alone for a moment after a change: an editor may be half-way through."""
    changed = path.stat().st_mtime
    age = time.time() - changed
    if age < -AHEAD:
        when = datetime.fromtimestamp(changed, UTC)
        words = f"was changed at {when:%Y-%m-%dT%H:%M:%SZ}, which is in this machine's future"
        found.problems.append(f"{path}: {words}; set the clock, or `touch` the file; it waits")
    elif age >= STEADY:
        take_as_new(found, memory, edition_of, at)


def keep_orphans(found: Look, there: Container[tuple[str, str]], original: str) -> None:
    """Take translations off what is new whose original was never there."""
    orphans = [e for e in found.new if e.lang != original and (e.key, original) not in there]
    for edition in orphans:
        words = f"is the {edition.lang} edition of {edition.key}, which has no {original} one"
        remedy = "rename it as its original is named, or `publisher publish` it; it waits"
        found.problems.append(f"{edition.path}: {words} — {remedy}")
    found.new = [edition for edition in found.new if edition not in orphans]
