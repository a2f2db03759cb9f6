"""The readers' pages in a real browser without JavaScript: they work, for everybody."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine

from publisher import outbox, subscribing
from publisher.domain.subscriber import Standing
from publisher.outbox import Sender
from publisher.sandbox.serving import serving
from publisher.storage import subscribers
from publisher.storage.engine import reading
from publisher.storage.waiting import Hint
from publisher.web.app import build
from tests.channels.browser import CHROMIUM, Browser, browsing
from tests.publisher.fakes import SITE, Clock, worker
from tests.publisher.test_outbox import FakePost
from tests.publisher.web.chromium import fill, follow, heading, looks, press, troubles, visit
from tests.publisher.web.conftest import LETTERS, SECOND, settings_of

ADDRESS = "ann@example.org"
PICTURES = os.environ.get("PAGE_PICTURES", "")  # a folder, for whoever wants to look

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")


@dataclass(kw_only=True)
class Office:
    """The pages at an address, and the worker that writes the mails they ask for."""

    address: str
    engine: Engine
    clock: Clock
    hints: list[Hint]

    def link(self) -> str:
        """Where the mail that was asked for last leads to."""
        mail = FakePost()
        sender = Sender(site=SITE, page=f"{self.address}/confirm/")
        me = worker(self.engine, self.clock, readers=mail, weekly=mail)
        outbox.deliver(self.hints[-1].ask, me, sender)
        [link] = re.findall(r"^http\S+/confirm/\S+$", mail.notes[0].text, re.MULTILINE)
        return str(link)

    def token(self) -> str:
        with reading(self.engine) as db:
            return str(subscribers.by_key(db, ADDRESS).token)  # type: ignore[union-attr]

    def standing(self) -> str:
        with reading(self.engine) as db:
            return str(subscribers.by_key(db, ADDRESS).state)  # type: ignore[union-attr]

    def languages(self) -> tuple[str, ...]:
        with reading(self.engine) as db:
            return tuple(subscribers.by_key(db, ADDRESS).languages)  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browsing(tmp_path_factory.mktemp("chromium")) as running:
        yield running


@pytest.fixture
def office(file_store: Engine, tmp_path: Path) -> Iterator[Office]:
    clock, hints = Clock(), list[Hint]()
    settings = settings_of(LETTERS + SECOND, tmp_path)
    with serving(build(settings, file_store, hint=hints.append, now=clock)) as address:
        yield Office(address=address.rstrip("/"), engine=file_store, clock=clock, hints=hints)


def subscribe(browser: Browser, office: Office, address: str = ADDRESS) -> None:
    visit(browser, f"{office.address}/subscribe?lang=en")
    fill(browser, "#address", address)
    office.clock.forward(seconds=5)
    follow(browser, "form button")


def test_a_reader_joins_chooses_and_leaves(browser: Browser, office: Office) -> None:
    subscribe(browser, office)
    assert "look at your mail" in heading(browser)
    visit(browser, office.link())
    assert office.standing() == Standing.UNCONFIRMED
    follow(browser, "form button")
    assert "You are subscribed" in heading(browser)
    assert office.standing() == Standing.CONFIRMED

    visit(browser, f"{office.address}/unsubscribe/{office.token()}")
    follow(browser, "main a[href*=preferences]")
    press(browser, "input[value=de]")
    follow(browser, "form button")
    assert office.languages() == ("en", "de")

    follow(browser, "button.plain")
    assert office.standing() == Standing.LEFT


def test_a_slip_is_shown_where_it_is_with_the_pointer_in_it(
    browser: Browser, office: Office
) -> None:
    subscribe(browser, office, "ann@")
    assert browser.measure("document.activeElement.id") == "address"
    assert browser.measure("document.activeElement.value") == "ann@"
    described = "document.getElementById(document.activeElement.getAttribute('aria-describedby'))"
    assert "check it" in browser.measure(f"{described}.textContent")


def nothing_wrong(browser: Browser, name: str) -> list[str]:
    """All that is wrong with the page that is open, on any device, by day and by night."""
    found = []
    for device, scheme in looks(browser):
        place = f"{name}, {device}, {scheme}"
        found += [f"{place}: {trouble}" for trouble in troubles(browser)]
        if browser.measure("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{place}: wider than the screen")
        if PICTURES:
            Path(PICTURES, f"{name}-{device}-{scheme}.png").write_bytes(browser.picture())
    return found


def test_nothing_hinders_anybody_who_joins(browser: Browser, office: Office) -> None:
    visit(browser, f"{office.address}/?lang=en")
    found = nothing_wrong(browser, "archive")
    visit(browser, f"{office.address}/subscribe?lang=de")
    found += nothing_wrong(browser, "form")
    subscribe(browser, office, "ann@")
    found += nothing_wrong(browser, "slip")
    subscribe(browser, office)
    found += nothing_wrong(browser, "asked")
    visit(browser, office.link())
    found += nothing_wrong(browser, "confirm")
    follow(browser, "form button")
    found += nothing_wrong(browser, "confirmed")
    visit(browser, f"{office.address}/confirm/nonsense")
    found += nothing_wrong(browser, "stale")
    assert found == []


def test_nothing_hinders_anybody_who_chooses_or_leaves(browser: Browser, office: Office) -> None:
    subscribing.add([ADDRESS], engine=office.engine)
    visit(browser, f"{office.address}/preferences/{office.token()}")
    follow(browser, "form button")
    found = nothing_wrong(browser, "preferences")
    visit(browser, f"{office.address}/unsubscribe/{office.token()}")
    found += nothing_wrong(browser, "leave")
    follow(browser, "form button")
    found += nothing_wrong(browser, "left")
    visit(browser, f"{office.address}/no-such-page")
    found += nothing_wrong(browser, "failure")
    assert found == []
