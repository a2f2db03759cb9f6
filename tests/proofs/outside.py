"""The mail server that writes everything down, running beside; and who talks to it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.cli.home import free_port

ESTABLISHED = "01"  # of /proc/net/tcp


@dataclass
class Outside:
    """A running stand-in: its port, its record."""

    port: int
    record: Path
    pid: int = 0
    counted: int = 0
    _read: int = 0

    def taken(self) -> int:
        """How many mails it has taken."""
        if self.record.exists():
            with self.record.open("rb") as file:
                file.seek(self._read)
                new = file.read()
            self._read += len(new)
            self.counted += new.count(b"\n")
        return self.counted

    def lines_of(self, pids: list[int]) -> dict[int, int]:
        """How many open connections to it each of these processes holds; none is left out."""
        open_ones = _connected(self.port)
        held = {pid: len(open_ones & _sockets(pid)) for pid in pids}
        return {pid: count for pid, count in held.items() if count}


@contextmanager
def outside(folder: Path) -> Iterator[Outside]:
    """The stand-in, in a process of its own, until the block ends."""
    found = Outside(port=free_port(), record=folder / "receipts")
    command = [sys.executable, "-m", "tests.proofs.receipts", str(found.port), str(found.record)]
    process = subprocess.Popen(command)
    try:
        _await(found.port, process)
        found.pid = process.pid
        yield found
    finally:
        process.kill()
        process.wait()


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError("the stand-in of a mail server did not start")


def _connected(port: int) -> set[str]:
    """The inodes of the sockets that are connected to a port of this machine, by proc(5)."""
    lines = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return {
        fields[9]
        for fields in lines
        if fields[3] == ESTABLISHED and int(fields[2].partition(":")[2], 16) == port
    }


def _sockets(pid: int) -> set[str]:
    found = set()
    with suppress(OSError):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                found.add(os.readlink(link).removeprefix("socket:[").removesuffix("]"))  # noqa: PTH115
    return found
