"""A whole store, row by row, into another one: in constant memory, on either database."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Integer,
    String,
    Table,
    Text,
    cast,
    func,
    select,
    text,
    type_coerce,
)

from publisher.storage.schema import Moment, metadata

TABLES = metadata.sorted_tables
NUMBERS = (Integer, Boolean)
MOMENT = "YYYY-MM-DD HH24:MI:SS.US"  # as SQLAlchemy writes one into SQLite
CHUNK = 5000  # rows that are in memory at once
MADE_BY_OPENING = ("identity", "secrets")  # a store that nobody has used yet may have these


def copy(source: Connection, target: Connection) -> Mapping[str, int]:
    """Copy every row of one store into another, which has none; how many, by table.

    Both have this program's version, and each a transaction of its own. Between them rows are
    words and whole numbers, as SQLite keeps them: to make Python's values of a million rows takes
    minutes.
    """
    put = _put_on_a_server if target.dialect.name == "postgresql" else _put_in_a_file
    copied = {table.name: put(table, _parts(table, source), target) for table in TABLES}
    if target.dialect.name == "postgresql":
        _set_sequences(target)
    return copied


def _parts(table: Table, source: Connection) -> Iterator[Sequence[Any]]:
    plain = _plain_on_a_server if source.dialect.name == "postgresql" else _plain_in_a_file
    wanted = select(*map(plain, table.columns)).order_by(*table.primary_key)
    found = source.execute(wanted, execution_options={"yield_per": CHUNK})
    yield from found.partitions()


def _plain_in_a_file(column: Column[Any]) -> ColumnElement[Any]:
    return type_coerce(column, Integer if isinstance(column.type, NUMBERS) else String)


def _plain_on_a_server(column: Column[Any]) -> ColumnElement[Any]:
    if isinstance(column.type, Moment):
        return func.to_char(func.timezone("UTC", column), MOMENT)
    return cast(column, Integer) if isinstance(column.type, Boolean) else _text(column)


def _text(column: Column[Any]) -> ColumnElement[Any]:
    return cast(column, Text) if isinstance(column.type, JSON) else type_coerce(column, String)


def _put_in_a_file(table: Table, parts: Iterable[Sequence[Any]], db: Connection) -> int:
    names, marks = ", ".join(table.columns.keys()), ", ".join("?" for _ in table.columns)
    rows = 0
    for part in parts:
        insert = f"insert into {table.name} ({names}) values ({marks})"  # noqa: S608  our own names
        db.exec_driver_sql(insert, [tuple(row) for row in part])
        rows += len(part)
    return rows


def _put_on_a_server(table: Table, parts: Iterable[Sequence[Any]], db: Connection) -> int:
    """Source: https://www.psycopg.org/psycopg3/docs/basic/copy.html"""
    db.execute(text("set local timezone = 'UTC'"))
    server: Any = db.connection.driver_connection
    rows = 0
    with (
        server.cursor() as cursor,
        cursor.copy(f"copy {table.name} ({', '.join(table.columns.keys())}) from stdin") as copying,
    ):
        for part in parts:
            for row in part:
                copying.write_row(row)
            rows += len(part)
    return rows


def _set_sequences(db: Connection) -> None:
    """Let the numbers of new rows begin after those that were copied."""
    for table in metadata.tables.values():
        number = table.autoincrement_column
        if number is not None and isinstance(number.type, Integer):
            place = {"table": table.name, "column": number.name}
            last = db.scalar(select(func.max(number)))
            sequence = func.pg_get_serial_sequence(place["table"], place["column"])
            db.execute(select(func.setval(sequence, last or 1, last is not None)))


def counted(db: Connection) -> Mapping[str, int]:
    """How many rows each table has."""
    counts = {
        name: select(func.count()).select_from(table) for name, table in metadata.tables.items()
    }
    return {name: db.scalar(count) or 0 for name, count in counts.items()}


def used(db: Connection) -> Mapping[str, int]:
    """The same of those tables that hold anything, but for what opening a store makes."""
    found = counted(db).items()
    return {name: rows for name, rows in found if rows and name not in MADE_BY_OPENING}


def empty(db: Connection) -> None:
    """Take away what opening a store made."""
    for name in MADE_BY_OPENING:
        db.execute(metadata.tables[name].delete())


def faults(db: Connection) -> list[str]:
    """What is wrong with a store in a file, by the database's own word; nothing where it is whole.

    Source: https://www.sqlite.org/pragma.html#pragma_integrity_check
    """
    said = [str(row[0]) for row in db.execute(text("pragma integrity_check(3)"))]
    broken = [f"a row of {row[0]} refers to none of {row[2]}" for row in _lost_references(db)]
    return [words for words in said if words != "ok"] + broken[:3]


def _lost_references(db: Connection) -> list[Any]:
    return list(db.execute(text("pragma foreign_key_check")).all())
