"""A run under way: who was killed, what is to be undone when, and an operator who looks on."""

import random
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from subprocess import Popen

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from publisher.storage.engine import reading
from publisher.storage.schema import channels
from tests.faults.oracle import UNFINISHED
from tests.faults.proxy import Proxy, Trap
from tests.faults.world import Copy, World

TICK = 0.05  # seconds
ASKING = 0.2  # seconds between two looks whether something has come true
LOOKING = 2.0  # seconds between an operator's looks
LONG = 3.0  # seconds that an operator waits for what is to come by itself
SETTLING = 40.0  # and for what is being looked for
UNSEEN = 12.0  # seconds after which an issue that was not planned is published by name


@dataclass(frozen=True, kw_only=True)
class Killed:
    """One kill: what it met, by which signal, and how many connections to the mail server."""

    what: str
    how: str
    lines: int


@dataclass
class Scene:
    """The state of a run. `doubts` is how many mails the faults may have left in doubt."""

    world: World
    long: bool = False
    killed: list[Killed] = field(default_factory=list)
    struck: dict[str, int] = field(default_factory=dict)
    doubts: int = 0
    traps: list[tuple[Proxy, Trap]] = field(default_factory=list)
    retries: int = 0
    comebacks: list[float] = field(default_factory=list)
    stops: list[float] = field(default_factory=list)
    released: dict[str, float] = field(default_factory=dict)
    _says: dict[str, Popen[bytes]] = field(default_factory=dict)
    _undo: list[tuple[float, Callable[[], object]]] = field(default_factory=list)
    _looked: float = 0.0
    _awaited: tuple[float, int] | None = None

    # --- what faults say

    def later(self, seconds: float, undo: Callable[[], object]) -> None:
        """Have something undone after a while, or when all faults end."""
        self._undo.append((time.monotonic() + seconds, undo))

    def note_kill(self, what: str, how: str, lines: int) -> None:
        self.killed.append(Killed(what=what, how=how, lines=lines))
        self.doubts += lines

    def await_comeback(self) -> None:
        """Measure from when all live again until the outside hears of us, if anything waits."""
        if any(copy.state in UNFINISHED for copy in self.copies()):
            self._awaited = (0.0, self.world.posted())

    def copies(self) -> list[Copy]:
        """Every delivery, or none while the store is in the middle of a fault."""
        try:
            return self.world.copies()
        except DBAPIError:
            return []

    @property
    def waiting(self) -> bool:
        """Whether a kill still lies in wait."""
        return any(trap in proxy.traps for proxy, trap in self.traps)

    # --- time goes on

    def tick(self) -> None:
        """Undo what is over, bring back who is gone, and let the operator look."""
        self._undo_due(time.monotonic())
        self.world.crew.bring_back()
        self._measure_comeback()
        if time.monotonic() > self._looked + LOOKING:
            self._looked = time.monotonic()
            with suppress(DBAPIError):  # the store is in the middle of a fault
                self.operate()

    def rest(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while True:
            self.tick()
            left = end - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(TICK, left))

    def until(self, true: Callable[[], bool], seconds: float) -> bool:
        """Let time go on until something is true; whether it came true in time."""
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() > end:
                return False
            self.rest(ASKING)
        return True

    def _undo_due(self, now: float) -> None:
        due = [undo for at, undo in self._undo if at <= now]
        self._undo = [(at, undo) for at, undo in self._undo if at > now]
        for undo in due:
            undo()

    def _measure_comeback(self) -> None:
        if self._awaited is None:
            return
        since, before = self._awaited
        if not since:
            if self.world.crew.all_live():
                self._awaited = (time.monotonic(), self.world.posted())
        elif self.world.posted() > before:
            self.comebacks.append(time.monotonic() - since)
            self._awaited = None

    def heal(self) -> None:
        """End all faults."""
        self._undo_due(float("inf"))
        for proxy in self.world.proxies.values():
            proxy.clear()
        self.world.outside.heal()

    # --- the operator

    def release(self, number: int, way: str) -> None:
        """Put an issue where it is seen; have it published by name as well where `way` says so."""
        path = self.world.write(number)
        self.released[path.stem] = time.monotonic()
        if way == "published":
            self._says[path.stem] = self.world.command("publish", path.stem, "--no-wait")

    def operate(self) -> None:
        """Do what an operator would: publish what was not seen, retry what waits for a person."""
        copies = self.world.copies()
        known, now = {copy.issue for copy in copies}, time.monotonic()
        for issue, since in self.released.items():
            if issue not in known and now > since + UNSEEN and not self._said(issue):
                self._says[issue] = self.world.command("publish", issue, "--no-wait")
        wanted = stuck(copies, self._paused())
        for issue, names in wanted.items():
            self.retries += 1
            self.world.retry(issue, sorted(names))

    def _said(self, issue: str) -> bool:
        """Whether a command to publish it is under way."""
        return issue in self._says and self._says[issue].poll() is None

    def _paused(self) -> set[str]:
        with reading(self.world.engine) as db:
            return set(db.scalars(select(channels.c.name).where(channels.c.paused_at.is_not(None))))

    def unfinished(self) -> bool:
        """Whether anything is still to be decided about."""
        copies = self.world.copies()
        if self.released.keys() - {copy.issue for copy in copies} or stuck(copies, self._paused()):
            return True
        return any(copy.state in UNFINISHED for copy in copies)


def stuck(copies: Collection[Copy], paused: Collection[str]) -> Mapping[str, set[str]]:
    """What waits for a person, or long for a time to come: channels by issue.

    A mail that is held in doubt stays so: that is how it was configured.
    """
    found: dict[str, set[str]] = {}
    for copy in copies:
        open_ = copy.state in UNFINISHED and copy.channel in paused
        if open_ or _waits(copy):
            found.setdefault(copy.issue, set()).add(copy.channel)
    return found


def _waits(copy: Copy) -> bool:
    patience = {"pending": LONG, "unsure": SETTLING}.get(copy.state)
    if patience is not None:
        return copy.waits > patience
    return copy.state == "refused" or _held_for_nothing(copy)


def _held_for_nothing(copy: Copy) -> bool:
    return copy.state == "held" and not (copy.channel == "readers" and copy.in_doubt)


def trapped(scene: Scene, network: str, trap: Trap, seconds: float) -> None:
    """Lie in wait at a network for a while."""
    proxy = scene.world.proxies[network]
    proxy.set(trap)

    def away() -> None:
        if trap in proxy.traps:
            proxy.traps.remove(trap)

    scene.later(seconds, away)


def pick(chance: random.Random, least: float, most: float) -> float:
    """A length of time, in seconds."""
    return least + chance.random() * (most - least)
