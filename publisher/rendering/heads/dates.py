"""Moments as people and generators write them."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

from publisher.rendering.words import one_line

LONGEST = 60  # characters
DAYS = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%m-%d-%Y",  # month first, as Docusaurus shows them and browsers read them
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d %B %Y",
    "%d %b %Y",
    "%B %d %Y",
    "%b %d %Y",
)
CLOCK = re.compile(
    r"(?P<day>.*\S)[T ]\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
WEEKDAY = re.compile(r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,?\s+", re.I)
ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th)\b")


def moment(value: object) -> datetime | None:
    """What a date stands for, in UTC where no zone is given; None for what is no date.

    Day and month in figures are read month first (08-05-2026 is in August), unless dots divide
    them. Names of months are English.
    """
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    text = one_line(str(value))[: LONGEST + 1]
    if len(text) > LONGEST:
        return None
    try:
        found = _iso(text) or _spelt(text) or _mail(text)
    except (ValueError, OverflowError):
        return None
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)


def _iso(text: str) -> datetime | None:
    return _first(datetime.fromisoformat, [text])


def _spelt(text: str) -> datetime | None:
    clock = CLOCK.fullmatch(text)
    day = clock["day"].rstrip(",") if clock else text
    day = ORDINAL.sub("", WEEKDAY.sub("", day, count=1)).replace(",", " ")
    day = " ".join(day.split())
    found = _first(lambda form: datetime.strptime(day, form), DAYS)  # noqa: DTZ007  it comes later
    if found is None or clock is None:
        return found
    time = found.replace(
        hour=int(clock["hour"]), minute=int(clock["minute"]), second=int(clock["second"] or 0)
    )
    return time.replace(tzinfo=_zone(clock["zone"])) if clock["zone"] else time


def _zone(text: str) -> timezone:
    if text[0] not in "+-":
        return UTC
    figures = text[1:].replace(":", "")
    offset = timedelta(hours=int(figures[:2]), minutes=int(figures[2:]))
    return timezone(-offset if text[0] == "-" else offset)


def _mail(text: str) -> datetime | None:
    """RFC 2822, with the names of zones that it knows."""
    return _first(parsedate_to_datetime, [text])


def _first(read: Callable[[str], datetime], forms: Iterable[str]) -> datetime | None:
    for form in forms:
        try:
            return read(form)
        except (ValueError, TypeError):
            continue
    return None
