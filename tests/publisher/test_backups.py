"""Backup and restore: all of a store, from either database to either, and it sends nothing."""

import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from publisher import backups, fencing, publishing, subscribing
from publisher.backups import Backup, BadBackup
from publisher.domain.delivery import State
from publisher.fencing import Witness
from publisher.storage import copying, deliveries, identity, pacing, secrets, sightings
from publisher.storage.engine import connect, migrate, reading
from publisher.storage.schema import metadata
from publisher.storage.sightings import Sighting
from tests.publisher.fakes import (
    NOW,
    Clock,
    FakeChannel,
    FakeMailing,
    configured,
    edition,
    worker,
)

READERS = ["ann@example.org", "bob@example.net", "zoë@example.org"]


def fill(engine: Engine) -> FakeChannel:
    """Something of everything: sent, waiting, held back, paused, with names in other scripts."""
    fake = FakeChannel()
    fencing.recognise(engine, Witness(path=Path("/nowhere/witness")), at=NOW)
    subscribing.add(READERS, engine=engine)
    channels = {"fake": configured("fake", fake), "mail": configured("mail", FakeMailing())}
    with engine.begin() as db:
        publishing.plan([edition(title="Ünï 😀 \N{NULL}")], db=db, channels=channels, at=NOW)
        pacing.pause(db, "mail", "the account needs you", at=NOW)
        seen = Sighting(issue="old", lang="en", revision="1")
        sightings.looked(db, "folder", ["a problem"], at=NOW, saw_all=True)
        sightings.note(db, "folder", seen, at=NOW, released=False, held_back="a flood")
        secrets.key(db, "bounces")
    publishing.deliver(1, worker(engine, Clock(), fake=fake))
    return fake


def rows(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """All that a store holds, but for what it knows of itself."""
    with reading(engine) as db:
        tables = [table for table in metadata.sorted_tables if table.name != "identity"]
        return {
            table.name: [
                tuple(row) for row in db.execute(table.select().order_by(*table.primary_key))
            ]
            for table in tables
        }


def back_up(engine: Engine, file: Path, *, replacing: bool = False) -> Backup:
    return backups.back_up(engine, file, at=NOW, replacing=replacing)


def restore(file: Path, engine: Engine, room: Path) -> Backup:
    return backups.restore(file, engine, room=room, at=NOW)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Engine]:
    """A store that nobody has used yet."""
    engine = connect(f"sqlite:///{tmp_path}/elsewhere.db")
    yield engine
    engine.dispose()


def test_a_backup_holds_all_and_goes_back_where_nothing_is(
    engine: Engine, elsewhere: Engine, tmp_path: Path
) -> None:
    fill(engine)
    done = back_up(engine, tmp_path / "backup.db")
    assert (done.rows["deliveries"], done.rows["subscribers"]) == (4, 3)
    restore(tmp_path / "backup.db", elsewhere, tmp_path)
    assert rows(elsewhere) == rows(engine)


def test_a_file_goes_into_a_store_on_either_database(engine: Engine, tmp_path: Path) -> None:
    source = connect(f"sqlite:///{tmp_path}/source.db")
    migrate(source)
    fake = fill(source)
    back_up(source, tmp_path / "backup.db")
    restore(tmp_path / "backup.db", engine, tmp_path)
    assert rows(engine) == rows(source)
    source.dispose()
    with engine.begin() as db:  # numbers go on after those that came
        channels = {"fake": configured("fake", fake)}
        publishing.plan([edition("2026-12")], db=db, channels=channels, at=NOW)
        assert deliveries.claim(db, 5, at=NOW, owner="me") is None
    assert len(rows(engine)["deliveries"]) == 5


def test_a_backup_is_one_file_for_its_owners_eyes(engine: Engine, tmp_path: Path) -> None:
    fill(engine)
    (tmp_path / "backups").mkdir()
    file = tmp_path / "backups" / "news.db"
    back_up(engine, file)
    assert list(file.parent.iterdir()) == [file]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_whoever_opens_a_backup_as_a_store_sends_nothing(engine: Engine, tmp_path: Path) -> None:
    fill(engine)
    back_up(engine, tmp_path / "backup.db")
    store = connect(f"sqlite:///{tmp_path}/backup.db")
    me = fencing.recognise(store, Witness(path=tmp_path / "none"), at=NOW)
    assert (me.fenced_at, me.reason) == (NOW, "it is a backup of 2026-11-05 12:00 UTC")
    store.dispose()
    with reading(engine) as db:
        free = identity.known(db)
    assert free
    assert free.fenced_at is None


def test_a_restored_store_sends_nothing_until_it_is_adopted(
    engine: Engine, elsewhere: Engine, tmp_path: Path
) -> None:
    fake = fill(engine)
    with engine.begin() as db:
        channels = {"fake": configured("fake", fake)}
        publishing.plan([edition("2026-12")], db=db, channels=channels, at=NOW)
    back_up(engine, tmp_path / "backup.db")
    publishing.deliver(5, worker(engine, Clock(), fake=fake))  # after the backup
    restore(tmp_path / "backup.db", elsewhere, tmp_path)
    clock = Clock()
    clock.forward(hours=1)
    publishing.deliver(5, worker(elsewhere, clock, fake=fake))
    assert len(fake.out_there) == 2
    fencing.adopt(elsewhere, Witness(path=tmp_path / "witness"), at=clock())
    publishing.deliver(5, worker(elsewhere, clock, fake=fake))
    assert len(fake.out_there) == 2
    assert rows(elsewhere)["deliveries"][4][3] == State.DELIVERED


def test_a_backup_of_a_store_at_work_is_of_one_moment(tmp_path: Path) -> None:
    store = connect(f"sqlite:///{tmp_path}/publisher.db")
    migrate(store)
    fill(store)
    with store.begin() as db:  # somebody writes, and is not through
        db.execute(text("delete from delivery_log"))
        done = back_up(store, tmp_path / "backup.db")
    assert done.rows["delivery_log"] == 6
    store.dispose()


# --- bad input


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("publisher.db", "is the store itself"),
        ("other.db", "exists already; name another file, or say --force"),
        ("folder", "is a folder"),
        ("nowhere/backup.db", "there is no folder"),
    ],
)
def test_a_backup_goes_only_where_nothing_is(name: str, words: str, tmp_path: Path) -> None:
    store = connect(f"sqlite:///{tmp_path}/publisher.db")
    migrate(store)
    (tmp_path / "folder").mkdir()
    (tmp_path / "other.db").write_text("precious")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(BadBackup, match=words):
        back_up(store, tmp_path / name)
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "other.db").read_text() == "precious"
    store.dispose()


def test_a_backup_replaces_another_when_told(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    file.write_text("an older one")
    assert back_up(engine, file, replacing=True).size == file.stat().st_size > 100


def test_a_store_that_holds_anything_is_not_restored_over(engine: Engine, tmp_path: Path) -> None:
    fill(engine)
    back_up(engine, tmp_path / "backup.db")
    before = rows(engine)
    with pytest.raises(BadBackup, match="holds something already"):
        restore(tmp_path / "backup.db", engine, tmp_path)
    assert rows(engine) == before


def broken(name: str, folder: Path) -> Path:
    """A file that is no backup, of the sort that `name` says."""
    file = folder / f"{name}.db"
    if name == "a folder":
        file.mkdir()
    elif name == "a text":
        file.write_text("This is a shopping list.\n" * 100)
    elif name != "nothing":
        store = connect(f"sqlite:///{file}")
        if name != "a strangers":
            migrate(store)
            fill(store)
        with store.begin() as db:
            for statement in BREAKING[name]:
                db.execute(text(statement))
        store.dispose()
    return file


BREAKING = {
    "a strangers": ["create table recipes (name text)"],
    "from the future": ["update alembic_version set version_num = '9999'"],
}
WORDS = {
    "nothing": "there is no such file",
    "a folder": "there is no such file",
    "a text": "is no backup",
    "a strangers": "tables of something else",
    "from the future": "newer program",
}


@pytest.mark.parametrize("name", WORDS)
def test_what_is_no_backup_is_named_and_nothing_touched(
    name: str, elsewhere: Engine, tmp_path: Path
) -> None:
    file = broken(name, tmp_path)
    before = file.read_bytes() if file.is_file() else b""
    with pytest.raises(BadBackup, match=WORDS[name]) as error:
        restore(file, elsewhere, tmp_path)
    assert str(file) in str(error.value)
    assert (file.read_bytes() if file.is_file() else b"") == before
    assert not list(tmp_path.glob("restoring-*"))


def test_a_torn_backup_is_named(elsewhere: Engine, tmp_path: Path) -> None:
    store = connect(f"sqlite:///{tmp_path}/publisher.db")
    migrate(store)
    fill(store)
    file = tmp_path / "backup.db"
    back_up(store, file)
    store.dispose()
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadBackup, match=r"backup\.db"):
        restore(file, elsewhere, tmp_path)


def test_a_plain_copy_of_a_store_in_use_is_restored_with_its_log(
    elsewhere: Engine, tmp_path: Path
) -> None:
    store = connect(f"sqlite:///{tmp_path}/publisher.db")
    migrate(store)
    fill(store)
    for end in ("", "-wal"):
        shutil.copyfile(tmp_path / f"publisher.db{end}", tmp_path / f"copy.db{end}")
    restore(tmp_path / "copy.db", elsewhere, tmp_path)
    assert rows(elsewhere) == rows(store)
    store.dispose()


def test_a_backup_of_the_version_before_is_restored(elsewhere: Engine, tmp_path: Path) -> None:
    store = connect(f"sqlite:///{tmp_path}/old.db")
    migrate(store, to="0002")
    store.dispose()
    restore(tmp_path / "old.db", elsewhere, tmp_path)
    with reading(elsewhere) as db:
        assert copying.used(db) == {}
