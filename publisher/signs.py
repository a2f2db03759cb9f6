"""Who is silent: decided from signs of life and a steady clock, without asking anybody."""

import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from publisher.storage.workers import Sign

BEAT = 5.0  # seconds between the signs of one process
QUIET = 60.0  # seconds without a sign that are too many while nothing is being sent
BUSY = 200.0  # the same where all of a worker may be at mailings, and waits for the store after
GAP = 15.0  # seconds between two looks that show that who looks was asleep itself

WORKING = ("worker", "mail", "questions")  # roles that carry hints


def host() -> str:
    """What this machine, or container, is called in its signs."""
    return socket.gethostname()


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What is known of one process: its last sign, and when we noticed that it was new.

    `since` and `looked` are seconds of a clock that never jumps, so that a machine that slept, or
    had its time set, finds nobody silent for that.
    """

    since: float
    looked: float
    last: datetime | None = None
    pid: int = 0

    def seen(self, sign: datetime | None, *, now: float) -> "Watch":
        """The same after a look at the store."""
        asleep = now - self.looked > GAP
        if asleep or (sign is not None and sign != self.last):
            return replace(self, since=now, looked=now, last=sign)
        return replace(self, looked=now)

    @property
    def is_fresh(self) -> bool:
        """Whether its last sign is of just now."""
        return self.last is not None and self.looked - self.since <= 3 * BEAT

    def is_silent(self, *, busy: bool) -> bool:
        """Whether it gave no sign for longer than work explains."""
        return self.looked - self.since > (BUSY if busy else QUIET)


@dataclass(frozen=True, kw_only=True)
class Told:
    """Whether somebody is at work, a sentence that says so, and the processes that are silent."""

    well: bool
    words: str
    silent: tuple[int, ...] = ()


def told_of(
    role: str, signs: list[Sign], *, at: datetime, busy: bool, here: Callable[[], str] = host
) -> Told:
    """Whether those in a role on this machine are at work. Who began last stands for those before.

    Several may be at it at once, so one that is silent is only noticed where it was the last.
    """
    machine = here()
    ours = [s for s in signs if (s.role, s.host) == (role, machine)]
    if not ours:
        return Told(well=False, words=f"no {role} on {machine} has given a sign of life")
    last = max(ours, key=lambda sign: sign.started_at)
    age = max(0.0, (at - last.beat_at).total_seconds())
    words = f"the {role} on {machine} gave its last sign of life {age:.0f} seconds ago"
    well = age <= (BUSY if busy else QUIET)
    return Told(well=well, words=words, silent=() if well else (pid(last.name),))


def pid(name: str) -> int:
    """The process behind a name in the signs: NODE:PID of a worker, schedule:PID@HOST."""
    return int(name.rpartition(":")[2].partition("@")[0])


def nobody_works(signs: list[Sign], *, at: datetime, busy: bool) -> bool:
    """Whether what waits will not go out, for nobody is there to carry it."""
    longest = timedelta(seconds=BUSY if busy else QUIET)
    return not any(s.role in WORKING and s.beat_at > at - longest for s in signs)
