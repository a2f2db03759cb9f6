"""The queue: it carries hints where to look, and may lose or double them."""

import logging
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any

from amqp.exceptions import AccessRefused, NotAllowed
from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import AuthenticationError, ResponseError

from publisher.storage.waiting import Hint

log = logging.getLogger(__name__)

BULK = "publisher"  # mailings; and what an older program has left there
NETWORKS = "publisher.networks"
QUESTIONS = "publisher.questions"  # who waits for these sits at a screen
SCHEDULE = "publisher.schedule"  # sweeps, and looks at what comes from outside
QUEUES = (BULK, NETWORKS, QUESTIONS, SCHEDULE)
TASKS = (  # where a hint points → what is to be done, and in which queue
    ("delivery", "workers.tasks.deliver", NETWORKS),
    ("post", "workers.tasks.deliver_copies", BULK),
    ("ask", "workers.tasks.deliver_question", QUESTIONS),
)
REFUSALS = (AuthenticationError, ResponseError, AccessRefused, NotAllowed)
UNHEARD = "the broker does not answer, so the schedule will try again: %s"
LOOK = "workers.tasks.look"
MEMORY = "publisher.memory"  # one message that nobody takes: gone where the broker forgot
PROBE = "publisher.probe"
SWEEP = "workers.tasks.sweep"
SCHEDULED = ("sweep", "look", "release", "notify", "forget_unanswered", "bounces")
ROOM = 200  # messages that wait in a queue: more would only be said twice
TASK_LIMIT = 300  # seconds; a lease is longer, see publisher.domain.delivery.LEASE

SETTINGS: dict[str, Any] = {
    "task_ignore_result": True,
    "task_serializer": "json",
    "accept_content": ["json"],
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "task_time_limit": TASK_LIMIT,
    "task_soft_time_limit": TASK_LIMIT - 60,
    "task_default_queue": BULK,
    "task_queues": {
        name: {"exchange": name, "exchange_type": "direct", "routing_key": name} for name in QUEUES
    },
    "task_routes": {f"workers.tasks.{name}": {"queue": SCHEDULE} for name in SCHEDULED},
    "task_publish_retry": False,
    "worker_prefetch_multiplier": 1,
    "worker_eta_task_limit": 100,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "worker_max_tasks_per_child": 1000,
    "worker_max_memory_per_child": 400_000,
    "worker_send_task_events": False,
    "worker_hijack_root_logger": False,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "broker_connection_timeout": 3,
}

REDIS: dict[str, Any] = {
    "visibility_timeout": 3 * TASK_LIMIT,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "health_check_interval": 10,
    "socket_timeout": 20,
    "socket_connect_timeout": 3,
    "socket_keepalive": True,
    "global_keyprefix": "publisher:",
}

# Who gives hints does not wait for the broker: the schedule says again what it did not take. kombu
# would ask it again after 2 and 4 seconds.
PATIENCE = 1.0  # seconds
HASTE: dict[str, Any] = {"max_retries": 0}
HASTE_OF_REDIS = HASTE | {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
HASTE_OF_AMQP = HASTE | {"read_timeout": PATIENCE, "write_timeout": PATIENCE}


def celery(broker: str) -> Celery:
    """A Celery application on a broker. Only the worker's own has tasks."""
    app = Celery("publisher", broker=broker, set_as_current=False)
    options = REDIS if broker.startswith("redis") else {}
    app.conf.update(SETTINGS, broker_transport_options=_known(broker, options))
    return app


def hinting(broker: str) -> Celery:
    """A Celery application for who gives hints and works off none: it gives up in a second."""
    app = celery(broker)
    haste = HASTE_OF_REDIS if broker.startswith("redis") else HASTE_OF_AMQP
    options = app.conf.broker_transport_options | haste
    app.conf.update(
        broker_transport_options=_known(broker, options), broker_connection_timeout=PATIENCE
    )
    return app


def _known(broker: str, options: dict[str, Any]) -> dict[str, Any]:
    """The options without those that a broker on a socket does not take."""
    unknown = ("socket_keepalive", "socket_connect_timeout")
    on_socket = broker.startswith("redis+socket")
    return {key: value for key, value in options.items() if not on_socket or key not in unknown}


@dataclass(kw_only=True)
class Giving:
    """Hints given one after the other: no more than the queues have room for, none to the dead."""

    app: Celery
    dead: bool = False
    room: dict[str, int] = field(default_factory=dict)

    def give(self, hint: Hint) -> bool:
        """Put a hint into its queue; False where it was not, so that the schedule will."""
        task, number, queue = next(
            (task, number, queue)
            for field, task, queue in TASKS
            if (number := getattr(hint, field))
        )
        if self.dead or not self._has_room(queue):
            return False
        self.room[queue] -= 1
        self.dead = not _send(self.app, task, number, queue=queue)
        return not self.dead

    def _has_room(self, queue: str) -> bool:
        if queue not in self.room:
            waiting = length(self.app, queue)
            self.dead = waiting is None
            self.room[queue] = ROOM - (waiting or 0)
        return not self.dead and self.room[queue] > 0


def give(app: Celery, hint: Hint) -> bool:
    """Put one hint into its queue; False where it is full, or the broker does not answer."""
    return Giving(app=app).give(hint)


def tried(app: Celery) -> Exception | None:
    """What comes of giving the broker a word and taking it back; None where all is well."""
    try:
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=3)
            with closing(connection.SimpleBuffer(PROBE)) as probe:
                probe.put("a word")
                with suppress(probe.Empty):  # somebody else's probe took it
                    probe.get_nowait()
    except Exception as error:  # noqa: BLE001  whatever its library raises, it cannot be used
        return error
    return None


def trouble(app: Celery) -> str:
    """Why the broker cannot be used, "" where it takes a word."""
    error = tried(app)
    return "" if error is None else str(error) or type(error).__name__


def refuses(error: BaseException | None) -> bool:
    """Whether it was an answer, and a no: time mends no password, address or read-only copy."""
    while error is not None:
        if isinstance(error, REFUSALS):
            return True
        error = error.__cause__ or error.__context__
    return False


def place(app: Celery) -> str:
    """The broker's address, without its password."""
    with app.connection_for_write() as connection:
        return str(connection.as_uri())


def has_forgotten(app: Celery) -> bool:
    """Whether the broker lost what it held since this was last asked: flushed, or begun anew.

    True is said once, to whoever asks first; or to two who ask at once.
    """
    return length(app, MEMORY) == 0 and _send(app, SWEEP, queue=MEMORY)


def ask_to_look(app: Celery) -> bool:
    """Ask a worker to look at the source; False when the broker does not answer."""
    return _send(app, LOOK, queue=SCHEDULE)


def ask_to_sweep(app: Celery) -> bool:
    """Ask a worker to sweep now; False when the broker does not answer."""
    return _send(app, SWEEP, queue=SCHEDULE)


def length(app: Celery, queue: str) -> int | None:
    """How many messages wait in a queue; None when the broker does not answer."""
    with app.connection_or_acquire() as connection:
        try:
            connection.ensure_connection(max_retries=0)
            with connection.channel() as channel:
                # As workers do: asked passively, kombu finds no queue of Redis under a key prefix.
                made = channel.queue_declare(queue=queue, durable=True, auto_delete=False)
                return int(made.message_count)
        except (OperationalError, *connection.connection_errors) as error:
            log.warning(UNHEARD, error)
            return None


def _send(app: Celery, name: str, *args: int, queue: str) -> bool:
    try:
        app.send_task(name, args=args, queue=queue)
    except OperationalError as error:
        log.warning(UNHEARD, error)
        return False
    return True
