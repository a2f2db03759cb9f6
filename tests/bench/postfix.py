"""Postfix's own test programs: found on this machine, or unpacked from Debian's package."""

import os
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cli.home import free_port

PROGRAMS = ("smtp-sink", "smtp-source")
CACHE = Path(sys.prefix) / "postfix"  # goes with the environment: `make clean` removes it
BACKLOG = 1000  # connections that may wait to be taken
LONGEST = 600  # seconds for one command

_COUNT = re.compile(rb"mesg=(\d+)")
_LIBRARY = re.compile(r"^lib(?!c6|gcc|stdc)")


class Missing(Exception):
    """There is no smtp-sink, and none can be had; the message says why and what helps."""


@dataclass(frozen=True, kw_only=True)
class Postfix:
    """Where smtp-sink and smtp-source are, and where the loader finds what they need."""

    sink: str
    source: str
    libraries: str = ""

    def env(self) -> dict[str, str]:
        return {**os.environ, **({"LD_LIBRARY_PATH": self.libraries} if self.libraries else {})}


@dataclass(frozen=True, kw_only=True)
class Sink:
    """A running smtp-sink: takes mail and throws it away, counting."""

    port: int
    pid: int
    counts: Path

    def taken(self) -> int:
        """How many messages it has answered with 250, by its own count."""
        with self.counts.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 200))
            found = _COUNT.findall(file.read())
        return int(found[-1]) if found else 0


def find() -> Postfix:
    """smtp-sink and smtp-source: from $PATH, from the cache, or unpacked now. Raises Missing."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    sink, source = (shutil.which(program, path=path) for program in PROGRAMS)
    if sink and source:
        return Postfix(sink=sink, source=source)
    unpacked = _at(CACHE)
    if not Path(unpacked.sink).exists():
        _unpack(CACHE)
    return unpacked


def _at(folder: Path) -> Postfix:
    machine = sorted(path for path in folder.glob("usr/lib/*-linux-*") if path.is_dir())
    return Postfix(
        sink=str(folder / "usr/sbin/smtp-sink"),
        source=str(folder / "usr/sbin/smtp-source"),
        libraries=":".join(map(str, (folder / "usr/lib/postfix", *machine))),
    )


def _unpack(folder: Path) -> None:
    """Take the programs out of Debian's package: nothing is installed, nothing is started."""
    print("Unpacking Postfix's smtp-sink and smtp-source …", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="publisher-postfix-") as temporary:
        place, packages = Path(temporary), ["postfix"]
        for _ in range(3):  # the package, what it needs, what that needs
            packages = [need for package in packages for need in _extracted(package, place)]
            lacking = _lacking(_at(place / "root"))
            if not lacking:
                shutil.move(place / "root", folder)
                return
    raise Missing(f"smtp-sink lacks {', '.join(lacking)}; install Debian's package postfix")


def _extracted(package: str, place: Path) -> list[str]:
    """Put a package's files under `place`/root; the packages of libraries that it needs."""
    _run("apt-get", "download", package, cwd=place)
    [archive] = place.glob(f"{package}_*.deb")
    _run("dpkg-deb", "--extract", str(archive), str(place / "root"), cwd=place)
    needs = _run("dpkg-deb", "--field", str(archive), "Depends", cwd=place)
    return [need.split()[0] for need in needs.split(", ") if _LIBRARY.match(need)]


def _lacking(postfix: Postfix) -> list[str]:
    found = subprocess.run(
        ["ldd", postfix.sink],
        env=postfix.env(),
        capture_output=True,
        text=True,
        check=False,
    )
    return [line.split()[0] for line in found.stdout.splitlines() if "not found" in line]


def _run(*command: str, cwd: Path) -> str:
    try:
        done = subprocess.run(
            command, cwd=cwd, capture_output=True, text=True, timeout=LONGEST, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        raise Missing(
            f"no smtp-sink on $PATH, and `{' '.join(command)}` did not bring one: {said.strip()}\n"
            "Install Debian's package postfix, or run `apt-get update` and try again."
        ) from error
    return done.stdout


@contextmanager
def running(postfix: Postfix, folder: Path) -> Iterator[Sink]:
    """A sink on a free port of this machine, until the block ends."""
    port, counts = free_port(), folder / "sink.counts"
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    command = [postfix.sink, "-c", "-4", *user, f"127.0.0.1:{port}", str(BACKLOG)]
    with counts.open("ab") as out:
        process = subprocess.Popen(command, env=postfix.env(), stdout=out, stderr=out)
    try:
        _await(port, process, counts)
        yield Sink(port=port, pid=process.pid, counts=counts)
    finally:
        process.kill()
        process.wait()


def _await(port: int, process: subprocess.Popen[bytes], said: Path) -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise Missing(f"smtp-sink does not start: {said.read_text(errors='replace').strip()}")


def source(
    postfix: Postfix, port: int, *, messages: int, size: int, sessions: int, keep: str
) -> tuple[float, float]:
    """Have smtp-source send; the seconds it took, by the clock and of CPU.

    `keep` is "-d" to keep connections, or "".
    """
    command = [postfix.source, *filter(None, [keep]), "-s", str(sessions), "-m", str(messages)]
    command += ["-l", str(size), f"127.0.0.1:{port}"]
    start, before = time.monotonic(), _childrens_cpu()
    subprocess.run(command, env=postfix.env(), check=True, timeout=LONGEST)
    return time.monotonic() - start, _childrens_cpu() - before


def _childrens_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
