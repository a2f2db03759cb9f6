"""Migrations: all or nothing, one at a time, beside an older program, and never half-way."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from publisher.storage import migrating, shapes
from publisher.storage.engine import BadStore, connect, migrate, reading, require_current

GOLDEN = Path(__file__).parent / "golden"
BEFORE = "0007"  # the version before this program's


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database with nothing in it, of each kind in turn."""
    if request.param == "sqlite":
        address = f"sqlite:///{tmp_path}/publisher.db"
    else:
        address = request.getfixturevalue("postgres_database")
    engine = connect(address)
    yield engine
    engine.dispose()


@pytest.fixture
def old(empty: Engine) -> Engine:
    """A store of the version before, with something in it."""
    migrate(empty, to=BEFORE)
    with empty.begin() as db:
        db.execute(text("insert into channels (name, reason) values ('mail', 'kept')"))
    return empty


def standing(engine: Engine) -> tuple[str | None, str]:
    """The version of a store, and what is odd about it."""
    with reading(engine) as db:
        version = migrating.current(db)
        return version, shapes.odd(shapes.found(db), version or BEFORE)


def say(engine: Engine, *statements: str) -> None:
    with engine.begin() as db:
        for statement in statements:
            db.execute(text(statement))


class Killed(BaseException):
    """The process ends here."""


def killed_at(engine: Engine, step: int) -> bool:
    """Migrate, and be ended before a statement or the commit; False once it gets through."""
    seen: list[object] = []

    def count(*_: object) -> None:
        seen.append(1)
        if len(seen) == step:
            raise Killed

    doors = ("before_cursor_execute", "commit")
    for door in doors:
        event.listen(engine, door, count)
    try:
        migrate(engine)
    except Killed:
        return True
    finally:
        for door in doors:
            event.remove(engine, door, count)
    return False


def test_a_migration_that_is_killed_anywhere_leaves_the_old_store(old: Engine) -> None:
    step = 1
    while killed_at(old, step):
        assert standing(old) == (BEFORE, ""), f"killed at step {step}"
        step += 1
    assert step > 5
    assert standing(old) == (migrating.head(), "")
    with reading(old) as db:
        assert db.scalar(text("select reason from channels")) == "kept"


MIGRATING = "import sys; from publisher.storage.engine import *; migrate(connect(sys.argv[1]))"


def test_programs_that_migrate_at_once_do_no_harm(old: Engine) -> None:
    address = old.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", MIGRATING, address]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(2)]
    said = [process.communicate(timeout=60)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    assert standing(old) == (migrating.head(), "")


def statements(dialect: str) -> list[dict[str, Any]]:
    """What the program of the version before says to a store, and how many rows that meets."""
    lines = (GOLDEN / f"statements-{BEFORE}.jsonl").read_text(encoding="utf-8").splitlines()
    return [said for said in map(json.loads, lines) if said["on"] == dialect]


def test_a_program_of_the_version_before_goes_on_working(engine: Engine) -> None:
    """Planning, claiming, marking, settling, pausing, retrying, asking: as it was recorded."""
    with engine.begin() as db:
        cursor = db.connection.cursor()
        for said in statements(engine.dialect.name):
            (cursor.executemany if said["many"] else cursor.execute)(said["sql"], said["given"])
            assert cursor.rowcount == said["rows"], said["sql"]
            if cursor.description:
                cursor.fetchall()
        states = db.execute(text("select state, count(*) as copies from deliveries group by state"))
        assert {row.state: row.copies for row in states} == {
            "delivered": 3,
            "pending": 1,
            "skipped": 1,
        }


# --- what is no store of ours

HALF_WAY = [
    (["alter table workers drop column version"], "lacks workers.version"),
    (["alter table releases add column agreed varchar"], r"later version has \(releases\.agreed"),
    (["drop table suppressions"], "lacks suppressions"),
    (["alter table channels rename column reason to words"], "lacks channels.reason"),
    (
        ["update alembic_version set version_num = '0008'"],
        "lacks releases.agreed",
    ),
    (["delete from alembic_version"], "no version"),
    (["drop table alembic_version"], "no version"),
]


@pytest.mark.parametrize(("statements", "words"), HALF_WAY)
def test_a_half_applied_migration_is_named_and_untouched(
    old: Engine, statements: list[str], words: str
) -> None:
    say(old, *statements)
    with reading(old) as db:
        before = shapes.found(db)
    for opening in (migrate, require_current):
        with pytest.raises(BadStore, match=rf"{words}.*restore a backup"):
            opening(old)
    with reading(old) as db:
        assert shapes.found(db) == before


@pytest.mark.parametrize("version", ["9999", "5f2c8a"])
def test_another_programs_database_is_not_taken_for_a_newer_store(
    empty: Engine, version: str
) -> None:
    say(
        empty,
        "create table recipes (name text)",
        "create table alembic_version (version_num varchar(32))",
        f"insert into alembic_version values ('{version}')",  # noqa: S608  our own word
    )
    with pytest.raises(BadStore, match=r"tables of something else \(recipes"):
        migrate(empty)


def test_a_program_with_tables_named_like_ours_is_a_stranger(empty: Engine) -> None:
    say(empty, "create table posts (id integer)", "create table wp_options (id integer)")
    with pytest.raises(BadStore, match="tables of something else"):
        migrate(empty)


def test_a_whole_store_is_in_shape_at_every_version(empty: Engine) -> None:
    for version in reversed(migrating.versions()):
        migrate(empty, to=version)
        assert standing(empty) == (version, "")
