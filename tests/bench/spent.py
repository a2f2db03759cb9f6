"""What processes spend: CPU and peak memory of each, by proc(5)."""

import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
EVERY = 0.5  # seconds between looks
PROC = Path("/proc")


@dataclass
class Part:
    """One process: seconds of CPU before and until now, peak memory, and memory over time.

    `looks` are (moment by the monotonic clock, bytes, seconds of CPU until then).
    """

    role: str
    before: float
    until: float = 0.0
    peak: int = 0
    looks: list[tuple[float, int, float]] = field(default_factory=list)

    @property
    def cpu(self) -> float:
        return max(0.0, self.until - self.before)


@dataclass
class Watch:
    """The families of some processes, looked at until the end. A child has its parent's role."""

    roots: Mapping[str, int]
    parts: dict[int, Part] = field(default_factory=dict)
    machine: tuple[float, float] = (0.0, 0.0)
    _end: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        """Take note of all that live now."""
        times = _times()
        for role, root in self.roots.items():
            for pid in _family(root, times):
                name = role if pid == root else f"{role}, child"
                cpu = times[pid][1]
                part = self.parts.setdefault(pid, Part(name, before=cpu))
                part.until = cpu
                size, peak = _memory(pid)
                part.peak = max(part.peak, peak)
                part.looks.append((time.monotonic(), size, cpu))

    def note(self, role: str, cpu: float) -> None:
        """Add a process that has ended, with its seconds of CPU."""
        self.parts[-1 - len(self.parts)] = Part(role, before=0.0, until=cpu)

    def by_role(self) -> dict[str, tuple[int, float, int]]:
        """(processes, seconds of CPU, the largest peak in bytes) by role."""
        found: dict[str, tuple[int, float, int]] = {}
        for part in self.parts.values():
            count, cpu, peak = found.get(part.role, (0, 0.0, 0))
            found[part.role] = (count + 1, cpu + part.cpu, max(peak, part.peak))
        return found

    @property
    def cpu(self) -> float:
        return sum(part.cpu for part in self.parts.values())

    @property
    def others(self) -> float:
        """The share of the machine that everybody else used meanwhile, from 0 to 1."""
        (busy, total), (busy_now, total_now) = self.machine, _machine()
        return max(0.0, (busy_now - busy - self.cpu) / max(total_now - total, 0.01))

    def _until_the_end(self) -> None:
        while not self._end.wait(EVERY):
            self.look()


@contextmanager
def watching(roots: Mapping[str, int]) -> Iterator[Watch]:
    """Watch processes, by role, for as long as the block lasts."""
    watch = Watch(roots, machine=_machine())
    watch.look()
    thread = threading.Thread(target=watch._until_the_end, daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        watch._end.set()
        thread.join()
        watch.look()


def family(root: int) -> list[int]:
    """A process and all that descend from it."""
    return list(_family(root, _times()))


def _times() -> dict[int, tuple[int, float]]:
    """(parent, seconds of CPU) of every process."""
    found = {}
    for folder in PROC.iterdir():
        if folder.name.isdecimal():
            with suppress(OSError):
                numbers = (folder / "stat").read_text().rpartition(")")[2].split()
                used = (int(numbers[11]) + int(numbers[12])) / TICKS
                found[int(folder.name)] = (int(numbers[1]), used)
    return found


def _family(root: int, times: Mapping[int, tuple[int, float]]) -> Iterator[int]:
    if root in times:
        yield root
    for pid, (parent, _) in times.items():
        if parent == root:
            yield from _family(pid, times)


def _memory(pid: int) -> tuple[int, int]:
    """Bytes resident now, and at most so far."""
    found = {}
    with suppress(OSError):
        for line in (PROC / str(pid) / "status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name in {"VmRSS", "VmHWM"}:
                found[name] = int(value.split()[0]) * 1024
    return found.get("VmRSS", 0), found.get("VmHWM", 0)


def _machine() -> tuple[float, float]:
    """(seconds of CPU used, seconds of CPU there were) since the machine started."""
    numbers = [int(n) for n in (PROC / "stat").read_text().split("\n", 1)[0].split()[1:9]]
    idle = numbers[3] + numbers[4]
    return (sum(numbers) - idle) / TICKS, sum(numbers) / TICKS
