"""How many readers a second the archive takes, against a bare application with the same bytes.

    python -m tests.bench.archive [--issues 500] [--seconds 5] [--http h11]

One uvicorn worker on one core, the readers on another, over loopback, each on a kept connection.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
from fastapi import Response
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from publisher import publishing
from publisher.publishing import utcnow
from publisher.storage.engine import connect, migrate
from tests.publisher.fakes import edition

CONNECTIONS = 16
CONFIG = """
[site]
name = "The Measured Post"
base_url = "https://news.example/"

[store]
database = "sqlite:///{folder}/publisher.db"
"""
BYTES = "BENCH_BYTES"


def bare() -> Starlette:
    """What is known: Starlette alone, with the same bytes and headers in memory."""
    body = Path(os.environ[BYTES]).read_bytes()
    headers = {"ETag": '"0123456789abcdef0123456789abcdef"', "Cache-Control": "public, max-age=60"}

    async def page(request: Request) -> Response:
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="text/html", headers=headers)

    return Starlette(routes=[Route("/", page)])


def fill(folder: Path, issues: int) -> None:
    """A store of so many issues, each in two languages."""
    engine = connect(f"sqlite:///{folder}/publisher.db")
    migrate(engine)
    editions = [
        edition(
            f"news/{number:04}",
            lang,
            title=f"The Measured Post, number {number}",
            date=utcnow() - timedelta(weeks=number),
        )
        for number in range(issues)
        for lang in ("en", "de")
    ]
    with engine.begin() as db:
        publishing.plan(editions, db=db, channels={}, at=utcnow())
    engine.dispose()


@contextmanager
def served(app: str, http: str, core: int, **env: str) -> Iterator[str]:
    """An application served by one process on one core; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "--factory", app, "--port", str(port)]
    command += ["--http", http, "--no-access-log", "--log-level", "warning", "--no-proxy-headers"]
    if tasks := shutil.which("taskset"):
        command = [tasks, "--cpu-list", str(core), *command]
    server = subprocess.Popen(command, env={**os.environ, **env})
    try:
        address = f"http://127.0.0.1:{port}"
        _await(address)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=10)


def _await(address: str) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            httpx.get(address, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"{address} does not answer")


def rate(address: str, headers: Mapping[str, str], status: int, seconds: float) -> float:
    """Answers a second to readers who each ask again as soon as they are answered."""
    host, _, port = address.removeprefix("http://").partition(":")
    lines = [f"GET / HTTP/1.1\r\nHost: {host}", *(f"{k}: {v}" for k, v in headers.items())]
    asked = ("\r\n".join(lines) + "\r\n\r\n").encode()
    readers = [socket.create_connection((host, int(port))) for _ in range(CONNECTIONS)]
    try:
        for reader in readers:
            reader.sendall(asked)
        answers, begun = 0, time.perf_counter()
        while (spent := time.perf_counter() - begun) < seconds:
            for reader in readers:
                _read(reader, status)
                reader.sendall(asked)
            answers += len(readers)
        return answers / spent
    finally:
        for reader in readers:
            reader.close()


def _read(reader: socket.socket, status: int) -> None:
    found = b""
    while b"\r\n\r\n" not in found:
        part = reader.recv(262144)
        assert part, "the server closed the connection"
        found += part
    head, _, body = found.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d" % status), head
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    left = int(length or 0) - len(body)
    while left > 0:
        left -= len(reader.recv(262144))


def measure(folder: Path, http: str, seconds: float) -> Iterator[tuple[str, int, float, float]]:
    """(what was asked for, bytes of an answer, ours a second, the bare application's)."""
    config = folder / "publisher.toml"
    config.write_text(CONFIG.format(folder=folder), encoding="utf-8")
    ours = served("publisher.web.app:create", http, 0, PUBLISHER_CONFIG=str(config))
    with ours as address:
        for name, accepted in (("whole", "identity"), ("whole, gzip", "gzip")):
            body, etag = _once(address, accepted)
            file = folder / "page"
            file.write_bytes(body)
            with served("tests.bench.archive:bare", http, 0, **{BYTES: str(file)}) as other:
                plain = {"Accept-Encoding": accepted}
                ask = plain, 200, seconds
                yield name, len(body), rate(address, *ask), rate(other, *ask)
                if accepted == "gzip":
                    _, theirs = _once(other, accepted)
                    pair = [
                        rate(place, {**plain, "If-None-Match": tag}, 304, seconds)
                        for place, tag in ((address, etag), (other, theirs))
                    ]
                    yield "known already (304)", 0, pair[0], pair[1]


def _once(address: str, accepted: str) -> tuple[bytes, str]:
    """The bytes on the wire, and their tag."""
    with httpx.stream("GET", address, headers={"Accept-Encoding": accepted}, trust_env=False) as a:
        return b"".join(a.iter_raw()), a.headers["etag"]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--issues", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--http", choices=["auto", "h11", "httptools"], default="auto")
    given = parser.parse_args(arguments)
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {1})
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), given.issues)
        print(f"The archive of {given.issues} issues, one uvicorn worker on one core:")
        print(f"{'':<24}{'bytes':>10}{'a second':>12}{'bare':>10}{'ours / bare':>14}")
        for name, size, ours, theirs in measure(Path(folder), given.http, given.seconds):
            print(f"{name:<24}{size:>10,}{ours:>12,.0f}{theirs:>10,.0f}{ours / theirs:>14.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
