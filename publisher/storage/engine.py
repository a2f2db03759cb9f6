"""Opening the store: connections that behave alike on SQLite and PostgreSQL, and its version."""

import os
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from alembic.util.exc import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError

from publisher.storage import migrating, shapes

PATIENCE = 30.0  # seconds that somebody else may hold the store
LOST = 60  # seconds after which one end of a line takes the other for lost
LINES = {  # https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-PARAMKEYWORDS
    "keepalives_idle": LOST // 2,
    "keepalives_interval": LOST // 6,
    "keepalives_count": 3,
    "tcp_user_timeout": LOST * 1000,
}


class BadStore(Exception):
    """The store cannot be used as it is; the message names it and the remedy."""


def connect(database: URL | str, *, patience: float = PATIENCE) -> Engine:
    """An engine for a database address. A file that is not there is made for its owner's eyes.

    `patience` is for how many seconds a file may be locked by others.
    """
    address = make_url(database)
    if address.get_backend_name() != "sqlite":
        return _served(address)
    if address.database and not Path(address.database).exists():
        with suppress(OSError):  # opening it will tell
            os.close(os.open(address.database, os.O_CREAT | os.O_WRONLY, 0o600))
    return _sqlite(address, WORKING, patience)


def _served(address: URL) -> Engine:
    """An engine for a server. What the address itself says of these things counts instead."""
    ours = {key: value for key, value in LINES.items() if key not in address.query}
    engine = create_engine(address, pool_pre_ping=True, hide_parameters=True, connect_args=ours)
    if "options" not in address.query:
        event.listen(engine, "connect", _ask_not_to_wait_for_the_lost)
    return engine


def _ask_not_to_wait_for_the_lost(connection: Any, _: Any) -> None:
    """Have the server end what a host has begun that is cut off: it holds locks until then.

    Source: https://www.postgresql.org/docs/15/runtime-config-client.html
    """
    connection.autocommit = True
    for setting in ("idle_in_transaction_session_timeout", "tcp_user_timeout"):
        connection.execute(f"set {setting} = '{LOST}s'")
    connection.autocommit = False


def look(database: URL | str) -> Engine:
    """An engine for looking alone: it makes, changes and locks nothing.

    Raises BadStore where there is no file.
    """
    address = make_url(database)
    if address.get_backend_name() != "sqlite":
        return _served(address)
    if address.database and not Path(address.database).exists():
        raise BadStore(f"{address.database}: there is no store yet; `publisher publish` makes one")
    return _sqlite(address, LOOKING)


@contextmanager
def draft(file: Path) -> Iterator[Engine]:
    """An engine for a file that nobody else opens yet: no log beside it, and not made durable."""
    engine = _sqlite(URL.create("sqlite", database=str(file)), DRAFT)
    try:
        yield engine
    finally:
        engine.dispose()


WORKING = ("journal_mode=wal", "synchronous=full", "foreign_keys=on", "secure_delete=on")
LOOKING = ("query_only=on",)
DRAFT = ("journal_mode=delete", "synchronous=off", "foreign_keys=on")


def _sqlite(address: URL, pragmas: Sequence[str], patience: float = PATIENCE) -> Engine:
    engine = create_engine(address, connect_args={"timeout": patience}, hide_parameters=True)
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


def migrate(engine: Engine, to: str = "") -> None:
    """Bring the store to this program's version, or an older one. Raises BadStore if it can't.

    All in one transaction, and alone: killed in the middle it leaves the store as it was.
    """
    with _named(engine), engine.begin() as db:
        if db.dialect.name == "postgresql":
            _wait_for_turn(db)
        _refuse_strange(db, engine)
        migrating.upgrade(db, to or migrating.head())


def _wait_for_turn(db: Connection) -> None:
    """Let no two migrate at once, and wait for no other program's transaction for ever.

    Source: https://www.postgresql.org/docs/15/explicit-locking.html#ADVISORY-LOCKS
    """
    db.execute(text(f"set local lock_timeout = '{PATIENCE}s'"))
    db.execute(text("select pg_advisory_xact_lock(hashtext('publisher migrate'))"))


def require_ours(engine: Engine) -> None:
    """Raise BadStore unless there is a store of ours, of any version known here."""
    with _named(engine), reading(engine) as db:
        if _refuse_strange(db, engine) is None:
            raise BadStore(f"{name(engine)} is no store: there are no tables in it")


def require_current(engine: Engine) -> None:
    """Raise BadStore unless the store has this program's version."""
    with _named(engine), reading(engine) as db:
        current = _refuse_strange(db, engine)
    if current != migrating.head():
        raise BadStore(
            f"{name(engine)} has store version {current or 'none'}, this program needs"
            f" {migrating.head()}; run `publisher migrate`"
        )


def name(engine: Engine) -> str:
    """The store's address, without its password."""
    return engine.url.render_as_string(hide_password=True)


def _refuse_strange(db: Connection, engine: Engine) -> str | None:
    """The store's version, None for an empty one. Raises BadStore for what is none of ours."""
    has = shapes.found(db)
    tables, version = has.keys() - {shapes.VERSION}, migrating.current(db)
    if version is None and not tables:
        return None
    if odd := _strange(has, tables, version):
        raise BadStore(f"{name(engine)} {odd}; nothing was touched")
    return version


def _strange(has: shapes.Shape, tables: Set[str], version: str | None) -> str:
    """Why a database cannot be used as a store, and the remedy; "" where it can."""
    first = ", ".join(sorted(tables)[:3])
    if (version is None and tables - shapes.OURS) or (
        version not in migrating.versions() and not tables & shapes.OURS
    ):
        return f"holds tables of something else ({first}, …); give [store] database an empty one"
    if version is None:
        return f"has tables of a store ({first}, …) and no version: {HALF_WAY}"
    if version not in migrating.versions():
        return f"was written by a newer program (store version {version}); use that one"
    odd = shapes.odd(has, version)
    return f"says it is store version {version}, and {odd}: {HALF_WAY}" if odd else ""


HALF_WAY = "something changed it half-way, and not this program; restore a backup of it"


def remedy(error: DBAPIError) -> str:
    """What helps against trouble that passes, "" for any other."""
    words = str(error.orig).lower()
    remedies = {
        "locked": "another program holds it; try again",
        "lock timeout": "another program holds it; try again",
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
