"""Celery tasks: a name, a policy, one call. Decisions live in publisher."""

from publisher import wiring
from workers.app import app


@app.task(name="workers.tasks.deliver")
def deliver(delivery_id: int) -> None:
    """One attempt at one delivery."""
    wiring.deliver(delivery_id)


@app.task(name="workers.tasks.deliver_copies")
def deliver_copies(post_id: int) -> None:
    """Copies of one post, for a while."""
    wiring.deliver_copies(post_id)


@app.task(name="workers.tasks.deliver_question")
def deliver_question(ask_id: int) -> None:
    """One attempt at one mail that asks a reader to confirm."""
    wiring.deliver_question(ask_id)


@app.task(name="workers.tasks.sweep")
def sweep() -> None:
    """Hint at whatever is due. A double is harmless: deliver() claims first."""
    wiring.sweep()


@app.task(name="workers.tasks.look")
def look() -> None:
    """Look at the source. A double is harmless: an edition is new to one of them only."""
    wiring.look()


@app.task(name="workers.tasks.forget_unanswered")
def forget_unanswered() -> None:
    """Forget whoever was asked to confirm and never did."""
    wiring.forget_unanswered()


@app.task(name="workers.tasks.bounces")
def bounces() -> None:
    """Read what came back of mail. A double is harmless: a report counts once."""
    wiring.read_bounces()
