"""pause, resume, cancel as they are typed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from publisher import publishing, wiring
from publisher.cli.main import cli
from publisher.storage import pacing
from tests.cli.test_following import CACHES
from tests.publisher.fakes import NOW, FakeChannel, configured, edition


@pytest.fixture(autouse=True)
def _planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    config = tmp_path / "publisher.toml"
    config.write_text('[site]\nname = "News"\nbase_url = "https://news.example/"\n')
    monkeypatch.setenv("PUBLISHER_CONFIG", str(config))
    for made in CACHES:
        made.cache_clear()
    with wiring.engine().begin() as db:
        channels = {"fake": configured("fake", FakeChannel())}
        publishing.plan([edition()], db=db, channels=channels, at=NOW)
    yield
    wiring.engine().dispose()
    for made in CACHES:
        made.cache_clear()


def say(*words: str) -> Result:
    return CliRunner().invoke(cli, words, standalone_mode=False)


def test_what_is_paused_says_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert "is paused: 1 pending" in say("pause", "2026-11", "--channel", "fake").output
    told = say("status").output
    assert "paused by a person; to go on: publisher resume 2026-11 --channel fake" in told
    assert "goes on: 1 pending" in say("resume", "2026-11", "--channel", "fake").output
    assert "paused" not in say("status").output


def test_what_is_cancelled_is_skipped_and_twice_is_harmless() -> None:
    assert "1 delivery skipped" in say("cancel", "2026-11", "--channel", "fake").output
    assert "0 deliveries skipped" in say("cancel", "2026-11", "--channel", "fake").output


@pytest.mark.parametrize("word", ["pause", "resume", "cancel"])
@pytest.mark.parametrize(
    ("issue", "channel", "words"),
    [
        ("2026-12", "fake", "nothing was ever planned"),
        ("2026-11", "fak", "did you mean"),
    ],
)
def test_an_issue_or_channel_that_is_not_there_is_named(
    word: str, issue: str, channel: str, words: str
) -> None:
    error = say(word, issue, "--channel", channel).exception
    assert error is not None
    assert (getattr(error, "exit_code", 0), words in str(error)) == (2, True), str(error)


def test_a_channel_that_was_paused_goes_on_without_naming_an_issue() -> None:
    with wiring.engine().begin() as db:
        pacing.pause(db, "fake", "token revoked", at=NOW)
    assert "channel paused: token revoked" in say("status").output
    assert "fake goes on" in say("resume", "--channel", "fake").output
    assert "channel paused" not in say("status").output


def test_a_channel_to_resume_that_is_not_there_is_named() -> None:
    error = say("resume", "--channel", "fak").exception
    assert (getattr(error, "exit_code", 0), "did you mean" in str(error)) == (2, True), str(error)
