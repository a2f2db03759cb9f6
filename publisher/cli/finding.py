"""From what a person typed to the issue, editions and channels meant."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import click

from publisher import content, wiring
from publisher.config import Settings, unknown
from publisher.domain.channel import Mailing
from publisher.domain.issue import BadSource, Edition
from publisher.publishing import utcnow
from publisher.registry import Configured


class Wrong(click.ClickException):
    """Something typed that cannot be; the message names the remedy."""

    exit_code = 2


def editions(issue: str) -> list[Edition]:
    """The edition in a file, or all editions of a key in the source. Raises BadSource, Wrong."""
    settings = wiring.settings()
    if _is_path(issue):
        return [content.read(_newsletter(issue), Path(issue), wiring.renames())]
    settings = settings.of(issue)
    if settings.source is None:
        raise _nothing(issue, f"no [source] in {settings.file} to find a key in")
    found = content.editions(settings, issue, wiring.renames())
    if not found:
        where = settings.source.url or settings.source.path
        raise _nothing(issue, f"no issue with this key in {where}")
    return found


def _nothing(issue: str, why: str) -> Wrong:
    if Path(issue).is_dir():
        return Wrong(f"{issue}: a folder, and {why}; name the files in it")
    return Wrong(f"{issue}: there is no such file, and {why}")


def looked_over(issues: Iterable[str]) -> list[Edition]:
    """The editions of several issues, with all that is odd about them. Raises as `editions`."""
    found = [edition for issue in issues for edition in editions(issue)]
    return content.looked_over(wiring.settings(), found, at=utcnow())


def each_looked_over(issues: Iterable[str]) -> list[Edition | BadSource]:
    """The same in the order given, but what cannot be read is in its place. Raises Wrong."""
    found: list[Edition | BadSource] = []
    for issue in issues:
        try:
            found += editions(issue)
        except BadSource as error:
            found.append(error)
    readable = [edition for edition in found if isinstance(edition, Edition)]
    told = iter(content.looked_over(wiring.settings(), readable, at=utcnow()))
    return [next(told) if isinstance(one, Edition) else one for one in found]


def key(issue: str) -> str:
    """The key of an issue, typed as such or as the path of a file."""
    if not _is_path(issue):
        return issue
    return content.identity(_newsletter(issue), Path(issue), wiring.renames())[0]


def _newsletter(path: str) -> Settings:
    """The newsletter whose folder a file lies in. Raises Wrong where there are several others."""
    settings, file = wiring.settings(), Path(path).resolve()
    for one in settings.newsletters:
        root, _ = content.places(one)
        if root and file.is_relative_to(root.resolve()):
            return one
    if settings.newsletters:
        names = ", ".join(one.name for one in settings.newsletters)
        raise Wrong(f"{path}: lies in none of the sources {names}; name a file or key of one")
    return settings


def _is_path(issue: str) -> bool:
    return Path(issue).suffix in {".md", ".markdown"} or Path(issue).is_file()


def channels(names: Sequence[str], configured: Mapping[str, Configured]) -> dict[str, Configured]:
    """The channels named, or all. Raises Wrong for one that is not configured."""
    for name in names:
        if name not in configured:
            raise no_channel(name, configured)
    return {name: configured[name] for name in names or configured}


def mailing(name: str = "") -> dict[str, tuple[str, ...]]:
    """The languages of each channel that mails, or of the one named. Raises Wrong for another."""
    lists = {
        found.name: found.languages
        for found in wiring.channels().values()
        if isinstance(found.channel, Mailing)
    }
    if name and name not in lists:
        raise no_channel(name, lists)
    return {name: lists[name]} if name else lists


def no_channel(name: str, known: Iterable[str]) -> Wrong:
    """What is said of a channel that nobody knows."""
    return Wrong(f"--channel {name}: {unknown(name, sorted(known) or ['(none)'])}")


def stored_editions(issue: str, paths: Sequence[str]) -> list[Edition]:
    """The editions of a planned issue as their sources say now. Raises Wrong for an unreadable."""
    settings = wiring.settings()
    found = []
    for path in paths:
        try:
            found.append(content.read(settings.of(issue), Path(path), wiring.renames()))
        except BadSource as error:
            raise Wrong(f"{issue} was refused, and its source cannot be read: {error}") from error
    return found
