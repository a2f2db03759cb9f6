"""A newsletter with as many readers as wanted: settings, list, issue, and the real processes."""

import json
import os
import secrets
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import IO

from sqlalchemy import func, insert, select

from publisher import embedded, publishing, wiring
from publisher.domain.issue import Edition
from publisher.domain.subscriber import Standing
from publisher.embedded import Process
from publisher.publishing import utcnow
from publisher.rendering.reading import read_edition
from publisher.storage import engine as storage
from publisher.storage.schema import deliveries, subscribers

CHANNEL = "readers"
DOMAINS = 50  # that the readers' addresses are spread over
AT_ONCE = 20_000  # readers of one statement
PROFILE = "BENCH_PROFILE"  # a file; the worker's children write there where their time goes

HEAD = """---
title: The Measured Post, November
date: 2026-11-05
summary: All that happened in November.
---

"""
PARAGRAPH = (
    "## What happened in week {n}\n\n"
    "Words of the newsletter, as [somebody](https://news.example/{n}/) wrote them down, with an "
    "*emphasis* here and a `word` of code there; naïve façades, 10 € and “quotes” come along. " * 3
) + "\n\n"


@dataclass(frozen=True, kw_only=True)
class Newsroom:
    """A folder with a configuration that this process and its workers read."""

    folder: Path

    @property
    def settings(self) -> Path:
        return self.folder / "publisher.toml"

    @property
    def state(self) -> Path:
        return wiring.settings().state


@contextmanager
def opened(
    folder: Path, *, port: int, database: str, channel: Mapping[str, object]
) -> Iterator[Newsroom]:
    """A newsroom whose readers get their mail through the server at `port` of this machine."""
    room = Newsroom(folder=folder)
    mail = {
        "kind": "email",
        "host": "127.0.0.1",
        "port": port,
        "tls": "none",
        "from": "The Measured Post <post@news.example>",
        "list_id": "post.news.example",
        "bounce_address": "bounces@news.example",
        **channel,
    }
    site = {"name": "The Measured Post", "base_url": "https://news.example/"}
    room.settings.write_text(
        _table("site", site)
        + _table("store", {"database": database})
        + _table(f"channels.{CHANNEL}", mail),
        encoding="utf-8",
    )
    with configured(room.settings):
        if not database.startswith("sqlite"):
            storage.migrate(storage.connect(database))
        wiring.settings().state.mkdir(parents=True, exist_ok=True)
        yield room


@contextmanager
def configured(file: Path) -> Iterator[None]:
    """Let this process be of the service that a configuration tells, as its children are."""
    before = os.environ.get("PUBLISHER_CONFIG")
    os.environ["PUBLISHER_CONFIG"] = str(file)
    _forget()
    try:
        yield
    finally:
        wiring.engine().dispose()
        _forget()
        os.environ.pop("PUBLISHER_CONFIG")
        if before is not None:
            os.environ["PUBLISHER_CONFIG"] = before


def _forget() -> None:
    for known in (
        wiring.settings,
        wiring.channels,
        wiring.engine,
        wiring.broker,
        wiring.bounce_secret,
    ):
        known.cache_clear()


def _table(name: str, fields: Mapping[str, object]) -> str:
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items()]
    return f"[{name}]\n" + "\n".join(lines) + "\n\n"


def address(number: int) -> str:
    """The address of a reader."""
    return f"reader{number}@list{number % DOMAINS}.example"


def sign_up(addresses: Iterator[str]) -> int:
    """Put confirmed readers on the list, past the program's own door; how many."""
    at, added, engine = datetime.now(UTC), 0, wiring.engine()
    rows = (_reader(one, at) for one in addresses)
    while chunk := list(islice(rows, AT_ONCE)):
        with engine.begin() as db:
            db.execute(insert(subscribers), chunk)
        added += len(chunk)
    return added


def _reader(address: str, at: datetime) -> dict[str, object]:
    return {
        "address": address,
        "address_key": address,
        "name": "",
        "languages": (),
        "lists": (),
        "state": Standing.CONFIRMED,
        "token": secrets.token_urlsafe(24),
        "origin": "bench",
        "added_at": at,
        "changed_at": at,
    }


def issue(room: Newsroom, *, size: int, key: str = "2026-11-05-newsletter") -> Edition:
    """An issue whose mail is of about `size` bytes."""
    small, large = (_mail_size(_edition(room, key, paragraphs)) for paragraphs in (10, 30))
    return _edition(room, key, max(1, 10 + round((size - small) * 20 / (large - small))))


def _edition(room: Newsroom, key: str, paragraphs: int) -> Edition:
    path = room.folder / f"{key}.md"
    path.write_text(HEAD + "".join(PARAGRAPH.format(n=n) for n in range(paragraphs)), "utf-8")
    return read_edition(path, root=room.folder, site=wiring.settings().site, static=None)


def _mail_size(edition: Edition) -> int:
    return wiring.channels()[CHANNEL].channel.render(edition).length


def mail_size(edition: Edition) -> int:
    """Bytes of one reader's mail."""
    return _mail_size(edition)


def plan(edition: Edition) -> float:
    """Plan the issue for everybody; the seconds it took."""
    start = time.monotonic()
    with wiring.engine().begin() as db:
        publishing.plan([edition], db=db, channels=wiring.channels(), at=utcnow())
    return time.monotonic() - start


def states() -> dict[str, int]:
    """How many deliveries are in each state, by the store."""
    counted = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
    with storage.reading(wiring.engine()) as db:
        return {state: count for state, count in db.execute(counted)}


def crew(room: Newsroom, output: IO[bytes], *, workers: int = 1) -> list[Process]:
    """The processes of `publisher up` but for its pages: broker, schedule, and workers."""
    processes = [
        embedded.broker_process(room.state, output),
        embedded.beat_process(room.state, room.settings, output=output),
        *(_worker(room, output, number) for number in range(workers)),
    ]
    for process in processes:
        process.grace = 10
    return processes


def _worker(room: Newsroom, output: IO[bytes], number: int) -> Process:
    process = embedded.worker_process(
        room.settings,
        concurrency=wiring.concurrency(),
        output=output,
        name=f"worker-{number + 1}" if number else "worker",
    )
    if os.environ.get(PROFILE):
        process.command = _sampled(process.command)
    return process


def _sampled(command: Sequence[str]) -> list[str]:
    return [word.replace("celery", "tests.bench.sampled") for word in command]


def database_size(database: str) -> int:
    """Bytes that the store takes."""
    if database.startswith("sqlite"):
        path = database.removeprefix("sqlite:///")
        return sum(
            Path(path + end).stat().st_size for end in ("", "-wal") if Path(path + end).exists()
        )
    with storage.reading(wiring.engine()) as db:
        size: int = db.scalar(select(func.pg_database_size(func.current_database()))) or 0
        return size


def python() -> str:
    """The interpreter's version."""
    return ".".join(map(str, sys.version_info[:3]))
