"""A newsletter's day on a fast clock: releases, readers who come and go, networks that fail."""

import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from celery import Celery
from sqlalchemy import Engine, func, select

from publisher import asking, mailing, outbox, publishing, queue, subscribing
from publisher.domain.channel import Copy, Note, Post, Receipt, TryLater, Unsure
from publisher.domain.delivery import State
from publisher.floods import TooMany
from publisher.outbox import Sender
from publisher.publishing import Worker
from publisher.queue import Giving
from publisher.storage.engine import reading
from publisher.storage.schema import deliveries
from publisher.storage.waiting import Hint
from tests.publisher.fakes import NOW, SITE, FakeChannel, configured, edition

SENDER = Sender(site=SITE, page="https://pages.example/confirm/")


@dataclass(frozen=True, kw_only=True)
class FastClock:
    """So many seconds pass in one."""

    speed: float
    began: float = field(default_factory=time.monotonic)

    def __call__(self) -> datetime:
        return NOW + timedelta(seconds=(time.monotonic() - self.began) * self.speed)


@dataclass
class Network(FakeChannel):
    """A network that is out for a while every two hours, and loses an answer in fifty."""

    clock: Callable[[], datetime] = lambda: NOW
    phase: float = 0
    well: bool = False
    taken: Counter[str] = field(default_factory=Counter)

    def deliver(self, post: Post) -> Receipt:
        minute = ((self.clock() - NOW).total_seconds() / 60 + self.phase) % 120
        if minute < 15 and not self.well:
            raise TryLater("429 too many", timedelta(minutes=2) if minute < 5 else None)
        self.taken[post.key] += 1
        if random.random() < 0.02:
            raise Unsure("the answer was lost")
        return Receipt(id=post.key, url=f"https://network.example/{post.key}")

    def find_existing(self, post: Post) -> Receipt | None:
        return Receipt(id=post.key) if self.taken[post.key] else None


@dataclass
class Mail(FakeChannel):
    """A mail server that defers one domain for half of each hour. It keeps only counts."""

    clock: Callable[[], datetime] = lambda: NOW
    rate: float = 0
    well: bool = False
    taken: Counter[str] = field(default_factory=Counter)
    tokens: list[str] = field(default_factory=list)  # of the last questions

    async def deliver_each(
        self,
        copies: AsyncIterator[Copy],
        *,
        mark: Callable[[Copy], Awaitable[bool]],
        settle: Callable[[Copy, Receipt | Exception], Awaitable[None]],
    ) -> None:
        async for copy in copies:
            assert copy.post.to
            slow = self.clock().minute < 30 and not self.well
            if slow and copy.post.to.address.endswith("slow.example"):
                await settle(copy, TryLater("451 4.7.1 try again later"))
            elif await mark(copy):
                self.taken[copy.post.key] += 1
                await settle(copy, Receipt(id=f"<{copy.id}@fake>", note="250 queued"))

    def write(self, note: Note) -> Receipt:
        token = next(word for word in note.text.split() if word.startswith(SENDER.page))
        self.tokens.append(token.removeprefix(SENDER.page))
        return Receipt(id="<1@fake>", note="250 queued")


@dataclass(kw_only=True)
class Office:
    """Who works: takes messages from the real queues, and does what the Celery tasks do."""

    engine: Engine
    app: Celery
    clock: FastClock
    networks: dict[str, Network]
    mail: Mail
    released: int = 0
    sweeps: int = 0
    messages: int = 0

    @property
    def worker(self) -> Worker:
        named: dict[str, FakeChannel] = {**self.networks, "mail": self.mail}
        channels = {name: configured(name, channel) for name, channel in named.items()}
        return Worker(engine=self.engine, channels=channels, name="soak", now=self.clock)

    def release(self) -> None:
        """One issue more, for all channels."""
        self.released += 1
        key = f"issue-{self.released:04}"
        with self.engine.begin() as db:
            channels = self.worker.channels
            publishing.plan([edition(key)], db=db, channels=channels, at=self.clock())

    def sweep(self) -> None:
        """As the schedule asks for every two seconds."""
        self.sweeps += 1
        hint = Giving(app=self.app).give
        outbox.sweep(self.worker, hint=hint)
        publishing.sweep(self.worker, hint=hint)

    def visit(self) -> None:
        """Somebody asks to join, somebody confirms, somebody leaves."""
        number = random.randrange(10**9)
        domain = random.choice(["slow.example", "fast.example", "other.example"])
        address, network = f"reader{number}@{domain}", f"192.0.{number % 256}.0/24"
        at = self.clock()
        try:
            with self.engine.begin() as db:
                ask = asking.ask_stranger(
                    db,
                    address,
                    address,
                    network=network,
                    everybody=200,
                    at=at,
                    channel="mail",
                    lang="en",
                )
        except TooMany:
            return
        if ask:
            queue.give(self.app, Hint(ask=ask))
        if self.mail.tokens:
            asking.confirm(self.mail.tokens.pop(0), engine=self.engine, place="soak", at=at)
        del self.mail.tokens[20:]
        readers = subscribing.everyone(engine=self.engine)
        here = [row.address for row in readers if row.state == "confirmed"]
        if len(here) > 40:
            subscribing.remove(random.choice(here), engine=self.engine, at=at)

    def work(self, task: str, number: int) -> None:
        """Do what one message says."""
        self.messages += 1
        more = DONE[task](self, number)
        if more:
            queue.give(self.app, more)

    def hurry(self) -> None:
        """Let everything be well, and nothing wait any longer."""
        self.mail.well = True
        for network in self.networks.values():
            network.well = True
        known = list(self.worker.channels.values())
        with self.engine.begin() as db:
            for number in range(1, self.released + 1):
                key, at = f"issue-{number:04}", self.clock()
                publishing.retry(key, db=db, channels=known, editions=[], at=at)

    def unfinished(self) -> int:
        """How many deliveries are not delivered, and not skipped."""
        c = deliveries.c
        ended = (State.DELIVERED, State.SKIPPED)
        with reading(self.engine) as db:
            rest = select(func.count()).select_from(deliveries).where(c.state.not_in(ended))
            return db.scalar(rest) or 0

    def double(self) -> list[str]:
        """Posts that a network took more than once."""
        return [key for one in self.networks.values() for key, n in one.taken.items() if n > 1]


def _deliver(office: Office, number: int) -> Hint | None:
    return publishing.deliver(number, office.worker)


def _copies(office: Office, number: int) -> Hint | None:
    more = mailing.deliver_copies(number, office.worker)
    return Hint(post=number) if more else None


def _question(office: Office, number: int) -> Hint | None:
    outbox.deliver(number, office.worker, SENDER)
    return None


DONE: dict[str, Callable[[Office, int], Hint | None]] = {
    "workers.tasks.deliver": _deliver,
    "workers.tasks.deliver_copies": _copies,
    "workers.tasks.deliver_question": _question,
}
