"""The processes of a service, each of which can be killed by itself; whoever is gone comes back."""

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from publisher.embedded import Process
from tests.bench import spent

READY = {"worker": 2, "questions": 1}  # a family that is ready to work has more processes
YOUTH = 1.5  # seconds after its start that any other process is taken to be ready
WORKING = ("worker", "questions")


@dataclass
class Member:
    """A process of ours: since when it runs, and whether it is to be brought back.

    `renew` makes the process anew before each start, where it must.
    """

    process: Process
    started: float = 0.0
    away_until: float = 0.0
    groups: list[int] = field(default_factory=list)
    renew: Callable[[], Process] | None = None

    @property
    def name(self) -> str:
        return self.process.name

    @property
    def role(self) -> str:
        return self.name.partition("-")[0]

    @property
    def pid(self) -> int:
        return self.process.popen.pid if self.process.popen else 0

    def lives(self) -> bool:
        return self.process.popen is not None and self.process.popen.poll() is None

    def ready(self) -> bool:
        """Whether it has come so far that it can work."""
        if not self.lives():
            return False
        if self.role in READY:
            return len(spent.family(self.pid)) > READY[self.role]
        return time.monotonic() > self.started + YOUTH

    def start(self) -> None:
        if self.renew:
            self.process = self.renew()
        self.process.start()
        self.started = time.monotonic()
        self.groups.append(self.pid)

    def family(self) -> list[int]:
        return spent.family(self.pid) if self.lives() else []


@dataclass
class Crew:
    """All members, the broker first. `restarts` counts what was brought back."""

    members: Sequence[Member]
    restarts: int = 0

    def named(self, role: str) -> list[Member]:
        return [member for member in self.members if member.role == role]

    def one(self, name: str) -> Member:
        return next(member for member in self.members if member.name == name)

    def bring_back(self) -> list[str]:
        """Start again whoever is gone and may come back; who that was."""
        now, back = time.monotonic(), []
        for member in self.members:
            member.groups = [group for group in member.groups if _has_members(group)]
            if not member.lives() and now >= member.away_until:
                member.start()
                back.append(member.name)
        self.restarts += len(back)
        return back

    def all_live(self) -> bool:
        return all(member.lives() for member in self.members)

    def all_ready(self) -> bool:
        return all(member.ready() for member in self.members)

    def families(self) -> dict[int, Member]:
        """Every process of the crew, by number, with the member it belongs to."""
        return {pid: member for member in self.members for pid in member.family()}


def end(pids: Sequence[int], how: signal.Signals) -> None:
    """Send a signal to processes, some of which may be gone already."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, how)


def reap(member: Member, seconds: float) -> bool:
    """Wait for a process that was told to end; whether it did in time."""
    until = time.monotonic() + seconds
    while member.lives() and time.monotonic() < until:
        time.sleep(0.02)
    return not member.lives()


@contextmanager
def at_work(members: Sequence[Member]) -> Iterator[Crew]:
    """The crew, started in order, until the block ends; then nothing of it is left."""
    crew = Crew(members=members)
    try:
        for member in members:
            member.start()
        yield crew
    finally:
        for member in reversed(members):
            _sweep_away(member)


def _has_members(group: int) -> bool:
    """Whether a process group still is: the number of one that is not may become a stranger's."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _sweep_away(member: Member) -> None:
    """End every process group that a member ever had."""
    for group in member.groups:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    if member.process.popen is not None:
        member.process.popen.wait()


def sockets_of(pids: Iterable[int], ports: Sequence[int]) -> dict[int, list[int]]:
    """Which of these local ports each process holds, by proc(5)."""
    inodes = _inodes(set(ports))
    return {pid: found for pid in pids if (found := [inodes[i] for i in _held(pid) & set(inodes)])}


def _inodes(ports: set[int]) -> dict[str, int]:
    """The inode of each TCP socket of this machine that is bound to one of the ports."""
    lines = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return {
        fields[9]: port
        for fields in lines
        if (port := int(fields[1].partition(":")[2], 16)) in ports
    }


def _held(pid: int) -> set[str]:
    found = set()
    with suppress(OSError):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                found.add(os.readlink(link).removeprefix("socket:[").removesuffix("]"))  # noqa: PTH115
    return found
