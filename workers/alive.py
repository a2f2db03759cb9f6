"""Signs of life that prove the whole way: broker, consumer, a process of the pool, the store.

The worker's own timer posts a task to a queue of the worker's own; who runs it writes the sign.
A second queue, which all workers share, does the same for the schedule.
"""

import logging
import os
import signal
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from celery import Celery, bootsteps
from kombu.entity import Exchange, Queue
from kombu.exceptions import OperationalError

from publisher import processes, queue, wiring
from publisher.publishing import utcnow
from publisher.signs import BEAT
from publisher.storage.engine import BadStore

log = logging.getLogger(__name__)

TASK = "workers.tasks.beat"
SCHEDULE = "publisher.alive"  # the queue that proves the schedule
LIFETIME = 60.0  # seconds that a queue outlives who consumed from it
LIMIT = 20.0  # seconds; a process of the pool that cannot do even this is ended
ROLES = {(queue.BULK,): "mail", (queue.QUESTIONS,): "questions"}  # by all that one consumes
OPTIONS = {"time_limit": LIMIT, "soft_time_limit": LIMIT, "acks_late": False}


@dataclass(frozen=True, kw_only=True)
class Me:
    """The worker that this process is of."""

    name: str
    role: str
    started_at: datetime
    pid: int


_me: list[Me] = []


def introduce(app: Celery, nodename: str) -> None:
    """Let a worker that is about to start have its queues, and its children know whose they are."""
    role = ROLES.get(tuple(app.amqp.queues.consume_from), "worker")
    name = f"{nodename}:{os.getpid()}"
    _me[:] = [Me(name=name, role=role, started_at=utcnow(), pid=os.getpid())]
    _consume(app, SCHEDULE)
    _consume(app, _own(name))


def _own(name: str) -> str:
    return f"{SCHEDULE}.{name}"


def _consume(app: Celery, name: str) -> None:
    """Consume from a queue that ends soon after its last consumer, and of which nothing is left.

    Nothing in it is acknowledged, for Redis would put what was not back for ever; it is bound to
    no exchange, for Redis would remember that.
    """
    added = app.amqp.queues.select_add(proof(name))
    added.exchange = Exchange("")  # it was given the default one


def proof(name: str) -> Queue:
    """A queue for signs of life."""
    return Queue(name, Exchange(""), name, no_ack=True, expires=LIFETIME, max_length=20)


class Heart(bootsteps.StartStopStep):  # type: ignore[misc]  # celery's only way in
    """Posts the worker's own task for as long as its consumer stands."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, _consumer: Any, **_: Any) -> None:
        self.timer: Any = None

    def start(self, consumer: Any) -> None:
        _post(consumer.app)
        _sweep_now(consumer.app)
        self.timer = consumer.timer.call_repeatedly(BEAT, _post, (consumer.app,))

    def stop(self, _consumer: Any) -> None:
        if self.timer is not None:
            self.timer.cancel()
        self.timer = None

    shutdown = stop


def _sweep_now(app: Celery) -> None:
    """What waited for a worker, waits no longer for the schedule."""
    try:
        app.send_task(queue.SWEEP, queue=queue.SCHEDULE, expires=BEAT)
    except (OperationalError, OSError) as error:
        log.warning("the broker takes no sweep: %s", error)


def _post(app: Celery) -> None:
    try:
        app.send_task(TASK, queue=_own(_me[0].name), expires=2 * BEAT)
    except (OperationalError, OSError) as error:
        log.warning("the broker takes no sign of life: %s", error)


def sign() -> None:
    """Write this worker's sign; end the worker where the store has left it behind."""
    try:
        me = _me[0]
        wiring.sign(me.name, role=me.role, started_at=me.started_at)
    except BadStore as error:
        log.critical("this worker ends: %s", error)
        processes.ask_to_stop()
        os.kill(me.pid, signal.SIGTERM)


def sign_for_schedule(origin: str) -> None:
    """Write the sign of the schedule whose task came through. `origin` is genPID@HOST."""
    name = f"schedule:{origin.removeprefix('gen')}"
    wiring.sign(name, role="schedule", started_at=utcnow())
