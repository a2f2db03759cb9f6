"""Known-bad variants of the program, each of which the machine must catch.

Here alone functions of ours are replaced by others: that the wrong ones are caught is the point.
"""

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from pytest import MonkeyPatch
from sqlalchemy import BigInteger, Connection, select

from publisher import publishing
from publisher.domain.channel import Copy
from publisher.domain.delivery import Delivery, Outcome, State, settled_by
from publisher.ledger import Ledger
from publisher.publishing import Worker
from publisher.storage import copies, deliveries, many, waiting
from publisher.storage.schema import deliveries as table

Mutant = Callable[[MonkeyPatch], None]
c = table.c
real_move, real_claim, real_retry = deliveries.move, deliveries.claim, deliveries.retry
real_due, real_failed = waiting.due, publishing.failed


def no_fence(patch: MonkeyPatch) -> None:
    """Who held a delivery for an earlier attempt may still move it."""

    def move(db: Connection, id: int, was: State, now: State, **told: Any) -> bool:
        told["attempt"] = db.scalar(select(c.attempts).where(c.id == id))
        return real_move(db, id, was, now, **told)

    def mark(db: Connection, held: Collection[tuple[int, int]], *, at: datetime) -> set[int]:
        ids = [id for id, _ in held]
        update = table.update().where(c.id.in_(ids), c.state == State.SENDING)
        return set(db.scalars(update.values(marked_at=at).returning(c.id)))

    patch.setattr(deliveries, "move", move)
    patch.setattr(deliveries, "mark", mark)


def no_fence_for_copies(patch: MonkeyPatch) -> None:
    """The same, for the copies of a mailing."""
    patch.setattr(
        copies,
        "_ours",
        lambda rows: table.update().where(
            c.id == many.cell(rows, 0, BigInteger), c.state + "" == State.SENDING.value
        ),
    )
    clear_statements()
    patch.setattr(copies, "_settling", copies._settling.__wrapped__)
    if hasattr(copies, "_marking"):
        patch.setattr(copies, "_marking", copies._marking.__wrapped__)


def clear_statements() -> None:
    """Forget statements that were built with another's conditions."""
    for name in ("_settling", "_marking"):
        if hasattr(copies, name):
            getattr(copies, name).cache_clear()


def no_look(patch: MonkeyPatch) -> None:
    """What is in doubt is sent again without looking."""
    patch.setattr(publishing, "_look", lambda *_: None)


def no_condition(patch: MonkeyPatch) -> None:
    """An attempt's outcome is written down whoever has the delivery by now."""

    def settle(
        db: Connection, delivery: Delivery, outcome: Outcome, *, at: datetime, **told: Any
    ) -> bool:
        receipt = told.get("receipt")
        was = db.scalar(select(c.state).where(c.id == delivery.id))
        values = {
            "state": outcome.state,
            "in_doubt": outcome.in_doubt,
            "next_attempt_at": at + outcome.retry_in if outcome.retry_in else None,
            "remote_id": receipt.id if receipt else "",
        }
        db.execute(table.update().where(c.id == delivery.id).values(values))
        line = deliveries.entry(delivery.id, at, str(was), outcome.state, attempt=delivery.attempt)
        deliveries.log(db, [line])
        return True

    patch.setattr(deliveries, "settle", settle)


def mark_after_the_request(patch: MonkeyPatch) -> None:
    """What was sent is noted when it was sent, not before."""

    def send(delivery: Delivery, post: Any, worker: Worker) -> Any:
        try:
            receipt = worker.channels[delivery.channel].channel.deliver(post)
        except Exception as error:  # noqa: BLE001  as in the true one
            return publishing.failed(error, delivery, worker, in_doubt=False), None
        with worker.engine.begin() as db:
            deliveries.mark(db, [(delivery.id, delivery.attempt)], at=worker.now())
        return settled_by(receipt, found=False), receipt

    patch.setattr(publishing, "_send", send)


def sent_before_the_mark_is_committed(patch: MonkeyPatch) -> None:
    """The mark is written, and the request made, before the mark is through."""

    def send(delivery: Delivery, post: Any, worker: Worker) -> Any:
        channel: Any = worker.channels[delivery.channel].channel
        with worker.engine.begin() as db:
            deliveries.mark(db, [(delivery.id, delivery.attempt)], at=worker.now())
            receipt = channel.take(post, "", worker.now())
        return settled_by(receipt, found=False), receipt

    patch.setattr(publishing, "_send", send)


def a_hint_is_trusted(patch: MonkeyPatch) -> None:
    """What was hinted at once is not hinted at again: the queue alone remembers it."""
    longago = datetime.min.replace(tzinfo=UTC)
    patch.setattr(
        waiting, "due", lambda db, *, at, **_: real_due(db, at=at, unhinted_since=longago)
    )


def recovered_as_unsent(patch: MonkeyPatch) -> None:
    """What a lost worker had marked is taken for unsent."""
    patch.setattr(waiting, "_freed", lambda _: (State.PENDING, "the worker was lost", False))


def retry_forgets_the_doubt(patch: MonkeyPatch) -> None:
    """Who retries what is held in doubt has it sent blindly."""

    def retry(db: Connection, ids: list[int], *, at: datetime) -> int:
        told: dict[str, Any] = {"at": at, "worker": deliveries.PERSON, "in_doubt": False}
        again = deliveries.move_all(db, ids, State.HELD, State.PENDING, **told)
        return again + real_retry(db, ids, at=at)

    patch.setattr(deliveries, "retry", retry)


def claimed_in_any_state(patch: MonkeyPatch) -> None:
    """A delivery that another worker holds can be claimed."""

    def claim(db: Connection, id: int, *, at: datetime, owner: str) -> Delivery | None:
        deliveries.move_all(db, [id], State.SENDING, State.PENDING, at=at)
        return real_claim(db, id, at=at, owner=owner)

    patch.setattr(deliveries, "claim", claim)


def mark_not_awaited(patch: MonkeyPatch) -> None:
    """A copy's dot is sent while its mark is still being written."""

    async def mark(self: Ledger, copy: Copy) -> bool:
        self._marked.add(copy.id)
        return True

    patch.setattr(Ledger, "mark", mark)


def doubt_lost_while_looking(patch: MonkeyPatch) -> None:
    """Trouble met while looking counts as trouble before sending."""

    def failed(error: Exception, delivery: Delivery, worker: Worker, *, in_doubt: bool) -> Outcome:
        return real_failed(error, delivery, worker, in_doubt=False)

    patch.setattr(publishing, "failed", failed)


def not_there_means_never(patch: MonkeyPatch) -> None:
    """What is not there at the first look is taken for lost, though it may be on its way."""
    patch.setattr(publishing, "SETTLING", timedelta(0))


ALL = ("open", "mute", "mail")
MUTANTS: dict[Mutant, tuple[tuple[str, ...], int]] = {  # where each does its harm, and a good seed
    no_condition: (ALL, 1),
    mark_after_the_request: (("open",), 1),
    a_hint_is_trusted: (("open",), 1),
    recovered_as_unsent: (ALL, 1),
    retry_forgets_the_doubt: (("mute",), 5),
    claimed_in_any_state: (("open",), 1),
    mark_not_awaited: (("mail",), 1),
    doubt_lost_while_looking: (("open",), 17),
}
