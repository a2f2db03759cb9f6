"""The queue: it carries hints where to look, and may lose or double them."""

import logging
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError

from publisher.storage.waiting import Hint

log = logging.getLogger(__name__)

BULK = "publisher"
QUESTIONS = "publisher.questions"  # who waits for these sits at a screen: workers of their own
TASKS = (  # where a hint points → what is to be done, and in which queue
    ("delivery", "workers.tasks.deliver", BULK),
    ("post", "workers.tasks.deliver_copies", BULK),
    ("ask", "workers.tasks.deliver_question", QUESTIONS),
)
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
        name: {"exchange": name, "exchange_type": "direct", "routing_key": name}
        for name in (BULK, QUESTIONS)
    },
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


def celery(broker: str) -> Celery:
    """A Celery application on a broker. Only the worker's own has tasks."""
    app = Celery("publisher", broker=broker, set_as_current=False)
    options = REDIS if broker.startswith("redis") else {}
    if broker.startswith("redis+socket"):
        unknown = ("socket_keepalive", "socket_connect_timeout")
        options = {key: value for key, value in options.items() if key not in unknown}
    app.conf.update(SETTINGS, broker_transport_options=options)
    return app


def give(app: Celery, hint: Hint) -> bool:
    """Put a hint into the queue; False when the broker does not answer, and the sweep will."""
    return next(
        _send(app, task, number, queue=queue)
        for field, task, queue in TASKS
        if (number := getattr(hint, field))
    )


def ask_to_look(app: Celery) -> bool:
    """Ask a worker to look at the source; False when the broker does not answer."""
    return _send(app, "workers.tasks.look", queue=BULK)


def _send(app: Celery, name: str, *args: int, queue: str) -> bool:
    try:
        app.send_task(name, args=args, queue=queue)
    except OperationalError as error:
        log.warning("the broker does not answer, so the schedule will try again: %s", error)
        return False
    return True
