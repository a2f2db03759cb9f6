"""The operators' pages over a real store with pretend channels, and a browser without opinions."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from sqlalchemy import Engine

from publisher import accounts
from publisher.web.app import build
from tests.publisher.fakes import NOW, FakeChannel
from tests.publisher.house import House
from tests.publisher.web.conftest import LETTERS, asking_through, settings_of

COOKIE = "__Host-publisher"
PASSWORDS = {
    "rosa": ("read", "reads-and-touches-nothing"),
    "ines": ("release", "correct horse battery"),
    "adam": ("admin", "may-do-all-of-it"),
}


@dataclass(kw_only=True)
class Office:
    """Operators at their browsers, before one store."""

    house: House
    browser: httpx.Client
    state: Path
    app: FastAPI

    def sign_in(self, name: str = "ines", password: str = "", **more: str) -> httpx.Response:
        sent = {"name": name, "password": password or PASSWORDS[name][1], **more}
        return self.browser.post("/admin/sign-in", data=sent)

    def fields(self, path: str) -> dict[str, str]:
        """The hidden fields of a page's form."""
        page = self.browser.get(path)
        assert page.status_code == 200, page.text
        found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text)
        return {name: html.unescape(value) for name, value in found}

    def do(self, deed: str, issue: str = "", channel: str = "", **more: str) -> httpx.Response:
        """Follow a link to something that can be done, and say yes."""
        about = {"issue": issue, "channel": channel, **more}
        path = f"/admin/do/{deed}?{httpx.QueryParams(about)}"
        return self.browser.post(f"/admin/do/{deed}", data=self.fields(path) | more)


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords cost nothing here; `test_accounts.py` has the real ones."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(accounts, "_hasher", quick)
    monkeypatch.setattr(accounts, "_nobody", lambda: quick.hash(accounts.NOBODY))


@pytest.fixture
def channels() -> dict[str, FakeChannel]:
    """What there is to send to; a test may bring others."""
    return {"fosstodon": FakeChannel(), "lemmy": FakeChannel()}


@pytest.fixture
def office(
    file_store: Engine, tmp_path: Path, channels: dict[str, FakeChannel]
) -> Iterator[Office]:
    """Three accounts, nobody signed in."""
    with office_over(file_store, tmp_path, channels) as found:
        yield found


@contextmanager
def office_over(engine: Engine, folder: Path, channels: dict[str, FakeChannel]) -> Iterator[Office]:
    house = House(engine, **channels)
    with engine.begin() as db:
        for name, (role, password) in PASSWORDS.items():
            accounts.add(db, name, password, role=role, at=NOW)
    settings = settings_of(LETTERS, folder)
    app = build(settings, engine, now=house.clock, desk=lambda: house.desk)
    with asking_through(app) as browser:
        yield Office(house=house, browser=browser, state=settings.state, app=app)
