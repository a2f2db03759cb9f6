"""Which of a worker's processes are at mailings: never all of them, one at each, others wait."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO

_MAILINGS = 1 << 20  # bytes from here on are mailings, those before are seats
_NUMBER = 8  # bytes of one that waits


def _pipe() -> tuple[int, int]:
    """A queue of numbers for processes that fork from this one; each stays whole: pipe(7)."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    return reader, writer


@dataclass(frozen=True, kw_only=True)
class Seats:
    """Seats that processes share which forked from the one that made them.

    Each is a byte of a file without a name, locked by who sits there: lockf(3) belongs to a
    process, and ends with it however it ends.
    """

    number: int
    file: IO[bytes] = field(default_factory=tempfile.TemporaryFile)
    _waiting: tuple[int, int] = field(default_factory=_pipe)

    @contextmanager
    def one(self) -> Iterator[bool]:
        """Sit down for a while; False where every seat is taken."""
        place = next((n for n in range(self.number) if self._locked(n)), None)
        try:
            yield place is not None
        finally:
            if place is not None:
                fcntl.lockf(self.file, fcntl.LOCK_UN, 1, place)

    def turn_away(self, mailing: int) -> None:
        """Have a mailing for which there was no seat wait; past some thousands it is forgotten."""
        with suppress(BlockingIOError):
            os.write(self._waiting[1], mailing.to_bytes(_NUMBER))

    def next(self) -> int | None:
        """The mailing that was turned away first, for whoever leaves a seat to call in; once."""
        with suppress(BlockingIOError):
            return int.from_bytes(os.read(self._waiting[0], _NUMBER))
        return None

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
