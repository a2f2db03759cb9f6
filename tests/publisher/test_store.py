"""Opening the store: its version, strangers, and the two databases alike."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, select, text

from publisher.storage import secrets
from publisher.storage.engine import BadStore, connect, migrate, require_current
from publisher.storage.schema import INDEX, BadRow, editions, metadata
from tests.publisher.fakes import NOW


def test_the_migrations_build_what_the_schema_says(engine: Engine) -> None:
    """All but the index of what editions say, which is another thing on each database."""
    with engine.begin() as db:
        but = {"include_name": lambda name, *_: not str(name).startswith(INDEX)}
        assert compare_metadata(MigrationContext.configure(db, opts=but), metadata) == []


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    migrate(engine)
    require_current(engine)


def test_a_store_on_a_server_waits_for_the_command(postgres_database: str) -> None:
    engine = connect(postgres_database)
    with pytest.raises(BadStore, match="publisher migrate"):
        require_current(engine)
    engine.dispose()


def test_a_store_of_a_newer_program_is_refused_and_untouched(engine: Engine) -> None:
    with engine.begin() as db:
        db.execute(text("update alembic_version set version_num = '9999'"))
    for opening in (migrate, require_current):
        with pytest.raises(BadStore, match="newer program"):
            opening(engine)
    with engine.begin() as db:
        assert db.execute(text("select version_num from alembic_version")).scalar() == "9999"


def test_a_strangers_database_is_refused_and_untouched(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path}/recipes.db")
    with engine.begin() as db:
        db.execute(text("create table recipes (name text)"))
    with pytest.raises(BadStore, match="holds tables of something else"):
        migrate(engine)
    with engine.begin() as db:
        assert db.execute(text("select count(*) from sqlite_master")).scalar() == 1
    engine.dispose()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "publisher.db"
    path.write_text("This is a shopping list, not a database.\n" * 100)
    engine = connect(f"sqlite:///{path}")
    with pytest.raises(BadStore, match=r"publisher\.db cannot be used"):
        migrate(engine)
    engine.dispose()
    assert path.read_text().startswith("This is a shopping list")


def test_a_password_is_not_in_what_is_said(tmp_path: Path) -> None:
    engine = connect("postgresql+psycopg://news:s3cret@127.0.0.1:1/news")
    with pytest.raises(BadStore) as error:
        require_current(engine)
    assert "s3cret" not in str(error.value)
    engine.dispose()


def test_a_server_is_asked_not_to_wait_for_a_host_that_is_cut_off(postgres_database: str) -> None:
    engine = connect(postgres_database)
    with engine.connect() as db:
        assert db.scalar(text("show idle_in_transaction_session_timeout")) == "1min"
    engine.dispose()


@pytest.fixture
def lenient(tmp_path: Path) -> Iterator[Engine]:
    """A store of the database that keeps whatever it is given."""
    engine = connect(f"sqlite:///{tmp_path}/publisher.db")
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("column", ["issue", "title"])
def test_bytes_where_a_text_belongs_are_told(lenient: Engine, column: str) -> None:
    words = dict.fromkeys(("issue", "lang", "path", "title", "url", "summary", "html", "revision"))
    row = dict.fromkeys(words, "word") | {"dated": NOW, "planned_at": NOW}
    with lenient.begin() as db:
        db.execute(editions.insert().values(row))
        db.execute(editions.update().values({column: text("x'ff'")}))
        with pytest.raises(BadRow, match=r"b'\\xff' is no text; `publisher doctor` names it"):
            db.execute(select(editions.c[column])).all()


def test_a_key_of_the_stores_own_that_is_none_is_told(engine: Engine) -> None:
    with engine.begin() as db:
        secrets.key(db, "bounces")
        db.execute(text("update secrets set value = 'no key'"))
        with pytest.raises(BadRow, match="the secret 'bounces' is no key; restore a backup"):
            secrets.key(db, "bounces")
