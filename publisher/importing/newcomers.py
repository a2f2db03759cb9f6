"""A row as the reader it tells of: their choices, how they stand, and how consent came."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from publisher.addresses import BadAddress, parse
from publisher.config import LANGUAGE
from publisher.domain.subscriber import Standing, days_of, one_line
from publisher.formulas import unguarded
from publisher.importing.columns import Columns
from publisher.importing.rows import Row

LONGEST_NAME = 200
LONGEST_WORDS = 1000  # of consent
LONGEST_GUARDED = 2000  # what an export of ours can have in a cell

# What other programs call it: how such a reader stands here, and the reason of a suppression.
STANDINGS: Mapping[str, tuple[Standing, str]] = {
    **dict.fromkeys(("enabled", "subscribed", "confirmed", "active"), (Standing.CONFIRMED, "")),
    **dict.fromkeys(("unconfirmed", "pending"), (Standing.UNCONFIRMED, "")),
    **dict.fromkeys(
        ("unsubscribed", "left", "disabled", "inactive", "optedout"), (Standing.LEFT, "")
    ),
    **{
        word: (Standing.STOPPED, word)
        for word in ("cleaned", "bounced", "complained", "blocklisted", "blacklisted", "stopped")
    },
}
NEVER = ("nonsubscribed", "transactional")  # Mailchimp: never asked for mail
GRAVITY = (Standing.CONFIRMED, Standing.UNCONFIRMED, Standing.LEFT, Standing.STOPPED)
_PREFIX = re.compile(r"(subscribed|unsubscribed|cleaned|nonsubscribed)_", re.IGNORECASE)
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?")
_CODE = re.compile(LANGUAGE)

# Label, and the columns of its time and its place.
FACTS = (
    ("signed up", "signed_up", "signed_up_from"),
    ("confirmed", "confirmed", "confirmed_from"),
    ("listed since", "listed", ""),
    ("left", "left", ""),
    ("because", "left_why", ""),
    ("cleaned", "cleaned", ""),
)


class BadRow(ValueError):
    """A row that tells of no reader who can be taken; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What holds for all rows: who imports says it, or the file's name.

    `languages` and `lists` stand in for what a row does not say; `lists` also for what it does,
    since other programs' lists are not ours. `known` are the lists there are. `welcome` is how
    those stand who are to get mail: UNCONFIRMED, where they are to be asked first.
    """

    source: str
    known: frozenset[str]
    languages: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    welcome: Standing = Standing.CONFIRMED


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """One reader as a file tells of them.

    `reason` is that of a suppression; `since` is when they came to stand so, where that is told;
    `words` are the facts of their consent. `odd_language` is one that is no code, and `odd_days`
    are none that can be waited for another.
    """

    line: int
    address: str
    key: str
    name: str
    languages: tuple[str, ...]
    lists: tuple[str, ...]
    else_after: int | None
    standing: Standing
    reason: str
    since: datetime | None
    words: str
    odd_language: str
    odd_days: bool


def newcomer(row: Row, columns: Columns, terms: Terms, *, now: datetime) -> Newcomer:
    """The reader whom a row tells of. Raises BadRow."""
    cells = [_plain(cell) for cell in row.cells]
    try:
        address = parse(columns.cell(cells, "email"))
    except BadAddress as error:
        raise BadRow(str(error)) from error
    standing, reason = _standing(cells, columns, terms)
    languages, odd = _languages(cells, columns, terms)
    days, odd_days = _days(columns.cell(cells, "else_after"))
    return Newcomer(
        line=row.line,
        address=address.typed,
        key=address.key,
        name=_name(cells, columns),
        languages=languages,
        lists=terms.lists or _lists(cells, columns, terms),
        else_after=days,
        standing=standing,
        reason=reason,
        since=_since(cells, columns, standing, now),
        words=_words(cells, columns),
        odd_language=odd,
        odd_days=odd_days,
    )


def _plain(cell: str) -> str:
    guard = "'" in cell and len(cell) <= LONGEST_GUARDED
    return (unguarded(cell) if guard else cell).strip()


def _name(cells: list[str], columns: Columns) -> str:
    told = columns.cell(cells, "name")
    if not told:
        told = f"{columns.cell(cells, 'first')} {columns.cell(cells, 'last')}"
    if "\n" in told or "\r" in told:
        raise BadRow("the name goes over several lines; is a quote missing?")
    if "\0" in told:
        raise BadRow("the name has a NUL in it")
    return one_line(told)[:LONGEST_NAME]


def _standing(cells: list[str], columns: Columns, terms: Terms) -> tuple[Standing, str]:
    """How they stand: the gravest of what the file's name and the columns say."""
    said = [columns.cell(cells, "status")]
    if prefix := _PREFIX.match(terms.source):
        said.append(prefix[1])
    if columns.cell(cells, "left"):
        said.append("unsubscribed")
    if columns.cell(cells, "cleaned"):
        said.append("cleaned")
    found = [(terms.welcome, ""), *(_understood(word) for word in said if word)]
    return max(found, key=lambda f: GRAVITY.index(f[0]))


def _understood(word: str) -> tuple[Standing, str]:
    plain = re.sub(r"[\W_]+", "", word.casefold())
    if plain in NEVER:
        raise BadRow(f"is {plain}: never asked for the newsletter")
    if plain not in STANDINGS:
        known = ", ".join(STANDINGS)
        raise BadRow(f"the status {word[:30]!r} is not known; expected one of {known}")
    return STANDINGS[plain]


def _languages(cells: list[str], columns: Columns, terms: Terms) -> tuple[tuple[str, ...], str]:
    """The languages that were chosen, and one that is not understood, if any."""
    told = columns.cell(cells, "languages") or _attribute(columns.cell(cells, "attributes"))
    words = re.split(r"[\s,;|]+", told.strip().lower().replace("_", "-")) if told else []
    codes = tuple(dict.fromkeys(word for word in words if _CODE.fullmatch(word)))
    odd = next((word for word in words if word and word not in codes), "")
    return codes or terms.languages, odd


def _days(told: str) -> tuple[int | None, bool]:
    """The days after which the site's language will do, and whether they are not understood."""
    try:
        return days_of(told), False
    except ValueError:
        return None, True


def _attribute(attributes: str) -> str:
    """The language among listmonk's attributes, where somebody keeps it there."""
    if len(attributes) <= len("{}"):
        return ""
    try:
        found: Any = json.loads(attributes)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(found, dict):
        return ""
    told = (found.get(name) for name in ("language", "lang", "locale"))
    return next((value for value in told if isinstance(value, str)), "")


def _lists(cells: list[str], columns: Columns, terms: Terms) -> tuple[str, ...]:
    told = tuple(dict.fromkeys(columns.cell(cells, "lists").replace(",", " ").split()))
    for name in told:
        if name not in terms.known:
            known = ", ".join(sorted(terms.known)) or "none"
            raise BadRow(f"the list {name[:60]!r} is not known (known: {known}); say --list")
    return told


def _since(
    cells: list[str], columns: Columns, standing: Standing, now: datetime
) -> datetime | None:
    """When they came to stand so, where a column tells a time that can be."""
    told = {
        Standing.LEFT: ("left",),
        Standing.STOPPED: ("cleaned",),
    }.get(standing, ("joined", "confirmed", "signed_up", "listed"))
    for what in told:
        if (found := moment(columns.cell(cells, what))) and found <= now + timedelta(days=1):
            return found
    return None


def moment(text: str) -> datetime | None:
    """A time as exports have it, in UTC unless it says otherwise; None for anything else.

    Mailchimp: `2015-03-16 14:40:47`. listmonk: `2023-05-06 07:08:09.123456 +0000 UTC`.
    """
    found = _MOMENT.match(text) if text else None
    if not found:
        return None
    zone = (found[3] or "Z").replace("Z", "+00:00")
    try:
        return datetime.fromisoformat(f"{found[1]}T{found[2]}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _words(cells: list[str], columns: Columns) -> str:
    """What the file tells of how consent came, and went."""
    if told := columns.cell(cells, "consent"):
        return one_line(told)[:LONGEST_WORDS]
    facts = []
    for label, when, where in FACTS:
        time, place = columns.cell(cells, when), columns.cell(cells, where)
        if time or place:
            facts.append(" ".join(filter(None, (label, time, place and f"from {place}"))))
    return one_line("; ".join(facts))[:LONGEST_WORDS]
