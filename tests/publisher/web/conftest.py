"""A web application over a real store, and a browser without opinions."""

import asyncio
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, select

from publisher import config
from publisher.config import Settings
from publisher.sandbox.serving import serving
from publisher.storage import reader_log
from publisher.storage import subscribers as known
from publisher.storage.engine import connect, migrate, reading
from publisher.storage.schema import asks, subscribers
from publisher.storage.waiting import Hint
from publisher.web import keeping
from publisher.web.app import build
from tests.publisher.fakes import Clock

CONFIG = """
[site]
name = "Ships & <Harbours>"
base_url = "https://news.example/"
license = "CC BY-SA 4.0"
license_url = "https://creativecommons.org/licenses/by-sa/4.0/"

[web]
public_url = "https://letters.example/"

[channels.atom]
path = "public/all.atom.xml"
url = "https://news.example/feeds/all.atom.xml"

[channels.german]
kind = "atom"
path = "public/de/all.atom.xml"
url = "https://news.example/feeds/de/all.atom.xml"
title = "Auf Deutsch"

[channels.fosstodon]
kind = "mastodon"
instance = "https://fosstodon.example"
access_token = "env:A_SECRET_THAT_IS_NOT_SET"
"""


def settings_of(text: str, folder: Path) -> Settings:
    """The settings in a configuration that has no mistakes."""
    file = folder / "publisher.toml"
    file.write_text(text, encoding="utf-8")
    settings, mistakes = config.load(file)
    assert not mistakes
    return settings


@pytest.fixture(autouse=True)
def _looking_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test has published is there when it asks for it."""
    monkeypatch.setattr(keeping, "FRESH", 0)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(CONFIG, tmp_path)


@pytest.fixture
def web(settings: Settings, engine: Engine) -> Iterator[httpx.Client]:
    """Follows no redirect, keeps what it is told."""
    with (
        serving(build(settings, engine)) as address,
        httpx.Client(base_url=address, trust_env=False) as client,
    ):
        yield client


PROXY = "192.0.2.1"
LETTERS = """
[site]
name = "Ships & <Harbours>"
base_url = "https://news.example/"

[web]
public_url = "https://letters.example/"
trusted_proxies = ["192.0.2.1"]
confirmations_an_hour = 30

[channels.readers]
kind = "email"
host = "mail.example"
from = "news@news.example"
list_id = "news.example"
password = "env:A_SECRET_THAT_IS_NOT_SET"
languages = ["de", "en", "pt-br"]
"""
SECOND = """
[channels.weekly]
kind = "email"
host = "mail.example"
from = "news@news.example"
list_id = "weekly.news.example"
"""


@dataclass(kw_only=True)
class Desk:
    """The pages as one browser sees them, without a socket; time goes on when told."""

    engine: Engine
    browser: httpx.Client
    clock: Clock
    hints: list[Hint]

    def come_from(self, address: str) -> None:
        """Ask through the proxy that is believed, for somebody at an address."""
        self.browser.headers["X-Forwarded-For"] = address

    def form(self, path: str = "/subscribe") -> dict[str, str]:
        """The fields that a form brings filled in."""
        html = self.browser.get(path).text
        return dict(re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', html))

    def subscribe(self, typed: Any, path: str = "/subscribe", **more: Any) -> httpx.Response:
        """Fill in the form as people do: after some seconds."""
        shown = self.form(path)
        self.clock.forward(seconds=5)
        sent = {"address": typed, "mark": shown["mark"], "languages": ["en"], **more}
        return self.browser.post(path, data=sent)

    def asked(self) -> list[Any]:
        """The questions that were written down, with the address of each."""
        joined = select(asks, subscribers.c.address).join(subscribers).order_by(asks.c.id)
        with reading(self.engine) as db:
            return list(db.execute(joined))

    def reader(self, key: str = "ann@example.org") -> Any:
        with reading(self.engine) as db:
            return known.by_key(db, key)

    def told(self, key: str = "ann@example.org") -> list[tuple[str, str, str]]:
        """What the log of a reader tells: event, how, from where."""
        with reading(self.engine) as db:
            rows = reader_log.of(db, self.reader(key).id)
        return [(row.event, row.how, row.place) for row in rows]


@pytest.fixture(scope="session")
def new_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in a file, brought up to date once for all."""
    path = tmp_path_factory.mktemp("store") / "publisher.db"
    engine = connect(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture
def file_store(new_store: Path, tmp_path: Path) -> Iterator[Engine]:
    """A store of one's own: what pages say does not depend on the database."""
    engine = connect(f"sqlite:///{shutil.copy(new_store, tmp_path)}")
    yield engine
    engine.dispose()


@contextmanager
def desk_of(text: str, engine: Engine, folder: Path) -> Iterator[Desk]:
    clock, hints = Clock(), list[Hint]()
    app = build(settings_of(text, folder), engine, hint=hints.append, now=clock)
    with asking_through(app) as browser:
        desk = Desk(engine=engine, browser=browser, clock=clock, hints=hints)
        desk.come_from("203.0.113.7")
        yield desk


@contextmanager
def asking_through(app: Any) -> Iterator[httpx.Client]:
    """A client that asks an application without a socket, as the proxy would."""
    with asyncio.Runner() as runner:
        transport = httpx.MockTransport(partial(_answer, runner, app))
        with httpx.Client(transport=transport, base_url="https://letters.example/") as browser:
            yield browser


def _answer(runner: asyncio.Runner, app: Any, request: httpx.Request) -> httpx.Response:
    """Ask the application without a socket, as the proxy would."""

    async def asked() -> httpx.Response:
        answer = await httpx.ASGITransport(app, client=(PROXY, 1)).handle_async_request(request)
        body = await answer.aread()
        answer.headers.pop("content-encoding", None)  # httpx has undone it
        return httpx.Response(answer.status_code, headers=answer.headers, content=body)

    return runner.run(asked())


@pytest.fixture
def desk(file_store: Engine, tmp_path: Path) -> Iterator[Desk]:
    """One list, in three languages."""
    with desk_of(LETTERS, file_store, tmp_path) as desk:
        yield desk


@pytest.fixture
def wide_desk(file_store: Engine, tmp_path: Path) -> Iterator[Desk]:
    """Two lists."""
    with desk_of(LETTERS + SECOND, file_store, tmp_path) as desk:
        yield desk
