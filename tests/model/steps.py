"""Workers that stop at every step, so that somebody else says who goes on, and who is killed there.

A step is the beginning of a transaction, a request to the outside, and its answer. Nothing else can
be seen by others. A commit is no step of its own: what becomes of it is said where its transaction
begins, because a store that lets one writer in at a time shows nothing in between.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError

from publisher.storage.engine import _begin_sqlite
from publisher.storage.waiting import Hint

PATIENCE = 20  # seconds until a worker that does not stop is a bug of the test


class Fate(StrEnum):
    """What becomes of a worker that goes on. Those of a commit hold for the next one."""

    GOES_ON = "goes on"
    KILLED = "is killed here"
    KILLED_BEFORE = "is killed before its commit"
    KILLED_AFTER = "is killed after its commit"
    UNHEARD = "commits, and never hears of it"
    NOT_TAKEN = "cannot commit"


class Killed(SystemExit):
    """The process is gone. Nothing catches it, and event loops let it through at once."""


class Gone(RuntimeError):
    """What a killed process would do next; it does not."""


@dataclass(eq=False)
class Actor:
    """One task of one worker, in a thread of its own that runs only while it is let."""

    name: str
    what: str
    hint: Hint | None = None
    place: str = ""
    fate: Fate = Fate.GOES_ON
    answer: str = ""
    dead: bool = False
    over: bool = False
    error: BaseException | None = None
    _turn: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    _back: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def begin(self, work: Callable[[], object]) -> None:
        """Run to the first step."""
        threading.Thread(target=self._run, args=(work,), daemon=True).start()
        self._wait()

    def go(self, fate: Fate = Fate.GOES_ON, answer: str = "") -> None:
        """Run to the next step, or to the end."""
        if self.over:
            return
        self.fate, self.answer = fate, answer
        self._turn.release()
        self._wait()

    def stop(self, place: str) -> None:
        """Wait to be let on. Called by the actor itself."""
        if self.dead:
            raise Gone(place)
        self.place = place
        self._back.release()
        self._turn.acquire()
        if self.fate is Fate.KILLED:
            self.die()

    def die(self) -> None:
        """End as a killed process does: at once."""
        self.dead = True
        raise Killed(self.place)

    def _run(self, work: Callable[[], object]) -> None:
        _here.actor = self
        try:
            work()
        except BaseException as error:  # noqa: BLE001  the end of a task, however it ended
            self.error = error
        self.over, self.place = True, ""
        self._back.release()

    def _wait(self) -> None:
        if not self._back.acquire(timeout=PATIENCE):
            raise AssertionError(f"{self.name} ({self.what}) does not come to a step")


_here = threading.local()


def here() -> Actor | None:
    """Whose thread this is."""
    found: Actor | None = getattr(_here, "actor", None)
    return found


def stop(place: str) -> str:
    """A step of whoever runs here; what they meet. People's own doings do not stop."""
    actor = here()
    if actor is None:
        return ""
    actor.stop(place)
    return actor.answer


def watch(engine: Engine) -> None:
    """Have every transaction of an engine be a step, and its commit meet its fate."""
    takes_the_lock = engine.dialect.name == "sqlite"
    if takes_the_lock:  # the step is before that
        event.remove(engine, "begin", _begin_sqlite)
    event.listen(engine, "begin", lambda _: stop("begin"))
    if takes_the_lock:
        event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "commit", _committing)


def _committing(connection: Connection) -> None:
    actor = here()
    if actor is None or actor.dead:
        return
    fate, actor.fate = actor.fate, Fate.GOES_ON
    if fate in (Fate.KILLED_AFTER, Fate.UNHEARD):
        connection.connection.commit()
    if fate in (Fate.KILLED_BEFORE, Fate.KILLED_AFTER):
        actor.die()
    if fate in (Fate.UNHEARD, Fate.NOT_TAKEN):
        raise OperationalError("COMMIT", {}, OSError("the line to the store is cut"))
