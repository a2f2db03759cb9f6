"""The API over a real store with pretend channels, and programs with tokens."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from publisher import tokens
from publisher.accounts import ROLES
from publisher.storage.waiting import Hint
from publisher.web.app import build
from tests.publisher.fakes import NOW, FakeChannel, FakeMailing
from tests.publisher.house import House
from tests.publisher.web.conftest import LETTERS, asking_through, settings_of


@dataclass(kw_only=True)
class Program:
    """Programs before one store: one for each role."""

    house: House
    client: httpx.Client
    tokens: dict[str, str]
    hints: list[Hint] = field(default_factory=list)

    def ask(self, method: str, path: str, role: str = "release", **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens[role]}", **more.pop("headers", {})}
        return self.client.request(method, f"/api/v1{path}", headers=headers, **more)

    def get(self, path: str, role: str = "release", **more: Any) -> httpx.Response:
        return self.ask("GET", path, role, **more)

    def post(self, path: str, role: str = "release", **more: Any) -> httpx.Response:
        return self.ask("POST", path, role, **more)


def problem(answer: httpx.Response) -> tuple[int, str]:
    """The status and code of a failure, which must be told as RFC 9457 has it."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    told = answer.json()
    assert told["status"] == answer.status_code
    assert told["type"] == "about:blank"
    assert told["title"]
    assert told["detail"]
    return answer.status_code, told["code"]


@pytest.fixture
def channels() -> dict[str, FakeChannel]:
    """What there is to send to; a test may bring others."""
    return {"fosstodon": FakeChannel(), "lemmy": FakeChannel(), "readers": FakeMailing()}


@contextmanager
def program_over(
    engine: Engine, folder: Path, channels: dict[str, FakeChannel], config: str = LETTERS
) -> Iterator[Program]:
    house = House(engine, **channels)
    with engine.begin() as db:
        shown = {
            role: tokens.add(db, f"{role}-token", role=role, by="ines", at=NOW) for role in ROLES
        }
    hints: list[Hint] = []
    app = build(
        settings_of(config, folder),
        engine,
        now=house.clock,
        desk=lambda: house.desk,
        hint=hints.append,
    )
    with asking_through(app) as client:
        yield Program(house=house, client=client, tokens=shown, hints=hints)


@pytest.fixture
def program(
    file_store: Engine, tmp_path: Path, channels: dict[str, FakeChannel]
) -> Iterator[Program]:
    """A token for each role; nothing was sent yet."""
    with program_over(file_store, tmp_path, channels) as found:
        yield found


@pytest.fixture
def stored(engine: Engine, tmp_path: Path, channels: dict[str, FakeChannel]) -> Iterator[Program]:
    """The same on each database in turn."""
    with program_over(engine, tmp_path, channels) as found:
        yield found
