"""Many copies of one post: claimed in batches, marked and settled in grouped commits."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError

from publisher.domain.channel import ChannelError, Copy, Disconnected, Mailing, Post, Receipt
from publisher.domain.delivery import Delivery, Outcome, State, settled_by
from publisher.publishing import INSISTING, Worker, addressed, failed, stop
from publisher.storage import copies, deliveries, pacing

log = logging.getLogger(__name__)

BATCH = 200  # copies of one claim: their lease must outlast their sending
LONGEST_BATCH = 10  # seconds that a rate may stretch one batch to
LONGEST_TURN = timedelta(seconds=60)  # after that a slow batch begins nothing more
BUDGET = timedelta(seconds=15)  # one task's time, so that a stop need not wait; a hint goes on
GROUPING = 0.003  # seconds that marks wait for company before they are committed together


@dataclass
class Ledger:
    """The marks and settlements of one batch. What it has not committed has not happened."""

    worker: Worker
    held: dict[int, Delivery]
    _marks: list[tuple[Delivery, asyncio.Future[bool]]] = field(default_factory=list)
    _settled: list[tuple[Delivery, Outcome, Receipt | None]] = field(default_factory=list)
    _marked: set[int] = field(default_factory=set)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    trouble: Outcome | None = None  # what the rest of the batch had better wait for, too

    async def mark(self, copy: Copy) -> bool:
        """Note durably that the irrevocable byte is next; False when the copy is not ours."""
        known: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._marks.append((self.held[copy.id], known))
        self._wake.set()
        return await known

    async def settle(self, copy: Copy, result: Receipt | Exception) -> None:
        """Note what became of a copy; durable with the next group."""
        delivery = self.held.pop(copy.id)
        if isinstance(result, Receipt):
            self._settled.append((delivery, settled_by(result, found=False), result))
        else:
            doubt = copy.id in self._marked and not isinstance(result, ChannelError)
            outcome = failed(result, delivery, self.worker, in_doubt=doubt)
            self.trouble = outcome if outcome.retry_in else self.trouble
            self._settled.append((delivery, outcome, None))
        self._wake.set()

    async def keep(self) -> None:
        """Commit groups until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            await asyncio.sleep(GROUPING)
            with suppress(Exception):  # whoever waits for a mark has it; settlements are kept
                self.commit()

    def commit(self) -> None:
        """Write what has gathered, in one transaction. Marks whose commit fails are not given."""
        marks, self._marks = self._marks, []
        settled, self._settled = self._settled, []
        try:
            ours = self._write([delivery for delivery, _ in marks], settled)
        except Exception as error:
            self._settled = settled + self._settled
            for _, known in marks:
                if not known.done():
                    known.set_exception(error)
            raise
        self._marked |= ours
        for delivery, known in marks:
            if not known.done():
                known.set_result(delivery.id in ours)

    def _write(
        self, marks: list[Delivery], settled: list[tuple[Delivery, Outcome, Receipt | None]]
    ) -> set[int]:
        at, name = self.worker.now(), self.worker.name
        with self.worker.engine.begin() as db:
            held = [(delivery.id, delivery.attempt) for delivery in marks]
            ours = deliveries.mark(db, held, at=at) if held else set()
            for delivery, outcome, receipt in settled:
                deliveries.settle(db, delivery, outcome, at=at, worker=name, receipt=receipt)
        return ours

    def close(self, stopped: str = "") -> None:
        """Settle the rest: what was not marked was not sent, what was marked may have been.

        `stopped` says why the channel takes nothing until a person has seen to it.
        """
        for delivery in self.held.values():
            self._settled.append((delivery, self._unfinished(delivery, stopped), None))
        self.held.clear()
        for pause in (*INSISTING, None):
            try:
                self.commit()
            except DBAPIError:
                if pause is None:
                    raise
                log.warning("the store does not take what became of %s copies", len(self._settled))
                self.worker.rest(pause)
            else:
                return

    def _unfinished(self, delivery: Delivery, stopped: str) -> Outcome:
        pause = self.trouble.retry_in if self.trouble else timedelta(0)
        if delivery.id in self._marked:
            note = "the connection ended after the message had left"
            return Outcome(state=State.UNSURE, retry_in=pause, note=note, in_doubt=True)
        if stopped:
            return Outcome(state=State.HELD, note=stopped)
        why = f"not tried yet: {self.trouble.note}" if self.trouble else "not tried yet"
        return Outcome(state=State.PENDING, retry_in=pause, note=why, tried=False)


def deliver_copies(post_id: int, worker: Worker) -> bool:
    """Send the copies of one post that are due, for a while; True when more may be waiting.

    Several workers may do so at once: each copy is claimed by one of them.
    """
    end = worker.now() + BUDGET
    while worker.now() < end and not worker.stopping():
        with worker.engine.begin() as db:
            found = copies.stored_post(db, post_id)
        if found is None or found[0] not in worker.channels:
            return False
        name, post = found
        channel = worker.channels[name].channel
        if not isinstance(channel, Mailing) or not _batch(post_id, name, channel, post, worker):
            break
    else:
        if not worker.stopping():
            return True
    with worker.engine.begin() as db:
        copies.rest(db, post_id)
    return False


def _batch(post_id: int, name: str, channel: Mailing, post: Post, worker: Worker) -> int:
    """Send one batch; how many copies it took on."""
    limit = BATCH if not channel.rate else max(1, min(BATCH, int(channel.rate * LONGEST_BATCH)))
    with worker.engine.begin() as db:
        at = worker.now()
        claimed = copies.claim(
            db, post_id, post, limit=limit, at=at, owner=worker.name, channel=name
        )
        start = pacing.reserve(db, name, len(claimed), rate=channel.rate, at=at)
    if claimed:
        asyncio.run(_send(claimed, name, channel, worker, start=start))
        log.info("%s on %s: %s copies handled", post.key, name, len(claimed))
    return len(claimed)


async def _send(
    claimed: list[Delivery], name: str, channel: Mailing, worker: Worker, *, start: datetime
) -> None:
    ledger = Ledger(worker, {delivery.id: delivery for delivery in claimed})
    committing = asyncio.create_task(ledger.keep())
    stream = _paced(claimed, worker, rate=channel.rate, start=start)
    stopped = ""
    try:
        await channel.deliver_each(stream, mark=ledger.mark, settle=ledger.settle)
    except Disconnected as error:
        stopped = str(error)
    except DBAPIError:
        raise  # the store's trouble, not the channel's
    except Exception as error:
        log.exception("channel %s met a bug", name)
        stopped = f"{type(error).__name__}: {error}"
    finally:
        committing.cancel()
        try:
            ledger.close(stopped)
        finally:
            if stopped:
                stop(name, stopped, worker)


async def _paced(
    claimed: list[Delivery], worker: Worker, *, rate: float, start: datetime
) -> AsyncIterator[Copy]:
    """The copies, each not before its slot."""
    end = worker.now() + LONGEST_TURN
    for place, delivery in enumerate(claimed):
        if worker.stopping() or worker.now() > end:
            return  # the ledger gives back what was not begun
        if rate:
            slot = start + timedelta(seconds=place / rate)
            await asyncio.sleep(max(0.0, (slot - worker.now()).total_seconds()))
        yield Copy(id=delivery.id, post=addressed(delivery, worker))
