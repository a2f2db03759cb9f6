"""A schedule that says nothing more while nobody listens."""

from typing import Any

from celery.beat import PersistentScheduler

from publisher import queue, wiring

ENOUGH = 10  # messages that wait: each says to look, and one look sees everything


class Sparing(PersistentScheduler):  # type: ignore[misc]  # Celery has no types
    """Celery's own schedule, without a message every two seconds to workers that are away."""

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Send what is due, if the last of it was heard; else it is left out this once."""
        waiting = queue.length(wiring.broker(), queue.SCHEDULE)
        if waiting is not None and waiting < ENOUGH:
            super().apply_entry(entry, producer=producer)
