"""The Celery application and its schedule. The queue carries hints; the database remembers."""

import gc
from typing import Any

from celery.signals import (
    celeryd_after_setup,
    setup_logging,
    worker_init,
    worker_process_init,
    worker_shutting_down,
)

from publisher import processes, queue, wiring
from publisher.signs import BEAT
from workers import alive

SWEEP = 2.0  # seconds
RELEASE = 2.0  # seconds
NOTIFY = 2.0  # seconds
STAND_IN = 600.0  # seconds
COLLECTING = 10_000  # objects between collections: by default a twentieth of a mailing goes there
HOUR = 3600.0
RECEIPTS = 5.0  # seconds

sources = [one.source for one in wiring.settings().each if one.source]
bounces = wiring.settings().bounces.every  # also without a mailbox: what is noted is weighed
receipts = RECEIPTS if wiring.settings().receipts.folder else HOUR  # without it there are none
look = min((source.every for source in sources), default=HOUR)

app = queue.celery(wiring.broker_url())
app.set_default()
app.steps["consumer"].add(alive.Heart)
app.conf.update(
    include=["workers.tasks"],
    beat_schedule={
        "sweep": {
            "task": "workers.tasks.sweep",
            "schedule": SWEEP,
            "options": {"expires": 5 * SWEEP},
        },
        "alive": {
            "task": "workers.tasks.beat_of_schedule",
            "schedule": BEAT,
            "options": {"expires": 2 * BEAT, "queue": alive.proof(alive.SCHEDULE)},
        },
        "forget": {
            "task": "workers.tasks.forget_unanswered",
            "schedule": HOUR,
            "options": {"expires": HOUR},
        },
        "look": {"task": "workers.tasks.look", "schedule": look, "options": {"expires": look}},
        "release": {
            "task": "workers.tasks.release",
            "schedule": RELEASE,
            "options": {"expires": 5 * RELEASE},
        },
        "notify": {
            "task": "workers.tasks.notify",
            "schedule": NOTIFY,
            "options": {"expires": 5 * NOTIFY},
        },
        "receipts": {
            "task": "workers.tasks.receipts",
            "schedule": receipts,
            "options": {"expires": receipts},
        },
        "stand in": {
            "task": "workers.tasks.stand_in",
            "schedule": STAND_IN,
            "options": {"expires": STAND_IN},
        },
        "bounces": {
            "task": "workers.tasks.bounces",
            "schedule": bounces,
            "options": {"expires": bounces},
        },
    },
    beat_max_loop_interval=SWEEP,
    beat_scheduler="workers.sparing:Sparing",
)


def _log(**_: Any) -> None:
    """Who listens to this signal has the say, and Celery sets up no log of its own."""
    wiring.begin_log()


def _load_before_forking(**_: Any) -> None:
    """Import and check everything once: children start warm, and mistakes show at once."""
    wiring.channels()
    wiring.engine().dispose()  # a child that inherits an open SQLite file holds no locks on it
    gc.collect()
    gc.freeze()  # what is loaded stays: no child need look through it, nor copy its memory for that


def _set_up(sender: str, instance: Any, **_: Any) -> None:
    """Mailings take long: one process stays for what else this worker takes, if anything."""
    others = set(instance.app.amqp.queues.consume_from) - {queue.BULK}
    wiring.seat_mailings(max(1, instance.concurrency - bool(others)))
    alive.introduce(instance.app, sender)


def _begin_afresh(**_: Any) -> None:
    wiring.after_fork()
    gc.set_threshold(COLLECTING, *gc.get_threshold()[1:])


def _hand_back(**_: Any) -> None:
    """A long mailing gives back what it has not begun."""
    processes.ask_to_stop()


setup_logging.connect(_log)
worker_init.connect(_load_before_forking)
celeryd_after_setup.connect(_set_up)
worker_shutting_down.connect(_hand_back)
worker_process_init.connect(_begin_afresh)
