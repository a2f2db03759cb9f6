"""A newsletter at home: a configuration, stand-ins, and the real command in real processes."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from publisher.sandbox.running import Sandbox, settings

ISSUE = """---
title: The Test Post, {month}
date: 2026-11-05
summary: All that happened in {month}.
---

Welcome to [the issue](/about/) of {month}. A [room](xmpp:room@muc.example?join) is open.

{{{{< figure src="/images/boat.png" caption="A boat" alt="A boat on the water" >}}}}

- one
- two
"""


@dataclass(frozen=True, kw_only=True)
class Done:
    """What a command came to."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True, kw_only=True)
class Home:
    """A folder with a publisher.toml, and the networks it points to."""

    folder: Path
    outside: Sandbox

    @property
    def content(self) -> Path:
        return self.folder / "content"

    def write(self, name: str, month: str = "November") -> Path:
        """An issue in the source folder, old enough to count as written."""
        path = self.content / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(ISSUE.format(month=month), encoding="utf-8")
        os.utime(path, (time.time() - 60, time.time() - 60))
        return path

    def env(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PUBLISHER_CONFIG": str(self.folder / "publisher.toml"),
        }

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "publisher.cli.main", *words]

    def run(self, *words: str, timeout: float = 90, piped: str = "", **env: str) -> Done:
        """Run a command to its end; `piped` is what it may read."""
        done = subprocess.run(
            self.command(*words),
            cwd=self.folder,
            env={**self.env(), **env},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            input=piped,
        )
        return Done(code=done.returncode, out=done.stdout, err=done.stderr)

    @contextmanager
    def started(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a command beside the test, and stop it politely in the end."""
        with (self.folder / f"{words[0]}.log").open("ab") as log:
            process = subprocess.Popen(
                self.command(*words), cwd=self.folder, env=self.env(), stdout=log, stderr=log
            )
            try:
                yield process
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(timeout=60)

    def states(self, key: str) -> dict[str, str]:
        """channel → state, of the default language."""
        found = self.run("status", key, "--json")
        if found.code:
            return {}
        return {d["channel"]: d["state"] for d in found.json()["deliveries"] if d["lang"] == "en"}

    def await_first_look(self) -> None:
        """Wait until what is in the source has become old news."""

        def looked() -> bool:
            with closing(sqlite3.connect(self.folder / "publisher.db")) as db:
                return bool(db.execute("select count(*) from sources").fetchone()[0])

        wait_until(looked)

    def posts(self, network: str) -> int:
        return len(self.outside.outside.posts(network))


def furnish(folder: Path, outside: Sandbox, *, replacing: dict[str, str] | None = None) -> Home:
    """Write a configuration for the stand-ins, with a source folder that is looked at often."""
    text = f"""
[site]
name = "The Test Post"
base_url = "https://news.example/"
license = "CC BY-SA 4.0"

[source]
path = "content"
static = "static"
every = 2

[web]
bind = "127.0.0.1:{free_port()}"

""" + settings(outside, feed=folder / "feeds" / "all.atom.xml")
    for old, new in (replacing or {}).items():
        assert old in text
        text = text.replace(old, new)
    (folder / "publisher.toml").write_text(text, encoding="utf-8")
    (folder / "content").mkdir()
    return Home(folder=folder, outside=outside)


def free_port() -> int:
    """A port that nobody listened at a moment ago."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(true: Callable[[], bool], *, seconds: float = 60) -> None:
    """Wait for something to come true; fail when it does not in time."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.2)
