"""A store that was copied, as operators meet it: what is said, refused, and how it goes on."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from publisher import embedded, publishing, wiring
from publisher.backups import BadBackup
from publisher.cli.main import cli
from publisher.fencing import Fenced
from publisher.storage import reports
from publisher.storage.engine import reading
from tests.cli.test_following import CACHES
from tests.publisher.fakes import NOW, FakeChannel, configured, edition

CONFIG = """
[site]
name = "News"
base_url = "https://news.example/"

[channels.fake]
kind = "atom"
path = "feed.xml"
url = "https://news.example/feed.xml"
"""
ISSUE = "---\ntitle: News\ndate: 2026-11-05\n---\n\nAll that happened.\n"


def forget_the_process() -> None:
    """As if a new process began."""
    if wiring.engine.cache_info().currsize:
        wiring.engine().dispose()
    for made in CACHES:
        made.cache_clear()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A newsletter with one delivery that waits, and the command run in it."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "publisher.toml").write_text(CONFIG)
    (folder / "2026-11.md").write_text(ISSUE)
    monkeypatch.setenv("PUBLISHER_CONFIG", str(folder / "publisher.toml"))
    forget_the_process()
    with wiring.engine().begin() as db:
        channels = {"fake": configured("fake", FakeChannel())}
        publishing.plan([edition()], db=db, channels=channels, at=NOW)
    yield folder
    forget_the_process()


@pytest.fixture
def copied(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same in a copy of its folder."""
    copy = home.with_name("copy")
    forget_the_process()
    shutil.copytree(home, copy)
    monkeypatch.setenv("PUBLISHER_CONFIG", str(copy / "publisher.toml"))
    return copy


def say(*words: str) -> Result:
    return CliRunner().invoke(cli, words, standalone_mode=False)


def states() -> list[str]:
    with reading(wiring.engine()) as db:
        return [standing.state for standing in reports.standings(db)]


@pytest.mark.parametrize(
    "words",
    [
        lambda folder: ("publish", str(folder / "2026-11.md")),
        lambda folder: ("retry", "2026-11"),
        lambda folder: ("settle", "2026-11", "--channel", "fake", "--resend"),
    ],
)
def test_a_copy_refuses_what_would_send(copied: Path, words: Callable[[Path], list[str]]) -> None:
    error = say(*words(copied)).exception
    assert isinstance(error, Fenced)
    assert "its file was copied" in str(error)
    assert "`publisher adopt`" in str(error)
    assert states() == ["pending"]


def test_a_copy_names_it_in_its_status(copied: Path) -> None:
    told = say("status")
    assert told.return_value == 0
    assert "sends nothing: its file was copied" in " ".join(told.output.split())


def test_a_copy_can_be_looked_at_and_settled(copied: Path) -> None:
    for words in (
        ("status", "2026-11", "--json"),
        ("log", "2026-11"),
        ("settle", "2026-11", "--channel", "fake", "--skip"),
    ):
        assert say(*words).return_value == 0, words
    assert states() == ["skipped"]


def test_a_copy_hints_at_nothing_and_looks_at_nothing(copied: Path) -> None:
    assert (wiring.sweep(), wiring.look()) == (0, 0)


def test_adopting_asks_a_person(copied: Path) -> None:
    error = say("adopt").exception
    assert error is not None
    assert "say --yes" in str(error)
    assert getattr(error, "exit_code", 0) == 2
    assert wiring.is_fenced()


def test_adopting_shows_what_waits_and_looks_for_it_first(copied: Path) -> None:
    told = say("adopt", "--yes")
    assert told.return_value == 0
    assert "2026-11 on fake: 1 pending" in told.output
    assert "1 delivery is in doubt, and looked for first" in told.output
    assert (states(), wiring.is_fenced()) == (["unsure"], False)


def test_what_was_moved_goes_on_as_it_was(copied: Path) -> None:
    told = say("adopt", "--moved", "--yes")
    assert "What waited goes on" in told.output
    assert (states(), wiring.is_fenced()) == (["pending"], False)


def test_a_store_that_sends_has_nothing_to_be_moved() -> None:
    assert "is not fenced" in say("adopt", "--moved").output
    assert states() == ["pending"]


def test_a_machine_that_was_put_back_can_be_told_before_it_sends() -> None:
    assert "1 delivery is in doubt" in say("adopt", "--yes").output
    assert states() == ["unsure"]


def test_a_backup_says_what_it_holds_and_how_to_keep_it(home: Path) -> None:
    told = say("backup", str(home / "backup.db"))
    assert told.return_value == 0
    assert "1 edition, 0 readers, 1 delivery" in told.output
    assert "keep it as safe as the store" in told.output


def test_yesterdays_store_comes_back_fenced(home: Path) -> None:
    assert say("backup", str(home / "backup.db")).return_value == 0
    forget_the_process()
    for left in home.glob("publisher.db*"):
        left.unlink()
    told = say("restore", str(home / "backup.db"))
    assert (told.return_value, told.exception) == (0, None)
    assert "publisher adopt" in told.output
    assert states() == ["pending"]
    assert "it was restored from backup.db" in " ".join(say("status").output.split())
    assert "1 delivery is in doubt" in say("adopt", "--yes").output


def test_a_restore_into_a_store_in_use_is_refused(home: Path) -> None:
    say("backup", str(home / "backup.db"))
    with embedded.alone(wiring.settings().state):
        error = say("restore", str(home / "backup.db")).exception
    assert isinstance(error, embedded.Busy)
    error = say("restore", str(home / "backup.db")).exception
    assert isinstance(error, BadBackup)
    assert states() == ["pending"]
