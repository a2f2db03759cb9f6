"""Keeping the parts of `publisher up` at work: what has ended, and what is alive and silent."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import click
from sqlalchemy.exc import DBAPIError

from publisher import signs, wiring
from publisher.cli.healthcheck import page_trouble
from publisher.embedded import Process
from publisher.publishing import utcnow
from publisher.signs import Watch
from publisher.storage import workers
from publisher.storage.engine import reading

LOOK = 5.0  # seconds between looks at the signs of life
BRIEF = 1.0  # seconds that a page may take: who looks has other things to do


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The last sign of life of each process by its number, and whether anything is being sent."""

    signs: Mapping[int, datetime]
    busy: bool


def look() -> Seen:
    """What the store knows of this machine, having been written to: so a sign would have been."""
    wiring.sign(f"up@{signs.host()}", role="up", started_at=utcnow())
    with reading(wiring.signs()) as db:
        ours = [sign for sign in workers.known(db) if sign.host == signs.host()]
        busy = workers.is_busy(db)
    known = [sign for sign in ours if sign.role in {*signs.WORKING, "schedule"}]
    return Seen(signs={signs.pid(sign.name): sign.beat_at for sign in known}, busy=busy)


def _say(words: str) -> None:
    click.echo(words, err=True)


@dataclass(kw_only=True)
class Oversight:
    """What a supervisor remembers between its looks."""

    processes: Sequence[Process]
    look: Callable[[], Seen] = look
    broker_trouble: Callable[[], str] = wiring.broker_trouble
    page_trouble: Callable[[], str] = lambda: page_trouble(BRIEF)
    say: Callable[[str], None] = _say
    clock: Callable[[], float] = time.monotonic
    _watches: dict[int, Watch] = field(default_factory=dict)
    _next: float = 0.0
    _said: str = ""

    def tick(self) -> None:
        """Start again what has ended; every few seconds, replace what is silent.

        Raises BadStore where the store is another version's.
        """
        for process in self.processes:
            if process.keep_running():
                self.say(f"{process.name} had ended and was started again")
        if self.clock() >= self._next:
            self._oversee()
            self._next = self.clock() + LOOK

    def _oversee(self) -> None:
        try:
            seen = self.look()
        except DBAPIError as error:
            self._excuse(f"the store cannot be asked: {error.orig}")
            return
        silent = self._silent(seen)
        if silent and (trouble := self.broker_trouble()):
            self._excuse(f"the broker does not answer: {trouble}")
            silent = [process for process in silent if process.name == "broker"]
        elif silent or self._somebody_works():
            self._said = ""
        self._replace(silent)

    def _excuse(self, why: str) -> None:
        """Say once why nobody is replaced, and begin to watch anew once it is over."""
        self._watches.clear()
        if self._said != why:
            self.say(f"{why}; until that is mended nobody is replaced for being silent")
        self._said = why

    def _silent(self, seen: Seen) -> list[Process]:
        """Who is silent, of those that are not being replaced already."""
        running = [p for p in self.processes if p.popen is not None and not p.is_ending]
        self._watches = {id(p): self._watched(p, seen) for p in running}
        signed = [self._watches[id(p)] for p in running if p.name in signs.WORKING]
        if not any(watch.is_fresh for watch in signed):  # who would have written of the schedule?
            running = [p for p in running if p.name != "beat"]
            self._watches = {id(p): self._watches[id(p)] for p in running}
        return [p for p in running if self._watches[id(p)].is_silent(busy=_explains(p, seen))]

    def _somebody_works(self) -> bool:
        known = [self._watches.get(id(p)) for p in self.processes if p.name in signs.WORKING]
        return any(watch is not None and watch.is_fresh for watch in known)

    def _watched(self, process: Process, seen: Seen) -> Watch:
        now, pid = self.clock(), process.popen.pid if process.popen else 0
        fresh = Watch(since=now, looked=now, pid=pid)
        watch = self._watches.get(id(process), fresh)
        if watch.pid != pid:
            watch = fresh
        return watch.seen(self._sign(process, seen.signs.get(pid), watch), now=now)

    def _sign(self, process: Process, last: datetime | None, watch: Watch) -> datetime | None:
        """The last sign of a process: of the store, or of its answer just now."""
        if process.name not in ASKED:
            return last
        return watch.last if ASKED[process.name](self) else utcnow()

    def _replace(self, silent: Sequence[Process]) -> None:
        for process in silent:
            self.say(f"{process.name} is alive but gives no sign of life, and is replaced")
            process.replace()


def _explains(process: Process, seen: Seen) -> bool:
    """Whether work that is under way may keep a process from its sign."""
    return seen.busy and process.name not in ASKED


ASKED: dict[str, Callable[[Oversight], str]] = {  # who is asked, since it writes no signs
    "web": lambda oversight: oversight.page_trouble(),
    "broker": lambda oversight: oversight.broker_trouble(),
}
