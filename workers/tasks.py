"""Celery tasks: a name, a policy, one call. Decisions live in publisher.

A worker that was asked to stop begins nothing more: the schedule says again what it was told.
"""

from typing import Any

from publisher import wiring
from publisher.processes import asked_to_stop
from workers import alive
from workers.app import app


@app.task(name="workers.tasks.deliver")
def deliver(delivery_id: int) -> None:
    """One attempt at one delivery."""
    if not asked_to_stop():
        wiring.deliver(delivery_id)


@app.task(name="workers.tasks.deliver_copies")
def deliver_copies(post_id: int) -> None:
    """Copies of one post, for a while."""
    if not asked_to_stop():
        wiring.deliver_copies(post_id)


@app.task(name="workers.tasks.deliver_question")
def deliver_question(ask_id: int) -> None:
    """One attempt at one mail that asks a reader to confirm."""
    if not asked_to_stop():
        wiring.deliver_question(ask_id)


@app.task(name="workers.tasks.sweep")
def sweep() -> None:
    """Hint at whatever is due. A double is harmless: deliver() claims first."""
    wiring.sweep()


@app.task(name="workers.tasks.look")
def look() -> None:
    """Look at the source. A double is harmless: an edition is new to one of them only."""
    wiring.look()


@app.task(name="workers.tasks.release")
def release() -> None:
    """Take what waits for its release a step further. A double is harmless: a plan is made once."""
    wiring.release()


@app.task(name="workers.tasks.receipts")
def receipts() -> None:
    """Write down for the site what became out. A double is harmless: one of them does it."""
    wiring.write_receipts()


@app.task(name="workers.tasks.stand_in")
def stand_in() -> None:
    """Plan originals for whose translation is too late. A double is harmless: they get one."""
    wiring.stand_in()


@app.task(name="workers.tasks.notify")
def notify() -> None:
    """Tell programs elsewhere what happened. A double is harmless: a listener is claimed first."""
    wiring.notify()


@app.task(name="workers.tasks.forget_unanswered")
def forget_unanswered() -> None:
    """Forget whoever was asked to confirm and never did."""
    wiring.forget_unanswered()


@app.task(name="workers.tasks.bounces")
def bounces() -> None:
    """Read what came back of mail. A double is harmless: a report counts once."""
    wiring.read_bounces()


@app.task(name="workers.tasks.beat", **alive.OPTIONS)
def beat() -> None:
    """Show that this worker lives."""
    alive.sign()


@app.task(name="workers.tasks.beat_of_schedule", bind=True, **alive.OPTIONS)
def beat_of_schedule(self: Any) -> None:
    """Show that the schedule lives which sent this."""
    alive.sign_for_schedule(self.request.origin)
