"""What is exported comes back as it was, runs in no spreadsheet, and is for its owner's eyes."""

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete

from publisher import exporting, replacing, subscribing
from publisher.domain.subscriber import one_line
from publisher.importing.newcomers import LONGEST_NAME
from publisher.storage.engine import connect, migrate
from publisher.storage.schema import reader_log, subscribers, suppressions
from publisher.subscribing import Choices
from tests.publisher.importing.files import AT, imported, read


def exported(engine: Engine) -> str:
    out = io.StringIO(newline="")
    exporting.table(out, engine=engine)
    return out.getvalue()


def facts(engine: Engine) -> list[tuple[object, ...]]:
    rows = subscribing.everyone(engine=engine)
    return [(r.address, r.name, r.languages, r.lists, r.state, r.else_after) for r in rows]


def test_readers_are_written_with_choices_and_consent(engine: Engine) -> None:
    choices = Choices(languages=("de", "fr"), lists=("readers",), name="Ann, Lee", else_after=14)
    subscribing.add(["Ann@example.org"], engine=engine, choices=choices, at=AT)
    subscribing.add(["bob@example.org"], engine=engine, at=AT)
    subscribing.remove("bob@example.org", engine=engine)
    assert exported(engine).splitlines() == [
        "email,name,languages,lists,status,joined_at,consent,else_after",
        'Ann@example.org,"Ann, Lee",de fr,readers,confirmed,2026-11-05T09:30:00Z,operator,14',
        "bob@example.org,,,,left,2026-11-05T09:30:00Z,operator,",
    ]


def test_an_import_gives_back_what_was_exported(engine: Engine) -> None:
    text = (
        "email,name,language,lists,status,optin_time,optin_ip,else_after\n"
        "=ann@example.org,=1+1,de,readers,confirmed,2016-04-18 13:50:00,192.0.2.1,30\n"
        "用户@例子.广告,'tis,,,unsubscribed,,,\n"
        "eve@example.org,-Eve,,,cleaned,,,\n"
        "bob@example.org,,,,pending,,,\n"
    )
    imported(text, engine)
    before, written = facts(engine), exported(engine)
    with engine.begin() as db:
        for table in (reader_log, subscribers):
            db.execute(delete(table))
        db.execute(delete(suppressions))
    imported(written, engine)
    assert facts(engine) == before
    assert exported(engine) == written


@pytest.fixture
def store(tmp_path: Path) -> Engine:
    engine = connect(f"sqlite:///{tmp_path}/publisher.db")
    migrate(engine)
    return engine


NAMES = st.text(alphabet="=+-@＝ '\";,|\t\r\n\u00a0\ufeffx1é", max_size=15) | st.text(max_size=30)


@given(st.lists(NAMES, min_size=1, max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_any_name_makes_the_round_trip(store: Engine, names: list[str]) -> None:
    names = [one_line(name.encode(errors="replace").decode())[:LONGEST_NAME] for name in names]
    with store.begin() as db:
        for table in (reader_log, subscribers):
            db.execute(delete(table))
    for number, name in enumerate(names):
        choices = Choices(name=name)
        subscribing.add([f"+r{number}@example.org"], engine=store, choices=choices)
    new, bad = read(exported(store))
    assert ([reader.name for reader in new], bad) == (names, [])


def test_no_cell_is_a_formula(engine: Engine) -> None:
    for name in ("=1+1", "@SUM(1)", "＝1", "x;=1"):
        address = f"{len(name)}{name.encode().hex()}@example.org"
        subscribing.add([address], engine=engine, choices=Choices(name=name))
    for row in csv.reader(io.StringIO(exported(engine))):
        assert not any(cell.startswith(tuple("=+-@＝")) or ";=" in cell for cell in row)


def test_json_lines_have_a_reader_each(engine: Engine) -> None:
    subscribing.add(["ann@example.org"], engine=engine, choices=Choices(languages=("de",)), at=AT)
    out = io.StringIO()
    assert exporting.json_lines(out, engine=engine) == 1
    [line] = out.getvalue().splitlines()
    assert json.loads(line) == {
        "email": "ann@example.org",
        "name": "",
        "languages": ["de"],
        "lists": [],
        "status": "confirmed",
        "joined_at": "2026-11-05T09:30:00Z",
        "consent": "operator",
        "else_after": "",
    }


def test_a_file_appears_whole_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "readers.csv"
    with replacing.privately(path) as out:
        out.write("half")
        assert not path.exists()
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("half", 0o600)


def test_a_file_that_is_not_finished_leaves_the_old_one_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "readers.csv"
    path.write_text("old")

    def broken_off() -> None:
        with replacing.privately(path) as out:
            out.write("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("readers.csv", "old")]
