"""What the fields of a head mean: words, lists, dates."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from publisher.domain.issue import BadSource
from publisher.rendering.frontmatter import Source
from publisher.rendering.notations import NO_ISSUE
from publisher.rendering.words import one_line

LARGEST_NUMBER = 10**15  # a longer one is no title
ADD_A_DATE = "add `date: YYYY-MM-DD` to the front matter"
OTHER_DATES = ("%Y-%m-%d %H:%M:%S %z", "%m-%d-%Y", "%Y/%m/%d", "%d %B %Y", "%B %d, %Y")


def text_field(fields: Mapping[str, Any], *names: str) -> str:
    """The first of these fields that holds a word or number, on one line; "" if none does."""
    for name in names:
        if line := _word(fields.get(name)):
            return line
    return ""


def _word(value: object) -> str:
    if isinstance(value, bool) or (isinstance(value, int) and abs(value) > LARGEST_NUMBER):
        return ""
    return one_line(str(value)) if isinstance(value, str | int | float | date) else ""


def list_field(fields: Mapping[str, Any], *names: str) -> tuple[str, ...]:
    """What these fields name, in order and once each: a word, a comma list, or a list."""
    found: dict[str, None] = {}
    for name in names:
        value = fields.get(name)
        items = value if isinstance(value, list) else [value]
        for item in items:
            found.update(dict.fromkeys(_names(item, separate=item is value)))
    return tuple(found)


def _names(item: object, *, separate: bool) -> list[str]:
    if isinstance(item, dict):
        item = item.get("name")
    word = _word(item)
    parts = word.split(",") if separate else [word]
    return [name for name in map(one_line, parts) if name]


def date_field(path: str, source: Source, *, filename: str) -> datetime:
    """When the issue is dated, with a zone (UTC where none is given).

    Without a `date`, the file's name is asked. Raises BadSource when neither tells.
    """
    value = source.fields.get("date")
    line = source.lines.get("date", 0)
    if value is None or value == "":
        value = (re.search(r"\d{4}-\d{2}-\d{2}", filename) or [None])[0]
        if value is None:
            raise BadSource(path, NO_ISSUE + "it has no date", line=line, remedy=ADD_A_DATE)
    moment = _moment(value)
    if moment is None or not 1970 <= moment.year <= 9000:
        raise BadSource(path, f"not a date: {str(value)[:40]}", line=line, remedy=ADD_A_DATE)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _moment(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    text = one_line(str(value))
    for form in ("", *OTHER_DATES):
        try:
            return datetime.strptime(text, form) if form else datetime.fromisoformat(text)  # noqa: DTZ007  the caller adds the zone
        except ValueError:
            continue
    return None
