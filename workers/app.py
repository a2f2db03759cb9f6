"""The Celery application and its schedule. The queue carries hints; the database remembers."""

from typing import Any

from celery.signals import worker_init, worker_process_init, worker_ready

from publisher import queue, wiring

SWEEP = 2.0  # seconds
LOOK = 60.0  # seconds

app = queue.celery(wiring.broker_url())
app.set_default()
app.conf.update(
    include=["workers.tasks"],
    beat_schedule={
        "sweep": {
            "task": "workers.tasks.sweep",
            "schedule": SWEEP,
            "options": {"expires": 5 * SWEEP},
        },
        "look": {"task": "workers.tasks.look", "schedule": LOOK, "options": {"expires": LOOK}},
    },
    beat_max_loop_interval=SWEEP,
)


def _load_before_forking(**_: Any) -> None:
    """Import and check everything once: children start warm, and mistakes show at once."""
    wiring.engine()
    wiring.channels()


def _begin_afresh(**_: Any) -> None:
    wiring.after_fork()


def _look_around(**_: Any) -> None:
    """A worker that comes up does not wait for the schedule."""
    for task in ("workers.tasks.sweep", "workers.tasks.look"):
        app.send_task(task, expires=LOOK)


worker_init.connect(_load_before_forking)
worker_process_init.connect(_begin_afresh)
worker_ready.connect(_look_around)
