"""How many of a worker's processes may be at mailings, so that one is free for all else."""

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO


@dataclass(frozen=True, kw_only=True)
class Seats:
    """Seats that processes share which forked from the one that made them.

    Each is a byte of a file without a name, locked by who sits there: lockf(3) belongs to a
    process, and ends with it however it ends.
    """

    number: int
    file: IO[bytes] = field(default_factory=tempfile.TemporaryFile)

    @contextmanager
    def one(self) -> Iterator[bool]:
        """Sit down for a while; False where every seat is taken."""
        place = next((n for n in range(self.number) if self._locked(n)), None)
        try:
            yield place is not None
        finally:
            if place is not None:
                fcntl.lockf(self.file, fcntl.LOCK_UN, 1, place)

    def _locked(self, place: int) -> bool:
        try:
            fcntl.lockf(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except OSError:
            return False
        return True
