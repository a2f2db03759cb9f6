"""The editions of a source as this site means them, with all that is odd about them."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from publisher import linting, publishing
from publisher.config import Settings
from publisher.domain.issue import BadSource, Edition, Finding
from publisher.domain.lint import grave
from publisher.publishing import ARCHIVE, utcnow
from publisher.registry import Configured, kinds
from publisher.rendering.identities import identity_of
from publisher.rendering.reading import read_edition
from publisher.sources import folder
from publisher.sources.folder import SourceTrouble

Renames = Mapping[tuple[str, str], str]  # issues by what paths tell: (key, lang)
NONE: Renames = {}


class Twins(SourceTrouble):
    """Two files that are the same edition."""


def places(settings: Settings) -> tuple[Path | None, Path | None]:
    """(folder of issues, static folder) on this machine, as of the last look."""
    source = settings.source
    if source is None:
        return None, None
    root = Path() if source.kind == "folder" else copy_of(settings)
    return root / source.path, root / source.static if source.static else None


def copy_of(settings: Settings) -> Path:
    """The folder that a source from elsewhere is copied to."""
    if settings.name:
        return settings.state / "sources" / settings.name
    kind = settings.source.kind if settings.source else ""
    return settings.state / ("feed" if kind == "feed" else "source")


def editions(settings: Settings, key: str, renames: Renames = NONE) -> list[Edition]:
    """The editions of one issue in the source's folder. Raises BadSource, SourceTrouble."""
    root, _ = places(settings)
    if root is None or settings.source is None:
        return []
    found: dict[str, Path] = {}
    for path in folder.files(root, settings.source.include):
        with suppress(BadSource):  # another file's trouble
            named, lang = identity(settings, path, renames)
            if named == key and lang in found:
                raise Twins(f"{path}: is the same edition as {found[lang]}; rename one of them")
            if named == key:
                found[lang] = path
    return [read(settings, path, renames) for path in found.values()]


def edition(settings: Settings, key: str, lang: str, renames: Renames = NONE) -> Edition | None:
    """One edition as the source has it now, looked over; None where none can be read."""
    try:
        there = [found for found in editions(settings, key, renames) if found.lang == lang]
    except (BadSource, SourceTrouble):
        return None
    return next(iter(looked_over(settings, there, at=utcnow())), None)


def stopped_by(settings: Settings, edition: Edition, channels: Mapping[str, Configured]) -> str:
    """Why an edition that was looked over cannot go out, in words; "" where it can."""
    found = errors(settings, edition, channels)
    return told(edition, found) if found else ""


def read(settings: Settings, path: Path, renames: Renames = NONE) -> Edition:
    """The edition in a file, as this site means it. Raises BadSource."""
    root, static = places(settings)
    found = read_edition(path, root=root, site=settings.site, static=static, habits=settings.habits)
    key = _in_newsletter(settings, found.key)
    return replace(found, key=_whose(key, found.lang, settings.site.language, renames))


def identity(settings: Settings, path: Path, renames: Renames = NONE) -> tuple[str, str]:
    """The key and language of a file, whatever it was renamed to. Raises BadSource."""
    root, _ = places(settings)
    site, habits = settings.site, settings.habits
    key, lang = identity_of(path, root=root, default_language=site.language, habits=habits)
    return _whose(_in_newsletter(settings, key), lang, site.language, renames), lang


def _in_newsletter(settings: Settings, key: str) -> str:
    """Of several newsletters each has its name before its keys."""
    return f"{settings.name}/{key}" if settings.name else key


def _whose(key: str, lang: str, original: str, renames: Renames) -> str:
    """The issue of what a path calls `key`: a translation goes with its original."""
    return renames.get((key, lang)) or renames.get((key, original)) or key


def looked_over(settings: Settings, found: Sequence[Edition], *, at: datetime) -> list[Edition]:
    """The editions with all that is odd about them, by the rules of `[lint]`, in their order."""
    looked: dict[int, Edition] = {}
    for newsletter in settings.each:
        theirs = [n for n, one in enumerate(found) if settings.of(one.key).name == newsletter.name]
        over = _looked_over(newsletter, [found[n] for n in theirs], at=at)
        looked |= dict(zip(theirs, over, strict=True))
    return [looked.get(n, one) for n, one in enumerate(found)]


def _looked_over(settings: Settings, found: Sequence[Edition], *, at: datetime) -> list[Edition]:
    root, _ = places(settings)
    prefix = _in_newsletter(settings, "")
    over = linting.looked_over(
        [replace(edition, key=edition.key.removeprefix(prefix)) for edition in found],
        rules=settings.lint,
        root=root,
        habits=settings.habits,
        channels={ARCHIVE, *settings.channels, *kinds()},
        at=at,
    )
    return [replace(edition, key=prefix + edition.key) for edition in over]


def errors(
    settings: Settings, edition: Edition, channels: Mapping[str, Configured]
) -> tuple[Finding, ...]:
    """What stops a publication of an edition that was looked over, its posts included."""
    found = list(edition.warnings)
    for channel in channels.values():
        if channel.takes(edition.key, edition.lang):
            post, _ = publishing.written(edition, channel)
            found += linting.of_post(post, edition, settings.lint)
    return grave(dict.fromkeys(found))


def told(edition: Edition, stopped_by: Sequence[Finding]) -> str:
    first, more = stopped_by[0], len(stopped_by) - 1
    place = f"{edition.path}:{first.line}" if first.line else edition.path
    words = f"{place}: {first.kind}: {first.detail} — {first.remedy}"
    others = f" (and {more} more: publisher show {edition.key})" if more else ""
    return f"{words}{others}; it waits until that is mended, or for --despite-errors"
