"""Killing a process at the k-th of its crash points: around commits, and around requests.

The points are put there from outside: the program knows nothing of them.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, Engine, event

PATIENCE = 60  # seconds


@dataclass
class Points:
    """Counts crash points, and ends this process at number `deadly`."""

    deadly: int
    passed: int = 0
    names: list[str] = field(default_factory=list)

    def passing(self, name: str) -> None:
        self.passed += 1
        self.names.append(name)
        if self.passed == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)


def watch(engine: Engine, points: Points) -> None:
    """Have the beginning of each transaction and both sides of its commit be crash points."""

    def committing(connection: Connection) -> None:
        points.passing("before a commit")
        connection.connection.commit()  # SQLAlchemy's own finds nothing left to do
        points.passing("after a commit")

    event.listen(engine, "begin", lambda _: points.passing("in a transaction"))
    event.listen(engine, "commit", committing)


def survives(deadly: int, work: Callable[[Points], object], end: Path) -> bool:
    """Whether a process that is killed at that crash point gets to its end before."""

    def living() -> None:
        work(Points(deadly))
        end.touch()

    end.unlink(missing_ok=True)
    process = multiprocessing.get_context("fork").Process(target=living)
    process.start()
    process.join(PATIENCE)
    if process.is_alive():
        process.kill()
        process.join()
        raise AssertionError(f"the process hangs at crash point {deadly}")
    if process.exitcode not in (0, -signal.SIGKILL):
        raise AssertionError(f"the process failed by itself at crash point {deadly}")
    return end.exists()
