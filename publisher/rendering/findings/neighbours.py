"""What the files beside an edition tell of it: pairs of languages, equal titles, habits."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from publisher.domain.habits import Habits
from publisher.domain.issue import BadSource, Edition, Finding
from publisher.domain.lint import finding
from publisher.rendering.findings.heads import DATED
from publisher.rendering.identities import identity_of
from publisher.rendering.names import dated_name
from publisher.rendering.words import one_line

HEAD = 4096  # bytes looked at in each file beside
MOST = 5000  # files looked at
FEWEST = 4  # dated files beside one before their way of dating is a habit
TITLE = re.compile(r"""^\s*["']?title["']?\s*[:=]\s*(.*?),?\s*$""", re.IGNORECASE | re.MULTILINE)
DATE = re.compile(
    r"""^\s*["']?date["']?\s*[:=]\s*["']?(\d{4}-\d{2}-\d{2})""", re.IGNORECASE | re.MULTILINE
)
SOURCES = frozenset({".md", ".markdown", ".mdx"})


@dataclass(frozen=True, kw_only=True)
class Neighbour:
    """A file as its name and the beginning of its head tell. `named` is the date in its name."""

    path: PurePath
    key: str
    lang: str
    title: str
    title_line: int
    date: str
    named: str


def folder_of(path: Path) -> Path:
    """The folder in which the files beside an edition lie: for a bundle, the one around it."""
    return path.parent.parent if re.match(r"_?index\.", path.name) else path.parent


def neighbours(
    folder: Path,
    *,
    root: Path | None,
    default_language: str,
    habits: Habits = Habits(),  # noqa: B008  it never changes
) -> tuple[Neighbour, ...]:
    """The sources of a folder and its page bundles. What cannot be read is left out."""
    found: list[Neighbour] = []
    for path in _sources(folder):
        with suppress(BadSource, OSError):
            key, lang = identity_of(
                path, root=root, default_language=default_language, habits=habits
            )
            found.append(_neighbour(path, key, lang))
    return tuple(found)


def _sources(folder: Path) -> list[Path]:
    try:
        files = [*folder.iterdir(), *folder.glob("*/index*")]
    except OSError:
        return []
    return sorted(path for path in files if path.suffix in SOURCES)[:MOST]


def _neighbour(path: Path, key: str, lang: str) -> Neighbour:
    with path.open("rb") as file:
        head = file.read(HEAD).decode("utf-8", errors="replace")
    title, date, named = TITLE.search(head), DATE.search(head), DATED.search(dated_name(path))
    return Neighbour(
        path=path,
        key=key,
        lang=lang,
        title=one_line(title[1].strip("\"'")) if title else "",
        title_line=head.count("\n", 0, title.start(1)) + 1 if title else 1,
        date=date[1] if date else "",
        named=named[1] if named else "",
    )


def beside(edition: Edition, around: Sequence[Neighbour]) -> Edition:
    """The edition with what the files beside it tell, and without what is a habit of theirs."""
    others = [n for n in around if not _is(n, edition)]
    line = next((n.title_line for n in around if _is(n, edition)), 1)
    own = [w for w in edition.warnings if not _is_habit(w, others)]
    found = (*own, *_pairing(edition, others), *_titles(edition, others, line))
    return replace(edition, warnings=tuple(sorted(found, key=lambda finding: finding.line)))


def _is(neighbour: Neighbour, edition: Edition) -> bool:
    return (neighbour.key, neighbour.lang) == (edition.key, edition.lang)


def _is_habit(found: Finding, others: Sequence[Neighbour]) -> bool:
    """Whether most files are dated in this way: by the day a week ended, and published later."""
    if found.kind != "date-differs-from-filename":
        return False
    dated = [n for n in others if n.date and n.named]
    return len(dated) >= FEWEST and 2 * sum(n.date != n.named for n in dated) > len(dated)


def _pairing(edition: Edition, others: Sequence[Neighbour]) -> Iterator[Finding]:
    """A translation pairs with its original by the name they share."""
    originals = {n.key for n in others if n.lang == edition.site.language}
    if edition.lang == edition.site.language or not originals or edition.key in originals:
        return
    name = PurePath(edition.path).name
    if alike := sorted(key for key in originals if _same_issue(key, edition.key)):
        words = f"{name} does not pair with {alike[0]}"
        yield finding("filename-pattern-breaks-translation-pairing", words, 1)
    elif _shape(edition.key) != (usual := _usual_shape(originals)):
        words = f"{name} is not named as the originals are: {usual}"
        yield finding("filename-pattern-breaks-translation-pairing", words, 1)
    else:
        yield finding("unpaired-translation", f"{name} has no original in this folder", 1)


def _same_issue(one: str, other: str) -> bool:
    """Whether two keys have the same numbers, and so mean the same issue."""
    numbers = re.findall(r"\d+", one)
    return bool(numbers) and numbers == re.findall(r"\d+", other)


def _shape(key: str) -> str:
    return re.sub(r"\d", "0", PurePath(key).name)


def _usual_shape(keys: set[str]) -> str:
    return Counter(map(_shape, sorted(keys))).most_common(1)[0][0]


def _titles(edition: Edition, others: Sequence[Neighbour], line: int) -> Iterator[Finding]:
    for other in others:
        if other.lang == edition.lang and other.title == edition.title:
            yield finding("duplicate-title", f"{edition.title}, as {other.path.name}", line)
            return
