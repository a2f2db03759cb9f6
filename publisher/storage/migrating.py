"""Alembic, as far as we use it: which versions there are, and how to get to one."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

MIGRATIONS = Path(__file__).parent / "migrations"


def _config(connection: Connection | None = None) -> Config:
    """Alembic's settings, in code: `alembic.ini` would be a second place to keep them."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


@cache
def versions() -> tuple[str, ...]:
    """Every version that this program knows, the newest first."""
    scripts = ScriptDirectory.from_config(_config()).walk_revisions()
    return tuple(script.revision for script in scripts)


def head() -> str:
    """This program's version."""
    return versions()[0]


def current(db: Connection) -> str | None:
    """The store's version, None where nothing is."""
    return MigrationContext.configure(db).get_current_revision()


def upgrade(db: Connection, to: str) -> None:
    """Bring a store to a version, in the transaction that is open on the connection."""
    command.upgrade(_config(db), to)
