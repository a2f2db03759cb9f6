"""Being the worker for a while, and leaving without harm."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from publisher import publishing, wiring
from publisher.cli import show
from publisher.cli.following import Host, code
from publisher.domain.channel import Receipt
from publisher.domain.delivery import State, settled_by
from publisher.embedded import GRACE, Process
from publisher.storage import deliveries
from publisher.storage.reports import Standing
from tests.publisher.fakes import NOW, FakeChannel, configured, edition

CACHES = (wiring.settings, wiring.channels, wiring.engine, wiring.broker, wiring.bounce_secret)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    config = tmp_path / "publisher.toml"
    config.write_text('[site]\nname = "News"\nbase_url = "https://news.example/"\n')
    monkeypatch.setenv("PUBLISHER_CONFIG", str(config))
    for made in CACHES:
        made.cache_clear()
    yield
    wiring.engine().dispose()
    for made in CACHES:
        made.cache_clear()


def test_a_worker_that_still_sends_for_others_is_not_hurried(store: None) -> None:
    with wiring.engine().begin() as db:
        fake = configured("fake", FakeChannel())
        publishing.plan([edition()], db=db, channels={"fake": fake}, at=NOW)
        taken = deliveries.claim(db, 1, at=NOW, owner="another")
        assert taken
    worker = Process("worker", [], env={})
    host = Host(ExitStack(), processes=[worker])
    host.hurry()
    assert worker.grace == GRACE
    with wiring.engine().begin() as db:
        done = settled_by(Receipt(id="1"), found=False)
        deliveries.settle(db, taken, done, at=NOW, worker="another")
    host.hurry()
    assert worker.grace == 0


def standing(state: State, *, paused: bool = False, **readers: int) -> Standing:
    return Standing(
        issue="2026-11",
        lang="en",
        channel="mail",
        kind="email",
        state=state,
        attempts=1,
        url="",
        remote_id="",
        reason="",
        next_attempt_at=None,
        readers=readers or None,
        paused=paused,
    )


@pytest.mark.parametrize(
    ("standings", "expected"),
    [
        ([standing(State.DELIVERED)], 0),
        ([standing(State.DELIVERED), standing(State.SKIPPED)], 0),
        ([standing(State.DELIVERED), standing(State.REFUSED)], 1),
        ([standing(State.HELD)], 1),
        ([standing(State.PENDING, paused=True)], 1),
        ([standing(State.DELIVERED, delivered=9, refused=1)], 1),
        ([standing(State.HELD), standing(State.PENDING)], 3),
        ([standing(State.UNSURE)], 3),
        ([standing(State.SENDING)], 3),
    ],
)
def test_the_exit_code_tells_what_became_of_it(standings: list[Standing], expected: int) -> None:
    assert code(standings) == expected


def test_a_narrow_terminal_gets_marks_and_a_wide_one_words() -> None:
    found = [standing(State.DELIVERED), standing(State.HELD)]

    def words(width: int) -> str:
        table = show.matrix(found, width=width)
        return "".join(str(cell) for column in table.columns for cell in column.cells)

    assert "held" in words(120)
    assert "held" not in words(20)
    assert "!" in words(20)


def test_more_channels_than_a_terminal_is_wide_stand_below_each_other() -> None:
    found = [replace(standing(State.DELIVERED), channel=f"network-{n}") for n in range(20)]
    table = show.matrix(found, width=120)
    assert table.columns[0].header == "channel"
    assert table.row_count == 20
    assert "delivered" in str(next(iter(table.columns[1].cells)))
