"""The queue, with a real broker: it holds few hints, and waits for nobody."""

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis
from celery import Celery
from celery.beat import ScheduleEntry

from publisher import embedded, queue, wiring
from publisher.queue import Giving
from publisher.storage.waiting import Hint
from workers.sparing import ENOUGH, Sparing


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Celery]:
    with (tmp_path / "broker.log").open("wb") as words:
        process = embedded.broker_process(tmp_path, words)
        process.grace = 5
        with embedded.running([process], tmp_path):
            hints = queue.hinting(embedded.broker_url(tmp_path))
            yield hints
            hints.close()


def test_hints_of_each_kind_go_into_a_queue_of_their_own(app: Celery) -> None:
    for hint in (Hint(delivery=1), Hint(delivery=2), Hint(post=1), Hint(ask=1)):
        assert queue.give(app, hint)
    assert queue.ask_to_look(app)
    found = {name: queue.length(app, name) for name in queue.QUEUES}
    assert found == {queue.NETWORKS: 2, queue.BULK: 1, queue.QUESTIONS: 1, queue.SCHEDULE: 1}


def test_a_queue_that_nobody_empties_takes_so_many_hints_and_no_more(app: Celery) -> None:
    giving = Giving(app=app)
    taken = [giving.give(Hint(delivery=1)) for _ in range(queue.ROOM + 10)]
    assert (taken.count(True), queue.length(app, queue.NETWORKS)) == (queue.ROOM, queue.ROOM)
    assert queue.give(app, Hint(delivery=1)) is False


def test_a_full_queue_keeps_no_other_from_its_hints(app: Celery) -> None:
    giving = Giving(app=app, room={queue.BULK: 0})
    assert giving.give(Hint(post=1)) is False
    assert giving.give(Hint(delivery=1)) is True


def test_a_broker_that_does_not_answer_is_asked_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    giving = Giving(app=queue.hinting(f"redis+socket://{tmp_path}/nobody.sock"))
    assert [giving.give(Hint(delivery=id)) for id in (1, 2, 3)] == [False] * 3
    assert caplog.text.count("the broker does not answer") == 1


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_is_silent_holds_nobody_up(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        app = queue.hinting(f"{scheme}://127.0.0.1:{silent.getsockname()[1]}//")
        assert queue.give(app, Hint(delivery=1)) is False


def test_a_broker_that_came_back_takes_the_next_hint(tmp_path: Path) -> None:
    app = queue.hinting(embedded.broker_url(tmp_path))
    for _ in range(2):
        with (tmp_path / "broker.log").open("wb") as words:
            process = embedded.broker_process(tmp_path, words)
            process.grace = 0
            with embedded.running([process], tmp_path):
                assert queue.give(app, Hint(delivery=1))
    app.close()


def test_a_broker_that_was_emptied_is_noticed_once(app: Celery, tmp_path: Path) -> None:
    assert queue.has_forgotten(app)  # it never knew
    assert not queue.has_forgotten(app)
    with closing(redis.Redis(unix_socket_path=str(embedded.socket_path(tmp_path)))) as client:
        client.flushall()
    assert [queue.has_forgotten(app) for _ in range(3)] == [True, False, False]


def test_a_broker_that_is_away_has_forgotten_nothing(tmp_path: Path) -> None:
    assert not queue.has_forgotten(queue.hinting(embedded.broker_url(tmp_path)))


def test_a_broker_that_takes_a_word_is_well_and_keeps_none_of_it(app: Celery) -> None:
    assert [queue.trouble(app) for _ in range(3)] == [""] * 3
    assert queue.length(app, queue.PROBE) == 0


def test_a_broker_that_is_away_may_come_back(tmp_path: Path) -> None:
    error = queue.tried(queue.hinting(embedded.broker_url(tmp_path)))
    assert error is not None
    assert not queue.refuses(error)


@pytest.mark.parametrize(
    "wrong", [["--requirepass", "secret"], ["--replicaof", "127.0.0.1 9"]], ids=["locked", "a copy"]
)
def test_a_broker_that_takes_no_word_from_us_never_will(tmp_path: Path, wrong: list[str]) -> None:
    with (tmp_path / "broker.log").open("wb") as words:
        process = embedded.broker_process(tmp_path, words)
        process.command = [*process.command, *wrong]
        process.grace = 5
        process.start()
        app = queue.hinting(embedded.broker_url(tmp_path))
        while not embedded.socket_path(tmp_path).exists():
            assert process.popen is not None
            assert process.popen.poll() is None
        assert queue.refuses(queue.tried(app))
        process.stop(0)


def test_a_schedule_that_nobody_hears_stops_talking(
    app: Celery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "publisher.toml"
    config.write_text(
        '[site]\nname = "News"\nbase_url = "https://news.example/"\n'
        f'[store]\nbroker = "{embedded.broker_url(tmp_path)}"\n'
    )
    monkeypatch.setenv("PUBLISHER_CONFIG", str(config))
    wiring.settings.cache_clear()
    wiring.broker.cache_clear()
    sparing = Sparing(app=app, lazy=True)
    sweep = ScheduleEntry(name="sweep", task="workers.tasks.sweep", schedule=2.0, app=app)
    with app.producer_or_acquire() as producer:
        for _ in range(ENOUGH + 20):
            sparing.apply_entry(sweep, producer=producer)
    assert queue.length(app, queue.SCHEDULE) == ENOUGH
    wiring.broker().close()
    wiring.settings.cache_clear()
    wiring.broker.cache_clear()
