"""A newsroom whose every step is somebody's choice: store, clock, workers, queue, outside."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import Engine, insert

from publisher import mailing, publishing
from publisher.auditing import Found, audit, broken
from publisher.domain.delivery import UNFINISHED, State
from publisher.domain.subscriber import Standing
from publisher.publishing import Worker
from publisher.registry import Configured
from publisher.storage import engine as storage
from publisher.storage import pacing, pauses
from publisher.storage.engine import reading
from publisher.storage.schema import subscribers
from publisher.storage.waiting import Hint
from tests.model.judging import Row, found_rows, violations
from tests.model.outside import Mail, Place, Taken, everything
from tests.model.steps import Actor, Fate, watch
from tests.publisher.fakes import Clock, edition

READERS = ("ann@one.example", "bob@two.example")
ISSUES = ("first", "second")
CALM = 60  # looks of the schedule until everything that can be done is done
MOST_STEPS = 2000  # of one task; more is a circle


@cache
def _template() -> bytes:
    """An empty store of the newest version, as the bytes of its file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        engine = storage.connect(f"sqlite:///{path}")
        storage.migrate(engine)
        engine.dispose()
        return path.read_bytes()


@contextmanager
def store() -> Iterator[Engine]:
    """A new store in memory's own file system, where there is one."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
    folder = Path(tempfile.mkdtemp(dir=memory, prefix="publisher-model-"))
    (folder / "store.db").write_bytes(_template())
    engine = storage.connect(f"sqlite:///{folder}/store.db")
    try:
        yield engine
    finally:
        engine.dispose()
        shutil.rmtree(folder)


@dataclass(eq=False)
class World:
    """What there is. `gone` are processes that everybody can see to be gone."""

    engine: Engine
    named: Sequence[str] = ("open", "mute", "mail")
    clock: Clock = field(default_factory=Clock)
    places: dict[str, Place] = field(default_factory=dict)
    actors: dict[int, Actor] = field(default_factory=dict)
    hints: list[Hint] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    names: dict[int, str] = field(default_factory=dict)
    broker: bool = True
    planned: set[tuple[str, str, str]] = field(default_factory=set)  # issue, channel, reader
    readers: set[str] = field(default_factory=lambda: set(READERS))
    steps: int = 0
    born: int = 0

    def __post_init__(self) -> None:
        watch(self.engine)
        every = (
            Place("open", self.clock),
            Place("mute", self.clock, can_be_asked=False),
            Mail("mail", self.clock),
        )
        self.places = {place.name: place for place in every if place.name in self.named}
        rows = [
            {"address": one, "address_key": one, "state": Standing.CONFIRMED, "token": f"t{number}"}
            | {"origin": "test", "added_at": self.clock(), "changed_at": self.clock()}
            for number, one in enumerate(READERS)
        ]
        with self.engine.begin() as db:
            db.execute(insert(subscribers), rows)

    # --- who works

    @property
    def channels(self) -> dict[str, Configured]:
        return {
            name: Configured(name=name, kind="model", languages=("en",), channel=place)
            for name, place in self.places.items()
        }

    def worker(self, slot: int) -> Worker:
        """The process that has this slot now."""
        if slot not in self.names:
            self.born += 1
            self.names[slot] = f"process-{self.born}"
        return Worker(
            engine=self.engine,
            channels=self.channels,
            name=self.names[slot],
            unsubscribe="https://pages.example/unsubscribe/",
            secret=b"secret",
            lost=lambda name: name in self.gone,
            now=self.clock,
            rest=lambda _: None,
        )

    def start(
        self,
        slot: int,
        what: str,
        work: Callable[[Worker], object],
        hint: Hint | None = None,
    ) -> None:
        me = self.worker(slot)
        actor = Actor(name=me.name, what=what, hint=hint)
        self.actors[slot] = actor
        actor.begin(lambda: work(me))
        self._look_after(slot)

    def idle(self, slot: int) -> bool:
        return slot not in self.actors

    def go(self, slot: int, fate: Fate = Fate.GOES_ON, answer: str = "", seen: bool = True) -> None:
        """Let a worker take one step. `seen`: whether others can see at once that it is gone."""
        self.steps += 1
        actor = self.actors[slot]
        actor.go(fate, answer)
        self._look_after(slot, seen=seen)

    def _look_after(self, slot: int, *, seen: bool = True) -> None:
        actor = self.actors[slot]
        if not actor.over:
            return
        del self.actors[slot]
        if actor.dead:
            name = self.names.pop(slot)
            self.gone |= {name} if seen else set()

    # --- what workers do

    def publish(self, slot: int, issue: str) -> None:
        def planning(me: Worker) -> None:
            with me.engine.begin() as db:
                found = [edition(issue, url=f"https://news.example/{issue}/")]
                publishing.plan(found, db=db, channels=me.channels, at=me.now())
            self.planned |= {(issue, one, "") for one in self.places if one != "mail"}
            if "mail" in self.places:
                self.planned |= {(issue, "mail", reader) for reader in self.readers}

        self.start(slot, f"publish {issue}", planning)

    def sweep(self, slot: int) -> None:
        self.start(slot, "sweep", lambda me: publishing.sweep(me, hint=self.hint))

    def hint(self, hint: Hint) -> bool:
        if self.broker:
            self.hints.append(hint)
        return self.broker

    def follow(self, slot: int, hint: Hint) -> None:
        if hint.post:
            self.start(slot, f"copies {hint.post}", lambda me: self._copies(hint.post, me), hint)
        else:
            number = hint.delivery
            self.start(slot, f"deliver {number}", lambda me: publishing.deliver(number, me), hint)

    def _copies(self, post: int, me: Worker) -> None:
        if mailing.deliver_copies(post, me, looking=1e9):
            self.hint(Hint(post=post))

    # --- what people do

    def rows(self) -> list[Row]:
        return found_rows(self.engine)

    @property
    def moves(self) -> tuple[int, int]:
        """Differs from what it was if anything may be different."""
        return self.steps, len(self.taken())

    def under_way(self) -> bool:
        """Whether a request may be on its way: then a person who looks cannot tell."""
        return any(a.place in ("request", "dot", "answer") for a in self.actors.values()) or any(
            place.on_its_way for place in self.places.values()
        )

    def answer_truly(self, row: Row) -> None:
        """A person looks at the outside, and says what is there."""
        there = any(
            (one.channel, one.post, one.recipient) == (row.channel, row.post, row.recipient)
            for one in everything([*self.places.values()])
        )
        state = State.DELIVERED if there else State.PENDING
        with self.engine.begin() as db:
            publishing.settle(
                row.issue,
                row.channel,
                state,
                db=db,
                at=self.clock(),
                url="https://seen.example/" if there else "",
                reader=row.recipient,
            )

    def retry(self, issue: str, channel: str) -> None:
        with self.engine.begin() as db:
            found = [edition(issue, url=f"https://news.example/{issue}/")]
            publishing.retry(
                issue, db=db, channels=[self.channels[channel]], editions=found, at=self.clock()
            )

    def leave(self, reader: str) -> None:
        c = subscribers.c
        with self.engine.begin() as db:
            db.execute(subscribers.update().where(c.address_key == reader).values(state="left"))
        self.readers.discard(reader)

    def tick(self, seconds: float) -> None:
        self.steps += 1
        self.clock.time += timedelta(seconds=seconds)
        for place in self.places.values():
            place.arrive()

    # --- what is true

    def taken(self) -> Sequence[Taken]:
        return everything([*self.places.values()])

    def odd(self) -> list[str]:
        """What must never be, at any moment."""
        return violations(self.engine, self.rows(), self.taken(), at=self.clock())

    def audited(self) -> list[str]:
        """What the program's own audit finds broken, given the outside's whole record."""
        found = [
            Found(channel=one.channel, remote_id=one.id, recipient=one.recipient)
            for one in self.taken()
        ]
        with reading(self.engine) as db:
            odd = broken(audit(db, at=self.clock(), outside=found))
        return [f"{one.rule}: {one.place}: {one.words}" for one in odd]

    def heal(self) -> None:
        """No faults any more: let everybody finish, and do all that is due, days if need be."""
        self.broker = True
        for slot in [*self.actors]:
            self.finish(slot)
        with self.engine.begin() as db:
            for name in self.places:
                pacing.resume(db, name)
                for issue in ISSUES:
                    pauses.resume(db, issue, name)
        for _ in range(CALM):
            self.tick(3600 * 6)
            self.hints.clear()
            self._do(lambda: self.sweep(0))
            if not self.hints:
                break
            for hint in [*self.hints]:
                self._do(lambda hint=hint: self.follow(0, hint))  # type: ignore[misc]

    def finish(self, slot: int) -> None:
        """Let a worker go on to the end of its task."""
        for _ in range(MOST_STEPS):
            if self.idle(slot):
                return
            self.go(slot)
        raise AssertionError("a task runs in circles")

    def _do(self, start: Callable[[], None]) -> None:
        start()
        self.finish(0)

    def unfinished(self) -> list[str]:
        """What ought to have come to an end, once nothing is wrong any more."""
        rows = self.rows()
        left = [f"{row}: not finished" for row in rows if row.state in UNFINISHED]
        there = {(row.issue, row.channel, row.recipient) for row in rows}
        return left + [f"{one} was never planned" for one in sorted(self.planned - there)]
