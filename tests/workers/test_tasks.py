"""The Celery side: what the queue may carry, and what happens without it."""

import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

from publisher import queue
from publisher.storage.waiting import Hint

CONFIG = '[site]\nname = "News"\nbase_url = "https://news.example/"\n'

LIST_TASKS = """
import json
from workers.app import app
import workers.tasks
print(json.dumps(sorted(name for name in app.tasks if not name.startswith("celery."))))
print(json.dumps(sorted(entry["task"] for entry in app.conf.beat_schedule.values())))
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "publisher.toml"
    path.write_text(CONFIG)
    return path


def python(code: str, config: Path) -> str:
    env = {**os.environ, "PUBLISHER_CONFIG": str(config)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_the_queue_names_only_tasks_that_exist(config: Path) -> None:
    tasks, scheduled = python(LIST_TASKS, config).splitlines()
    assert tasks == (
        '["workers.tasks.beat", "workers.tasks.beat_of_schedule",'
        ' "workers.tasks.bounces", "workers.tasks.deliver", "workers.tasks.deliver_copies",'
        ' "workers.tasks.deliver_question", "workers.tasks.forget_unanswered",'
        ' "workers.tasks.look", "workers.tasks.notify", "workers.tasks.receipts",'
        ' "workers.tasks.release",'
        ' "workers.tasks.stand_in", "workers.tasks.sweep"]'
    )
    assert scheduled == (
        '["workers.tasks.beat_of_schedule", "workers.tasks.bounces",'
        ' "workers.tasks.forget_unanswered",'
        ' "workers.tasks.look", "workers.tasks.notify", "workers.tasks.receipts",'
        ' "workers.tasks.release",'
        ' "workers.tasks.stand_in", "workers.tasks.sweep"]'
    )


def test_no_task_is_a_coroutine(config: Path) -> None:
    """Celery reports an `async def` task as done without having run it."""
    code = "import inspect, workers.tasks as t; from workers.app import app; " + (
        "print([n for n, task in app.tasks.items() if inspect.iscoroutinefunction(task.run)])"
    )
    assert python(code, config).strip() == "[]"
    assert inspect.iscoroutinefunction(test_no_task_is_a_coroutine) is False


def test_a_dead_broker_loses_a_hint_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = queue.celery(f"redis+socket://{tmp_path}/nobody.sock")
    assert queue.give(app, Hint(delivery=1)) is False
    assert "the broker does not answer" in caplog.text


def test_nothing_but_numbers_goes_into_the_queue() -> None:
    assert queue.SETTINGS["accept_content"] == ["json"]
    assert queue.SETTINGS["task_acks_late"] is True
    assert queue.REDIS["visibility_timeout"] > queue.TASK_LIMIT


FORKED = """
import gc
from celery.signals import worker_init, worker_process_init
import workers.app
worker_init.send(None)
worker_process_init.send(None)
print(gc.get_freeze_count(), gc.get_threshold()[0])
"""


def test_a_worker_does_not_look_through_its_code_for_garbage(config: Path) -> None:
    frozen, threshold = map(int, python(FORKED, config).split())
    assert frozen > 100_000
    assert threshold == 10_000
