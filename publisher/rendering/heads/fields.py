"""What the fields of a head say: words, lists, moments, yes and no."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from publisher.domain.habits import FIELDS
from publisher.domain.issue import BadSource
from publisher.rendering.heads.dates import moment
from publisher.rendering.heads.frontmatter import Source
from publisher.rendering.words import one_line

LARGEST_NUMBER = 10**15  # a longer one is no title
YEARS = range(1970, 9001)
NEVER = 9000  # the year that stands for all later ones
YES = frozenset({"true", "yes", "on", "1"})
NO = frozenset({"false", "no", "off", "0", ""})
# A draft, by the words that each field says it with, and those that deny it; None: any.
DRAFT: Mapping[str, tuple[frozenset[str], frozenset[str] | None]] = {
    "draft": (YES, NO),
    "published": (NO - {""}, None),
    "status": (frozenset({"draft", "hidden"}), None),
    "unlisted": (YES, NO),
}


def values(source: Source, names: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """What the head has under these names: the name and the value. `a.b` is b in table a."""
    for name in names:
        table, dot, key = name.partition(".")
        value = source.fields.get(table)
        if dot:
            inner = value.items() if isinstance(value, dict) else ()
            value = next((v for k, v in inner if str(k).lower() == key), None)
        if value is not None:
            yield name, value


def line_of(source: Source, name: str) -> int:
    """The line of a field, of a field in a table the table's; 0 where there is none."""
    return source.lines.get(name.partition(".")[0], 0)


def text_field(source: Source, names: Sequence[str]) -> str:
    """The first of these fields that holds a word or number, on one line; "" if none does."""
    found = (word(value) for _, value in values(source, names))
    return next(filter(None, found), "")


def word(value: object) -> str:
    """A value as one line of text; "" for what is no word, number or date."""
    if isinstance(value, bool) or (isinstance(value, int) and abs(value) > LARGEST_NUMBER):
        return ""
    return one_line(str(value)) if isinstance(value, str | int | float | date) else ""


def list_field(source: Source, names: Sequence[str], *, dividers: str = ";,") -> tuple[str, ...]:
    """What these fields name, in order and once each: a word, a list in words, or a list.

    The first of the `dividers` that a text holds divides it.
    """
    found: dict[str, None] = {}
    for _, value in values(source, names):
        found.update(dict.fromkeys(filter(None, map(_name, _items(value, dividers)))))
    return tuple(found)


def _items(value: object, dividers: str) -> Sequence[object]:
    if isinstance(value, str):
        return value.split(next((mark for mark in dividers if mark in value), "\n"))
    return value if isinstance(value, list) else [value]


def _name(item: object) -> str:
    """An item's own words, or the name that an object has."""
    if isinstance(item, dict):
        item = next((item[key] for key in ("name", "title", "nick") if item.get(key)), None)
    return word(item)


def date_field(path: str, source: Source, names: Sequence[str]) -> datetime | None:
    """The moment that the first of these fields names, None where none does.

    Years after 9000 become that. Raises BadSource, with the line, for what is no date.
    """
    for name, value in values(source, names):
        if value == "":
            continue
        found = moment(value)
        if found and found.year > NEVER:
            found = found.replace(year=NEVER, month=1, day=1)
        if found is None or found.year not in YEARS:
            reason = f"{name} is not a date: {one_line(str(value))[:40]}"
            remedy = f"write `{name}: YYYY-MM-DD`"
            raise BadSource(path, reason, line=line_of(source, name), remedy=remedy)
        return found
    return None


def is_draft(path: str, source: Source) -> bool:
    """Whether the head says that its issue is not to be seen yet. Raises BadSource."""
    return any([_says_draft(path, source, *field) for field in values(source, FIELDS["draft"])])


def _says_draft(path: str, source: Source, name: str, value: object) -> bool:
    says, denies = DRAFT[name]
    said = one_line(str(value)).lower()
    if denies is not None and said not in says | denies:
        reason = f"{name} is neither yes nor no: {said[:40]}"
        raise BadSource(path, reason, line=line_of(source, name), remedy="write true or false")
    return said in says
