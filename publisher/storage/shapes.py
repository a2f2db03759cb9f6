"""The tables and columns that a store has, and those that its version should have."""

from collections.abc import Mapping
from functools import cache

from sqlalchemy import Connection, create_engine, text

from publisher.storage import migrating
from publisher.storage.schema import INDEX, metadata

Shape = Mapping[str, frozenset[str]]  # columns by table
VERSION = "alembic_version"
OURS = frozenset({*metadata.tables, INDEX})

COLUMNS = {
    "sqlite": "select t.name, c.name from sqlite_master t, pragma_table_info(t.name) c"
    " where t.type = 'table' and t.name not like 'sqlite~_%' escape '~'",
    "postgresql": "select t.relname, c.attname from pg_class t join pg_attribute c"
    " on c.attrelid = t.oid where t.relkind in ('r', 'p') and c.attnum > 0 and not c.attisdropped"
    " and t.relnamespace = current_schema()::regnamespace",
}


def found(db: Connection) -> Shape:
    """What a store has, the table of its version included."""
    columns: dict[str, set[str]] = {}
    for table, column in db.execute(text(COLUMNS[db.dialect.name])):
        if table.startswith(INDEX):  # another thing on each database: it is there, or not
            columns[INDEX] = set()
        else:
            columns.setdefault(table, set()).add(column)
    return {table: frozenset(names) for table, names in columns.items()}


def of(version: str) -> Shape:
    """What a store of a version has."""
    if version == migrating.head():
        known = metadata.tables.items()
        return {INDEX: frozenset()} | {name: frozenset(t.columns.keys()) for name, t in known}
    return _built(version)


@cache
def _built(version: str) -> Shape:
    """What the migrations make, tried out in memory."""
    engine = create_engine("sqlite://")
    with engine.begin() as db:
        migrating.upgrade(db, version)
        return {table: columns for table, columns in found(db).items() if table != VERSION}


def odd(has: Shape, version: str) -> str:
    """What is missing from a store of a version, or is of a later one; "" where all is right."""
    wanted = of(version)
    lacking = _listed(wanted, has)
    if lacking:
        return f"lacks {lacking}"
    later = _listed({table: has[table] for table in has if table in OURS}, wanted)
    return f"has what only a later version has ({later})" if later else ""


def _listed(these: Shape, those: Shape) -> str:
    """Which of these tables, or columns of tables that both have, are not among those."""
    tables = [table for table in these if table not in those]
    columns = [
        f"{table}.{column}"
        for table in these
        if table in those
        for column in sorted(these[table] - those[table])
    ]
    return ", ".join(sorted(tables) + columns)
