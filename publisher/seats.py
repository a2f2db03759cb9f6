"""Which of a worker's processes are at mailings: never all of them, and one at each."""

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO

_MAILINGS = 1 << 20  # bytes from here on are mailings, those before are seats


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

    @contextmanager
    def alone_at(self, mailing: int) -> Iterator[bool]:
        """Be the one process at a mailing for a while; False where another is."""
        place = _MAILINGS + mailing
        alone = self._locked(place)
        try:
            yield alone
        finally:
            if alone:
                fcntl.lockf(self.file, fcntl.LOCK_UN, 1, place)

    def _locked(self, place: int) -> bool:
        try:
            fcntl.lockf(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except OSError:
            return False
        return True
