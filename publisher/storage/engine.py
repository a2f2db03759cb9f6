"""Opening the store: connections that behave alike on SQLite and PostgreSQL, and its version."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import DBAPIError

MIGRATIONS = Path(__file__).parent / "migrations"


class BadStore(Exception):
    """The store cannot be used as it is; the message names it and the remedy."""


def connect(database: URL | str) -> Engine:
    """An engine for a database address. A file that is not there is made for its owner's eyes."""
    address = make_url(database)
    if address.get_backend_name() != "sqlite":
        return create_engine(address, pool_pre_ping=True, hide_parameters=True)
    if address.database and not Path(address.database).exists():
        with suppress(OSError):  # opening it will tell
            os.close(os.open(address.database, os.O_CREAT | os.O_WRONLY, 0o600))
    return _sqlite(address, WORKING)


@contextmanager
def draft(file: Path) -> Iterator[Engine]:
    """An engine for a file that nobody else opens yet: no log beside it, and not made durable."""
    engine = _sqlite(URL.create("sqlite", database=str(file)), DRAFT)
    try:
        yield engine
    finally:
        engine.dispose()


WORKING = ("journal_mode=wal", "synchronous=full", "foreign_keys=on", "secure_delete=on")
DRAFT = ("journal_mode=delete", "synchronous=off", "foreign_keys=on")


def _sqlite(address: URL, pragmas: Sequence[str]) -> Engine:
    engine = create_engine(address, connect_args={"timeout": 30}, hide_parameters=True)
    event.listen(engine, "connect", partial(_prepare_sqlite, pragmas))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(pragmas: Sequence[str], connection: Any, _: Any) -> None:
    """Who is forgotten is gone from the file, too: that is `secure_delete`."""
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in pragmas:
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


def migrate(engine: Engine, to: str = "head") -> None:
    """Bring the store to this program's version, or an older one. Raises BadStore if it can't."""
    with _named(engine), engine.begin() as db:
        _refuse_strangers(db, engine)
        command.upgrade(alembic_config(db), to)


def require_ours(engine: Engine) -> None:
    """Raise BadStore unless there is a store of ours, of any version known here."""
    with _named(engine), reading(engine) as db:
        _refuse_strangers(db, engine)
        if not inspect(db).has_table("alembic_version"):
            raise BadStore(f"{name(engine)} is no store: there are no tables in it")


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


def remedy(error: DBAPIError) -> str:
    """What helps against trouble that passes, "" for any other."""
    words = str(error.orig).lower()
    remedies = {
        "locked": "another program holds it; try again",
        "full": "make room on the disk, and try again",
        "i/o": "look after the disk it lies on, and try again",
        "readonly": "let this user write to it, and its folder",
    }
    return next((help for word, help in remedies.items() if word in words), "")


@contextmanager
def _named(engine: Engine) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if remedy(error):
            raise  # the place is right, and the trouble will pass
        raise BadStore(f"{name(engine)} cannot be used: {error.orig}") from error
    except CommandError as error:
        raise BadStore(f"{name(engine)} cannot be migrated: {error}") from error
