"""The marks and settlements of a mailing, committed in groups while its copies are under way."""

import asyncio
import logging
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from publisher import secrecy
from publisher.brake import Brake
from publisher.domain.bounce import kind_of, status_in
from publisher.domain.channel import ChannelError, Copy, Receipt, TryLater
from publisher.domain.delivery import FRESH, Delivery, Outcome, State
from publisher.insisting import insist
from publisher.patience import WHOLE, Patience
from publisher.publishing import Worker, accepted, failed
from publisher.storage import bounces, copies, slow
from publisher.storage.copies import Settlement

log = logging.getLogger(__name__)

REPLY = re.compile(r"5\d\d\b")  # what a server said, not what we found
Mark = tuple[Delivery, asyncio.Future[bool]]
T = TypeVar("T")
GROUPING = 0.001  # seconds that marks wait for company


@dataclass(frozen=True, kw_only=True)
class Clerk:
    """Who talks to the store for an event loop: a thread, one thing after the other."""

    thread: ThreadPoolExecutor
    db: Connection  # kept: to fetch one from the pool for each group asks the server twice more

    async def do(self, work: Callable[[], T]) -> T:
        """Have something done, and hear what came of it."""
        return await asyncio.get_running_loop().run_in_executor(self.thread, work)


@dataclass(kw_only=True)
class Ledger:
    """What one worker holds of a mailing. What is not committed has not happened.

    While one group is being committed the next one gathers, and for GROUPING more unless all that
    is `out` waits for its mark: a commit costs much the same for one copy and for thirty.
    """

    worker: Worker
    clerk: Clerk
    channel: str
    held: dict[int, Delivery] = field(default_factory=dict)
    out: int = 0  # copies in the hands of who sends them, begun and not settled
    trouble: Outcome | None = None  # what the rest had better wait for, too
    brake: Brake = field(default_factory=Brake)
    patience: Patience = field(default_factory=Patience)
    _marks: list[Mark] = field(default_factory=list)
    _settled: list[Settlement] = field(default_factory=list)
    _marked: set[int] = field(default_factory=set)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _full: asyncio.Event = field(default_factory=asyncio.Event)
    _slowed: list[tuple[str, str]] = field(default_factory=list)  # domain, in whose words
    _recovered: set[str] = field(default_factory=set)
    _deferral: Outcome | None = None
    _closing: bool = False

    async def mark(self, copy: Copy) -> bool:
        """Note durably that the irrevocable byte is next; False when the copy is not ours."""
        known: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._marks.append((self.held[copy.id], known))
        self._gathered()
        ours = await known
        self.out -= not ours  # nobody settles a copy that is another's
        return ours

    async def settle(self, copy: Copy, result: Receipt | Exception) -> None:
        """Note what became of a copy; durable with the next group."""
        delivery = self.held.pop(copy.id)
        self.out -= 1
        domain = _domain(delivery)
        if isinstance(result, Receipt):
            self.brake.accepted()
            self._recovered |= self.patience.taken(domain)
            self._note(delivery, accepted(result, found=False), result)
        else:
            doubt = copy.id in self._marked and not isinstance(result, ChannelError)
            outcome = failed(result, delivery, self.worker, in_doubt=doubt)
            if isinstance(result, TryLater):
                self._deferral = outcome
                self._be_patient(domain, secrecy.removed(str(result)))
            if outcome.state is State.REFUSED:
                self.brake.refused(outcome.note)
            self._note(delivery, outcome)
        self._marked.discard(copy.id)

    def _be_patient(self, domain: str, words: str) -> None:
        waits = self.patience.deferred(domain, words)
        if waits is not None:
            self.patience.slow[waits] = self.worker.now() + slow.PAUSES[0]  # until all know
            self._slowed.append((waits, words))

    def _note(self, delivery: Delivery, outcome: Outcome, receipt: Receipt | None = None) -> None:
        self._settled.append(Settlement(delivery=delivery, outcome=outcome, receipt=receipt))
        self._gathered()

    def _gathered(self) -> None:
        """See whether to wait for more: not once all who send wait for us."""
        self._wake.set()
        if len(self._marks) >= self.out:
            self._full.set()

    async def _company(self) -> None:
        """Wait until something has gathered, and a moment for more."""
        await self._wake.wait()
        patience = asyncio.get_running_loop().call_later(GROUPING, self._full.set)
        await self._full.wait()
        patience.cancel()
        self._wake.clear()
        self._full.clear()

    async def keep(self) -> None:
        """Commit group after group, until `finish` and everything is written."""
        while not self._closing or self._marks or self._settled:
            await self._company()
            try:
                await self._commit()
                await self._spread_patience()
            except Exception:  # noqa: BLE001  who waits for a mark has it; settlements are kept
                if self._closing:
                    return

    async def _commit(self) -> None:
        """Write what has gathered, in one transaction. Marks whose commit fails are not given."""
        marks, self._marks = self._marks, []
        settled, self._settled = self._settled, []
        try:
            ours = await self.clerk.do(lambda: self._write([copy for copy, _ in marks], settled))
        except Exception as error:
            self._settled = settled + self._settled
            for _, known in marks:
                if not known.done():
                    known.set_exception(error)
            raise
        for delivery, known in marks:
            if delivery.id in ours:
                self._marked.add(delivery.id)
            if not known.done():
                known.set_result(delivery.id in ours)

    def _write(self, marks: list[Delivery], settled: list[Settlement]) -> set[int]:
        at, db = self.worker.now(), self.clerk.db
        try:
            with db.begin():
                ours = copies.mark(db, marks, at=at)
                true = copies.settle(db, settled, at=at, worker=self.worker.name)
                for one in settled:
                    if one.outcome.state is State.REFUSED and one.delivery.id in true:
                        _note_bounce(db, one, at=at)
        except DBAPIError:
            db.invalidate()  # a failed commit may leave its transaction open, and the store shut
            raise
        return ours if self.worker.now() - at <= FRESH else set()  # others may be at them by now

    async def _spread_patience(self) -> None:
        """Let every worker know which domains wait, and which need not any more."""
        recovered, self._recovered = self._recovered, set()
        slowed, self._slowed = self._slowed, []
        if recovered:
            await self.clerk.do(lambda: self._forget(recovered))
        for domain, words in slowed:
            await self._slow_down(domain, words)

    async def _slow_down(self, domain: str, words: str) -> None:
        until = await self.clerk.do(lambda: self._put_off(domain, words))
        self.patience.slow[domain] = until
        log.warning("%s waits until %s: %s", domain or "the mail server", until, words)

    def _put_off(self, domain: str, words: str) -> datetime:
        with self.worker.engine.begin() as db:
            at = self.worker.now()
            return slow.slow_down(db, self.channel, domain, reason=words, at=at)

    def _forget(self, domains: set[str]) -> None:
        with self.worker.engine.begin() as db:
            slow.forget(db, self.channel, domains)

    async def rest(self) -> None:
        """Let the whole channel wait: no line to its server can be kept."""
        if self._deferral is not None:
            self.trouble = self._deferral
            with suppress(DBAPIError):
                await self._slow_down(WHOLE, self._deferral.note)

    @property
    def halted(self) -> bool:
        """Whether nothing more had better be begun."""
        return bool(self.brake.pulled) or self._rests(WHOLE)

    def _rests(self, domain: str) -> bool:
        until = self.patience.slow.get(domain)
        return until is not None and until > self.worker.now()

    def puts_off(self, delivery: Delivery) -> bool:
        """Give a copy back whose domain rests; False where it may be sent."""
        domain = _domain(delivery) if self.patience.slow else ""
        if not domain or not self._rests(domain):
            return False
        pause = self.patience.slow[domain] - self.worker.now()
        del self.held[delivery.id]
        note = f"{domain} asks for patience"
        self._note(delivery, Outcome(state=State.PENDING, retry_in=pause, note=note, tried=False))
        return True

    async def finish(self, committing: asyncio.Task[None]) -> None:
        """Let what has gathered be committed, and commit no more by itself."""
        self._closing = True
        self._wake.set()
        self._full.set()
        await committing

    def close(self, stopped: str = "") -> None:
        """Settle the rest: what was not marked was not sent, what was marked may have been.

        `stopped` says why the channel takes nothing until a person has seen to it.
        """
        for delivery in self.held.values():
            self._note(delivery, self._unfinished(delivery, stopped))
        self.held.clear()
        what = f"what became of {len(self._settled)} copies"
        me = self.worker
        insist(partial(self._write, [], self._settled), what, rest=me.rest, stopping=me.stopping)

    def _unfinished(self, delivery: Delivery, stopped: str) -> Outcome:
        pause = self.trouble.retry_in if self.trouble else timedelta(0)
        if delivery.id in self._marked:
            note = "the connection ended after the message had left"
            return Outcome(state=State.UNSURE, retry_in=pause, note=note, in_doubt=True)
        if stopped:
            return Outcome(state=State.HELD, note=stopped)
        why = f"not tried yet: {self.trouble.note}" if self.trouble else "not tried yet"
        return Outcome(state=State.PENDING, retry_in=pause, note=why, tried=False)


def _domain(delivery: Delivery) -> str:
    return delivery.recipient.rpartition("@")[2]


def _note_bounce(db: Connection, one: Settlement, *, at: datetime) -> None:
    """Remember a server's refusal as what it is: mail that came back."""
    words = one.outcome.note
    if REPLY.match(words):
        status = status_in(words)
        known = {"status": status, "words": words, "how": "refusal"}
        bounces.record(db, one.delivery.id, kind=kind_of(status), at=at, **known)
