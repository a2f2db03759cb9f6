"""Statements that find rows which no code can read, or which lead nowhere. Made from the schema."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from json import dumps
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Integer,
    Select,
    String,
    Table,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
)

from publisher.domain.bounce import Kind, Verdict
from publisher.domain.delivery import LONGEST_WAIT, State
from publisher.domain.subscriber import Event, Standing
from publisher.storage.schema import (
    Choice,
    Moment,
    Words,
    asks,
    bounces,
    deliveries,
    delivery_log,
    editions,
    metadata,
    posts,
    reader_log,
    sightings,
    subscribers,
)

SKEW = timedelta(minutes=5)  # clocks of machines that are right enough
SHORTEST = 6  # characters of a secret that can be told from any other word
CHOICES: dict[Column[Any], type[StrEnum]] = {
    delivery_log.c.now: State,
    asks.c.state: State,
    subscribers.c.state: Standing,
    reader_log.c.event: Event,
    bounces.c.kind: Kind,
    bounces.c.verdict: Verdict,
}
COMING = {  # moments that are meant to lie ahead
    *("next_attempt_at", "not_before", "next_slot_at", "open_until", "expires_at", "dated"),
}
EXACT = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]"


def _key(table: Table) -> ColumnElement[str]:
    """What names a row: its primary key, as a text."""
    parts = [func.coalesce(cast(c, String), "") for c in table.primary_key.columns]
    key: ColumnElement[str] = parts[0]
    for part in parts[1:]:
        key = key + " " + part
    return key.label("key")


@cache
def unreadable(dialect: str) -> tuple[tuple[str, Select[Any]], ...]:
    """(table, a statement that gives (key, column, why) of its rows that cannot be read)."""
    return (*_unreadable(dialect),)


def _unreadable(dialect: str) -> Iterator[tuple[str, Select[Any]]]:
    for table in metadata.sorted_tables:
        found = [
            (wrong, column.name, why)
            for column in table.columns
            for wrong, why in _faults(column, dialect)
        ]
        where = case(*((wrong, literal(name)) for wrong, name, _ in found))
        why = case(*((wrong, literal(words)) for wrong, _, words in found))
        any_ = or_(*(wrong for wrong, *_ in found))
        yield table.name, select(_key(table), where.label("column"), why.label("why")).where(any_)


def _faults(column: Column[Any], dialect: str) -> Iterator[tuple[ColumnElement[bool], str]]:
    """What may be wrong with a value. SQLite takes anything anywhere, PostgreSQL does not."""
    if not column.nullable:
        yield column.is_(None), "is missing"
    if column in CHOICES:
        yield column.not_in([*CHOICES[column]]), "is no word that may stand there"
    if dialect != "sqlite":
        return
    raw = column.cast(String)
    if isinstance(column.type, Moment):
        second = func.substr(raw, 1, 19)
        exact = and_(raw.op("GLOB")(EXACT + ".*"), func.datetime(second) == second)
        yield and_(column.is_not(None), func.coalesce(exact, False).is_(False)), "is no moment"
    elif isinstance(column.type, JSON):
        yield and_(column.is_not(None), func.json_valid(raw) == 0), "is no JSON"
    elif isinstance(column.type, Integer):
        kinds = ("integer", "null")
        yield func.typeof(column).not_in(kinds), "is no whole number"
    elif isinstance(column.type, String | Words | Choice):
        yield func.typeof(column).not_in(("text", "null")), "is no text"


@cache
def dangling() -> tuple[tuple[str, str, Select[Any]], ...]:
    """(table, what it leads to, a statement that gives the keys of rows that lead nowhere)."""
    return (*_dangling(),)


def _dangling() -> Iterator[tuple[str, str, Select[Any]]]:
    for table in metadata.sorted_tables:
        for column in table.columns:
            for foreign in column.foreign_keys:
                there = exists().where(foreign.column == column)
                lost = select(_key(table)).where(column.is_not(None), ~there)
                yield table.name, foreign.column.table.name, lost
    for table, where in ((posts, ()), (sightings, (sightings.c.released,))):
        c, e = table.c, editions.c
        known = exists().where(e.issue == c.issue, e.lang == c.lang)
        yield table.name, editions.name, select(_key(table)).where(*where, ~known)


def ahead(at: datetime) -> Iterator[tuple[str, Select[int, str]]]:
    """(column, a statement that gives the number of rows and the last moment) of what is ahead."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Moment) and column.name not in COMING:
                yield str(column), _beyond(column, at + SKEW)
    waits = deliveries.c.next_attempt_at
    yield str(waits), _beyond(waits, at + LONGEST_WAIT + SKEW)


def _beyond(column: Column[Any], limit: datetime) -> Select[int, str]:
    last = func.max(cast(column, String)).label("last")
    return select(func.count().label("number"), last).where(column > limit).having(func.count() > 0)


def mentioning(secrets: Collection[str], dialect: str) -> Iterator[tuple[str, Select[str]]]:
    """(table, a statement that gives the keys of its rows in which a secret stands).

    Secrets of fewer than SHORTEST characters are not looked for: any word may hold them.
    """
    spelt = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
    if not spelt:
        return
    for table in metadata.sorted_tables:
        texts = [c for c in table.columns if isinstance(c.type, String | Words | Choice | JSON)]
        if texts:
            said = [func.coalesce(cast(c, String), "") for c in texts]
            words: ColumnElement[str] = said[0]
            for more in said[1:]:
                words = words + "\n" + more
            within = func.instr if dialect == "sqlite" else func.strpos
            yield table.name, select(_key(table)).where(or_(*(within(words, s) > 0 for s in spelt)))


def _forms(secret: str) -> tuple[str, str]:
    """A secret as itself, and as JSON spells it."""
    return secret, dumps(secret)[1:-1]


def bodies(db: Connection) -> Iterator[tuple[int, str]]:
    """(number, text) of the stored body of each post, a few at a time."""
    found = select(posts.c.id, cast(posts.c.body, String)).order_by(posts.c.id)
    for row in db.execute(found, execution_options={"yield_per": 50}):
        yield row[0], row[1]
