"""Many copies of one post: claimed ahead of their sending, over lines that are kept meanwhile."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import uvloop
from sqlalchemy.exc import DBAPIError
from structlog.contextvars import bind_contextvars, bound_contextvars

from publisher.domain.channel import Copy, Disconnected, Mailing, Post
from publisher.domain.delivery import Delivery
from publisher.ledger import Clerk, Ledger
from publisher.publishing import Worker, addressed, issue_of, stop
from publisher.storage import copies, pacing, slow
from publisher.storage.engine import reading
from publisher.storage.posts import Unreadable

log = logging.getLogger(__name__)

BATCH = 500  # copies of one claim: their lease must outlast their sending
LONGEST_BATCH = 10  # seconds that a rate may stretch one batch to
BUDGET = timedelta(seconds=60)  # in which a task claims copies; a hint goes on
LOOKING = 1.0  # seconds between looks whether a person has paused it
LONGEST_TURN = timedelta(seconds=30)  # after that nothing more of a slow batch is begun


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Copies claimed together, when the first may leave, and which domains are slow."""

    copies: list[Delivery]
    start: datetime
    slow: dict[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One worker's turn at the copies of one post."""

    post_id: int
    name: str
    channel: Mailing
    post: Post
    worker: Worker
    end: datetime
    looking: float = LOOKING

    @property
    def over(self) -> bool:
        return self.worker.stopping() or self.worker.now() >= self.end


def deliver_copies(post_id: int, worker: Worker, *, looking: float = LOOKING) -> bool:
    """Send the copies of one post that are due, for a while; True when more may be waiting.

    Several workers may do so at once: each copy is claimed by one of them. Every `looking` seconds
    they see whether a person has paused it.
    """
    try:
        with worker.engine.begin() as db:
            found = copies.stored_post(db, post_id)
    except Unreadable as error:
        log.error("a mailing waits: %s", error)  # noqa: TRY400  the words say all
        return False
    if found is None or found[0] not in worker.channels:
        return False
    name, post = found
    channel = worker.channels[name].channel
    if not isinstance(channel, Mailing):
        return False
    run = Run(
        post_id=post_id,
        name=name,
        channel=channel,
        post=post,
        worker=worker,
        end=worker.now() + BUDGET,
        looking=looking,
    )
    place = {"issue": issue_of(post), "lang": post.lang, "channel": name, "post": post_id}
    with (
        bound_contextvars(**place),
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        unfinished = runner.run(_send(run, place))
    if unfinished and not worker.stopping():
        return True
    with worker.engine.begin() as db:
        copies.rest(db, post_id)
    return False


async def _send(run: Run, place: Mapping[str, object]) -> bool:
    """Send until nothing is due or the time is over; True for the latter."""
    with (
        run.worker.engine.connect() as db,
        ThreadPoolExecutor(
            max_workers=1, thread_name_prefix="clerk", initializer=lambda: bind_contextvars(**place)
        ) as thread,
    ):
        clerk = Clerk(thread=thread, db=db)
        ledger = Ledger(worker=run.worker, clerk=clerk, channel=run.name)
        supply = Supply(run=run, ledger=ledger, clerk=clerk)
        committing = asyncio.create_task(ledger.keep())
        stopped = ""
        try:
            await run.channel.deliver_each(supply.copies(), mark=ledger.mark, settle=ledger.settle)
            if not supply.ended:
                await ledger.rest()
        except Disconnected as error:
            stopped = str(error)
        except DBAPIError:
            raise  # the store's trouble, not the channel's
        except Exception as error:
            log.exception("channel %s met a bug", run.name)
            stopped = f"{type(error).__name__}: {error}"
        finally:
            await supply.end()
            await ledger.finish(committing)
            try:
                ledger.close(stopped)
            finally:
                if why := stopped or ledger.brake.pulled:
                    stop(run.name, why, run.worker)
    log.info("copies", extra={"handled": supply.claimed})
    return run.over and not supply.exhausted


@dataclass(kw_only=True)
class Supply:
    """The copies of a run, claimed while those claimed before are being sent."""

    run: Run
    ledger: Ledger
    clerk: Clerk
    claimed: int = 0
    exhausted: bool = False
    ended: bool = False  # false: whoever sends has stopped asking
    _looked_at: float = field(default_factory=time.monotonic)
    _last: int = 0  # the highest copy that was claimed
    _next: asyncio.Task[Batch] | None = None

    async def copies(self) -> AsyncIterator[Copy]:
        """The copies, each not before its slot. What is not begun the ledger gives back."""
        while not (self.run.over or self.exhausted):
            batch = await (self._next or self._ahead())
            self._hold(batch)
            if not batch.copies:
                self.exhausted = True
                break
            async for copy in self._paced(batch):
                yield copy
        self.ended = True

    def _ahead(self) -> asyncio.Task[Batch]:
        """Claim the next batch while there is still something to send."""
        self._next = asyncio.ensure_future(self.clerk.do(lambda: _claimed(self.run, self._last)))
        return self._next

    def _hold(self, batch: Batch) -> None:
        self._next = None
        self.claimed += len(batch.copies)
        self._last = max((copy.id for copy in batch.copies), default=self._last)
        self.ledger.patience.slow |= batch.slow
        self.ledger.held.update((copy.id, copy) for copy in batch.copies)

    async def _paced(self, batch: Batch) -> AsyncIterator[Copy]:
        run = self.run
        for place, delivery in enumerate(batch.copies):
            if run.worker.stopping() or run.worker.now() > run.end + LONGEST_TURN:
                return
            if self.ledger.halted or await self._is_paused():
                self.exhausted = True
                return
            if place == len(batch.copies) // 2 and not run.over:
                self._ahead()
            if run.channel.rate:
                slot = batch.start + timedelta(seconds=place / run.channel.rate)
                await asyncio.sleep(max(0.0, (slot - run.worker.now()).total_seconds()))
            if self.ledger.puts_off(delivery):
                continue
            self.ledger.out += 1
            yield Copy(id=delivery.id, post=addressed(delivery, run.worker))

    async def _is_paused(self) -> bool:
        """Whether a person has stopped it, asked once a second."""
        if time.monotonic() < self._looked_at + self.run.looking:
            return False
        self._looked_at = time.monotonic()
        return not await self.clerk.do(lambda: _may_go_on(self.run))

    async def end(self) -> None:
        """Take hold of what was claimed ahead, for it to be given back."""
        if self._next is not None:
            with suppress(DBAPIError):  # then nothing was claimed
                self._hold(await self._next)


def _may_go_on(run: Run) -> bool:
    with reading(run.worker.engine) as db:
        return copies.may_go_on(db, run.post_id, at=run.worker.now())


def _claimed(run: Run, after: int) -> Batch:
    rate = run.channel.rate
    limit = BATCH if not rate else max(1, min(BATCH, int(rate * LONGEST_BATCH)))
    with run.worker.engine.begin() as db:
        at = run.worker.now()
        if not copies.may_go_on(db, run.post_id, at=at):
            return Batch(copies=[], start=at)
        if pacing.is_taken(db, run.name, until=at + timedelta(seconds=LONGEST_BATCH)):
            return Batch(copies=[], start=at)  # others have the slots; no worker waits for its own
        take = partial(
            copies.claim,
            db,
            run.post_id,
            run.post,
            limit=limit,
            at=at,
            owner=run.worker.name,
            channel=run.name,
        )
        found = take(after=after) or (take() if after else [])
        start = pacing.reserve(db, run.name, len(found), rate=rate, at=at)
        waiting = slow.known(db, run.name)
    return Batch(copies=found, start=start, slow=waiting)
