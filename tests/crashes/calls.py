"""The same release in a program of its own, killed at each system call that changes something.

`python -m tests.crashes.calls FOLDER` is that program; strace(1) kills it.
"""

import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from publisher.sandbox.outside import Outside
from tests.crashes.five import Scene, Tried, edition_of

# What another process, the disk or the network can see; strace takes those this machine lacks.
CALLS = ("write", "pwrite64", "writev", "sendto", "sendmsg", "connect", "fsync", "fdatasync",
         "ftruncate", "?rename", "renameat", "?unlink", "unlinkat", "?link", "linkat")  # fmt: skip
LINE = re.compile(r"^(\d+) +(\w+)\(")  # of strace -f: who, and what
TRACE = ("strace", "-f", "-qq")
LONGEST = 120  # seconds


def points(there: Scene) -> list[tuple[str, int]]:
    """Every (system call, its number) of the release; of several threads the longest counts."""
    seen = there.folder / "calls.txt"
    said = Counter[tuple[str, str]]()

    def live() -> str:
        trace = [*TRACE, "-o", str(seen), "-e", f"trace={','.join(CALLS)}"]
        assert _run(there, trace) == 0, "the release fails by itself"
        lines = map(LINE.match, seen.read_text().splitlines())
        said.update((found[1], found[2]) for found in lines if found)
        return ""

    tried = there.tried_with(0, live)
    assert not tried.wrong, tried.wrong
    most = Counter[str]()
    for (_, call), count in said.items():
        most[call] = max(most[call], count)
    return [(call, number) for call in sorted(most) for number in range(1, most[call] + 1)]


def enumerated(there: Scene, *, every: int = 1, first: int = 0) -> Iterator[Tried]:
    """The release killed at each of them, or each `every`-th from place `first` on."""
    for place, (call, number) in list(enumerate(points(there)))[first::every]:
        yield tried_at(there, call, number, place=place)


def tried_at(there: Scene, call: str, number: int, *, place: int = 0) -> Tried:
    """The release killed at that call of that name; `place` is what the outcome is called by."""
    return there.tried_with(place, lambda: _killed_at(there, call, number))


def _killed_at(there: Scene, call: str, number: int) -> str:
    inject = f"inject={call}:signal=KILL:when={number}"
    trace = [*TRACE, "-o", "/dev/null", "-e", f"trace={call}", "-e", inject]
    code = _run(there, trace)
    assert code in {0, -signal.SIGKILL, 128 + signal.SIGKILL}, f"it failed by itself: {code}"
    return f"{call} {number}" if code else ""


def _run(there: Scene, trace: list[str]) -> int:
    program = [sys.executable, "-m", "tests.crashes.calls", str(there.folder)]
    return subprocess.run([*trace, *program], timeout=LONGEST, check=False).returncode


def main(folder: Path) -> None:
    """Do the release in this process."""
    journal = folder / "not-ours.jsonl"
    Scene(folder=folder, outside=Outside(), journal=journal, edition=edition_of(folder)).release()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
