"""Opening the store: connections that behave alike on SQLite and PostgreSQL, and its version."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.exc import DBAPIError

MIGRATIONS = Path(__file__).parent / "migrations"


class BadStore(Exception):
    """The store cannot be used as it is; the message names it and the remedy."""


def connect(database: str) -> Engine:
    """An engine for a database address; nothing is opened yet."""
    if not database.startswith("sqlite"):
        return create_engine(database, pool_pre_ping=True)
    engine = create_engine(database, connect_args={"timeout": 30})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in ("journal_mode=wal", "synchronous=full", "foreign_keys=on"):
        connection.execute(f"pragma {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once: a deferred one fails half-way when two writers meet."""
    reading = connection.get_execution_options().get("reading")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection for looking: one consistent view, and never in a writer's way."""
    with engine.connect().execution_options(reading=True) as db, db.begin():
        yield db


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's settings, in code: `alembic.ini` would be a second place to keep them."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def migrate(engine: Engine) -> None:
    """Bring the store to this program's version. Raises BadStore when that cannot be."""
    with _named(engine), engine.begin() as db:
        _refuse_strangers(db, engine)
        command.upgrade(alembic_config(db), "head")


def require_current(engine: Engine) -> None:
    """Raise BadStore unless the store has this program's version."""
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    with _named(engine), reading(engine) as db:
        _refuse_strangers(db, engine)
        current = MigrationContext.configure(db).get_current_revision()
    if current != head:
        raise BadStore(
            f"{name(engine)} has store version {current or 'none'}, this program needs {head};"
            " run `publisher migrate`"
        )


def name(engine: Engine) -> str:
    """The store's address, without its password."""
    return engine.url.render_as_string(hide_password=True)


def _refuse_strangers(db: Connection, engine: Engine) -> None:
    tables = set(inspect(db).get_table_names())
    if tables and "alembic_version" not in tables:
        raise BadStore(
            f"{name(engine)} holds tables of something else ({', '.join(sorted(tables)[:3])}, …);"
            " give [store] database an empty one"
        )
    current = MigrationContext.configure(db).get_current_revision()
    known = {s.revision for s in ScriptDirectory.from_config(alembic_config()).walk_revisions()}
    if current and current not in known:
        raise BadStore(
            f"{name(engine)} was written by a newer program (store version {current});"
            " use that one, nothing was touched"
        )


@contextmanager
def _named(engine: Engine) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise BadStore(f"{name(engine)} cannot be used: {error.orig}") from error
    except CommandError as error:
        raise BadStore(f"{name(engine)} cannot be migrated: {error}") from error
