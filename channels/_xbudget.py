"""A month's posts, counted in a file that all processes of a machine share.

X is paid by use: what is counted before it leaves cannot run away with the account's money.
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from channels._feedfile import check_writable, read, sole_writer, write
from publisher.domain.channel import Disconnected, TryLater

PATIENCE = 10.0  # seconds for another process to have counted
Counts = dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Budget:
    """At most `monthly` posts a calendar month (UTC), counted in the file `ledger`."""

    ledger: Path
    monthly: int

    def take(self, posts: int) -> str:
        """Count posts that are about to leave; the month that they count in.

        Raises Disconnected where not so many are left or the file is no ledger, and TryLater where
        it cannot be written. Then none may leave.
        """
        with sole_writer(self.ledger, PATIENCE):
            counts, month = self._counts(), _month()
            used = counts.get(month, 0)
            if used + posts > self.monthly:
                raise Disconnected(self._spent(used, posts))
            self._write({**counts, month: used + posts})
        return month

    def give_back(self, month: str, posts: int) -> None:
        """Take back the count of posts that certainly did not leave; where that fails it stays."""
        if not posts:
            return
        with suppress(TryLater, Disconnected), sole_writer(self.ledger, PATIENCE):
            counts = self._counts()
            self._write({**counts, month: max(0, counts.get(month, 0) - posts)})

    def check(self) -> str:
        """What is left. Raises Disconnected where the ledger cannot be read or written."""
        check_writable(self.ledger)
        used = self._counts().get(_month(), 0)
        left = max(0, self.monthly - used)
        return f"{left} of {self.monthly} posts are left in {_month()} ({self.ledger})"

    def _counts(self) -> Counts:
        return read(self.ledger, _parsed, "ledger of posts") or {}

    def _write(self, counts: Counts) -> None:
        write(self.ledger, (json.dumps(counts, indent=1, sort_keys=True) + "\n").encode())

    def _spent(self, used: int, posts: int) -> str:
        more = "" if posts == 1 else f", and this thread needs {posts}"
        remedy = "raise `monthly`, or wait for the next month; then resume the channel"
        return f"{used} of {self.monthly} posts of {_month()} are used up{more}: {remedy}"


def _month() -> str:
    return f"{datetime.now(UTC):%Y-%m}"


def _parsed(content: bytes) -> Counts:
    found = json.loads(content)
    if not isinstance(found, dict) or not all(type(one) is int for one in found.values()):
        raise ValueError('expected months and numbers, {"2026-08": 3}')
    return found
