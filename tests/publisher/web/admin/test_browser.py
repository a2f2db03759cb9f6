"""The operators' pages in Chromium, with scripts and without: a release is repaired in them."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, Response, expect, sync_playwright
from sqlalchemy import Engine, select

from publisher import accounts, operating, publishing, subscribing
from publisher.domain.bounce import Kind, Verdict
from publisher.domain.channel import Refused, Unsure
from publisher.domain.correction import Change
from publisher.domain.delivery import State
from publisher.domain.plan import AT_ONCE
from publisher.domain.subscriber import Standing
from publisher.sandbox.serving import serving
from publisher.storage import bounces, changes, releases, reports, subscribers, weighing
from publisher.storage.engine import reading
from publisher.storage.schema import asks
from publisher.web.app import build
from tests.channels.browser import CHROMIUM
from tests.publisher.fakes import NOW, FakeChannel, edition, work
from tests.publisher.house import ISSUE, House
from tests.publisher.web.admin.conftest import PASSWORDS
from tests.publisher.web.admin.test_looking import FakeCarrier
from tests.publisher.web.chromium import axe
from tests.publisher.web.conftest import LETTERS, settings_of

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
QUIET = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"]
HEAVIEST = 150_000  # bytes of a page with all that it brings, without pictures
SERIOUS = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
  .filter(one => ["serious", "critical"].includes(one.impact))
  .map(one => one.id + ": " + one.nodes.map(node => node.html).join(" "))"""


def aside(do: Callable[..., object], *given: object) -> None:
    """Do something in a thread of its own: in this one Playwright's event loop runs."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(do, *given).result()


@dataclass(kw_only=True)
class Visit:
    """Somebody at a browser, and all that their browser complained of or asked others for."""

    page: Page
    base: str
    house: House
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)

    def listen(self) -> None:
        self.page.on("console", lambda said: self.complaints.append(f"{said.type}: {said.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._asked)
        self.page.on("response", self._answered)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith(self.base):
            self.strangers.append(request.url)

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.complaints.append(f"{response.status} {response.url}")

    def go(self, path: str) -> None:
        self.page.goto(f"{self.base}{path}")

    def reader(self, key: str) -> Any:
        with reading(self.house.desk.engine) as db:
            return subscribers.by_key(db, key)

    def question(self, key: str) -> str:
        """The token of the mail that asks somebody to confirm."""
        asked = select(asks.c.token).where(asks.c.subscriber_id == self.reader(key).id)
        with reading(self.house.desk.engine) as db:
            return str(db.scalars(asked).one())

    def sign_in(self, name: str = "ines") -> None:
        self.go("/admin")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(PASSWORDS[name][1])
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("heading", name="Releases", exact=True)).to_be_visible()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@contextmanager
def visiting(
    engine: Engine, folder: Path, chromium: Browser, *, scripts: bool, **context: object
) -> Iterator[Visit]:
    lost = FakeChannel(fails_with=[Unsure("lost")], keeps_it_anyway=True, cannot_be_asked=True)
    refusing = FakeChannel(fails_with=[Refused("422 the title is too long")])
    house = House(engine, fosstodon=FakeChannel(), lemmy=refusing, reddit=lost)
    house.bring(readers=FakeCarrier())
    with engine.begin() as db:
        for name, (role, password) in PASSWORDS.items():
            accounts.add(db, name, password, role=role, at=NOW)
    subscribing.add(["ann@example.org"], engine=engine, at=NOW)
    aside(house.run)
    house.clock.forward(hours=1)
    aside(work, house.me)
    plain = settings_of(LETTERS.replace("https://letters", "http://letters"), folder)
    app = build(plain, engine, now=house.clock, desk=lambda: house.desk)
    with serving(app) as base:
        opened = chromium.new_context(java_script_enabled=scripts, **context)  # type: ignore[arg-type]
        opened.set_default_timeout(20_000)
        visit = Visit(page=opened.new_page(), base=base, house=house)
        visit.listen()
        yield visit
        opened.close()
        assert visit.complaints == []
        assert visit.strangers == []


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def visit(
    request: pytest.FixtureRequest, file_store: Engine, tmp_path: Path, chromium: Browser
) -> Iterator[Visit]:
    with visiting(file_store, tmp_path, chromium, scripts=request.param) as found:
        yield found


@pytest.fixture
def live(file_store: Engine, tmp_path: Path, chromium: Browser) -> Iterator[Visit]:
    with visiting(file_store, tmp_path, chromium, scripts=True) as found:
        yield found


def test_a_failed_channel_is_seen_understood_and_retried(visit: Visit) -> None:
    visit.sign_in()
    visit.page.locator("a.cell.refused").click()
    lemmy = visit.page.locator("#lemmy-en")
    expect(lemmy).to_contain_text("422 the title is too long")
    lemmy.get_by_role("link", name="Retry").click()
    expect(visit.page.get_by_role("main")).to_contain_text("is tried again")
    visit.page.get_by_role("button", name="Retry").click()
    expect(visit.page.get_by_role("status").first).to_contain_text("1 tried again")
    aside(work, visit.house.me)
    assert visit.house.standing("lemmy").state is State.DELIVERED
    visit.page.reload()
    expect(visit.page.locator("#lemmy-en")).to_contain_text("delivered")


def test_a_page_turns_by_itself_where_scripts_run(live: Visit) -> None:
    live.sign_in()
    live.go(f"/admin/issues/{ISSUE}")
    lemmy = live.page.locator("#lemmy-en")
    expect(lemmy).to_contain_text("refused")
    live.house.clock.forward(minutes=1)
    with live.house.desk.engine.begin() as db:
        channels = [live.house.me.channels["lemmy"]]
        publishing.retry(ISSUE, db=db, channels=channels, editions=[], at=live.house.clock())
    aside(work, live.house.me)
    expect(lemmy).to_contain_text("delivered")


def test_what_is_to_do_goes_by_itself_once_it_is_done(live: Visit) -> None:
    live.sign_in()
    live.go("/admin/tasks")
    refused = live.page.get_by_text("422 the title is too long")
    expect(refused).to_be_visible()
    live.house.clock.forward(minutes=1)
    with live.house.desk.engine.begin() as db:
        channels = [live.house.me.channels["lemmy"]]
        publishing.retry(ISSUE, db=db, channels=channels, editions=[], at=live.house.clock())
    aside(work, live.house.me)
    expect(refused).to_have_count(0)
    expect(live.page.get_by_role("heading", name="Held or refused")).to_be_visible()


def test_the_matrix_turns_by_itself_where_scripts_run(live: Visit) -> None:
    live.sign_in()
    expect(live.page.locator("a.cell.delivered")).to_have_count(2)
    live.house.there = [edition("2026-12", title="December")]
    aside(live.house.run)
    expect(live.page.get_by_role("link", name="December")).to_be_visible()


def test_a_held_one_is_settled(visit: Visit) -> None:
    visit.sign_in()
    visit.page.get_by_role("link", name="To do").click()
    visit.page.locator(".place.held").get_by_role("link", name="Settle").click()
    visit.page.get_by_label("It is there, at this address").check()
    visit.page.get_by_label("Address", exact=True).fill("https://reddit.example/7")
    visit.page.get_by_role("button", name="Settle").click()
    expect(visit.page.locator("#reddit-en")).to_contain_text("https://reddit.example/7")
    assert visit.house.standing("reddit").state is State.DELIVERED


def test_what_waits_is_held_and_released(visit: Visit) -> None:
    with visit.house.desk.engine.begin() as db:
        releases.add(db, "2026-12", "en", dated=NOW, at=NOW)
    visit.sign_in()
    waiting = visit.page.locator(".card", has_text="2026-12")
    waiting.get_by_role("link", name="Hold").click()
    visit.page.get_by_role("button", name="Hold").click()
    expect(visit.page.locator(".card .tag", has_text="held")).to_be_visible()
    visit.page.get_by_role("link", name="Release now").click()
    visit.page.get_by_role("button", name="Release now").click()
    expect(visit.page.get_by_role("status").first).to_contain_text("release")
    assert [did for _, did, *_ in visit.house.done()] == ["hold", "release"]


def test_readers_are_imported_from_a_file(visit: Visit, tmp_path: Path) -> None:
    sheet = tmp_path / "readers.csv"
    sheet.write_text("email,name\neve@example.org,Eve\nbad,X\n")
    visit.sign_in()
    visit.page.get_by_role("link", name="Readers").click()
    visit.page.get_by_role("link", name="Import readers").click()
    visit.page.get_by_label("The file").set_input_files(sheet)
    visit.page.get_by_role("button", name="Look through it").click()
    visit.page.get_by_role("button", name="Take them over").click()
    expect(visit.page.get_by_text("Taken over.")).to_be_visible()
    visit.page.get_by_role("link", name="Readers").first.click()
    visit.page.get_by_label("Find a reader").fill("eve")
    visit.page.get_by_role("button", name="Find").click()
    visit.page.get_by_role("link", name="eve@example.org").click()
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("eve@example.org")


def test_signing_out_ends_it(visit: Visit) -> None:
    visit.sign_in()
    visit.page.get_by_role("button", name="Sign out").click()
    expect(visit.page.get_by_role("heading", name="Sign in")).to_be_visible()
    visit.go("/admin/journal")
    expect(visit.page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_wrong_password_says_so(visit: Visit) -> None:
    visit.expected = {403}
    visit.go("/admin/sign-in")
    visit.page.get_by_label("Name").fill("ines")
    visit.page.get_by_label("Password").fill("wrong horse battery")
    visit.page.get_by_role("button", name="Sign in").click()
    expect(visit.page.get_by_role("alert")).to_contain_text("do not belong together")
    visit.complaints = [said for said in visit.complaints if "403" not in said]


def test_all_of_it_goes_by_keyboard(live: Visit) -> None:
    live.go("/admin/sign-in")
    for typed in ("ines", "Tab", PASSWORDS["ines"][1], "Enter"):
        if typed in ("Tab", "Enter"):
            live.page.keyboard.press(typed)
        else:
            live.page.keyboard.type(typed)
    expect(live.page.get_by_role("heading", name="Releases", exact=True)).to_be_visible()
    live.go(f"/admin/do/retry?issue={ISSUE}&channel=lemmy")
    live.page.keyboard.press("Tab")
    expect(live.page.get_by_role("link", name="Skip to the content")).to_be_focused()
    live.page.keyboard.press("Enter")
    live.page.keyboard.press("Tab")
    expect(live.page.get_by_role("button", name="Retry")).to_be_focused()
    live.page.keyboard.press("Enter")
    expect(live.page.get_by_role("status").first).to_contain_text("1 tried again")


def test_times_are_in_the_viewers_zone(
    file_store: Engine, tmp_path: Path, chromium: Browser
) -> None:
    place = {"timezone_id": "America/New_York", "locale": "en-US"}
    with visiting(file_store, tmp_path, chromium, scripts=True, **place) as visit:
        visit.sign_in()
        visit.go(f"/admin/issues/{ISSUE}")
        shown = visit.page.locator("#fosstodon-en time").first
        expect(shown).to_have_attribute("title", re.compile("2026-11-05 12:00 UTC"))
        expect(shown).to_contain_text("7:00")


PAGES = [
    "/admin/sign-in",
    "/admin",
    f"/admin/issues/{ISSUE}",
    f"/admin/do/settle?issue={ISSUE}&channel=reddit",
    f"/admin/do/retry?issue={ISSUE}&channel=lemmy&lang=en",
    f"/admin/do/release?issue={ISSUE}",
    f"/admin/do/test?issue={ISSUE}",
    "/admin/do/pause-channel?channel=lemmy",
    f"/admin/copies?issue={ISSUE}&channel=readers&lang=en",
    "/admin/tasks",
    "/admin/channels",
    f"/admin/preview/{ISSUE}",
    "/admin/readers",
    "/admin/readers/1",
    "/admin/readers/import",
    "/admin/figures",
    "/admin/journal",
]


def _change_and_bounce(house: House) -> None:
    """Have what is out be changed at the source, and come back."""
    with house.desk.engine.begin() as db:
        change = Change(issue=ISSUE, lang="en", revision="2")
        changes.see(db, change, at=NOW, due=NOW, asks="was changed, and half of it is new")
        [copy] = reports.delivery_ids(db, ISSUE, names=["readers"])
        bounces.record(db, copy, kind=Kind.HARD, at=NOW, status="5.1.1", words="gone")
        weighing.judge(db, ISSUE, "readers", Verdict.ASIDE)


def test_every_page_is_light_and_open_to_everybody(
    file_store: Engine, tmp_path: Path, chromium: Browser
) -> None:
    """What axe calls serious or critical, what is wider than a phone, and what is heavy."""
    found: list[str] = []
    with visiting(file_store, tmp_path, chromium, scripts=True, bypass_csp=True) as visit:
        for path in PAGES:
            if path == PAGES[1]:
                visit.sign_in("adam")
                two = replace(AT_ONCE, two_people=True)
                visit.house.rules = replace(AT_ONCE, own={"lemmy": two})
                operating.retry(visit.house.desk, ISSUE, ["lemmy"])
                _change_and_bounce(visit.house)
            visit.go(path)
            sizes = visit.page.evaluate(
                "() => [...performance.getEntriesByType('navigation'),"
                " ...performance.getEntriesByType('resource')]"
                ".map(one => one.encodedBodySize)"
            )
            if sum(sizes) > HEAVIEST:
                found.append(f"{path}: {sum(sizes)} bytes")
            visit.page.evaluate(axe())
            for scheme in ("light", "dark"):
                for width in (360, 1200):
                    visit.page.emulate_media(color_scheme=scheme)
                    visit.page.set_viewport_size({"width": width, "height": 800})
                    place = f"{path}, {scheme}, {width}"
                    found += [f"{place}: {words}" for words in visit.page.evaluate(SERIOUS)]
                    wide = visit.page.evaluate("document.documentElement.scrollWidth")
                    if wide > width:
                        found.append(f"{place}: is {wide} wide")
    assert found == []


def test_a_reader_joins_confirms_and_leaves(visit: Visit) -> None:
    visit.go("/subscribe")
    visit.page.locator("#address").fill("zoe@example.org")
    visit.house.clock.forward(seconds=5)
    visit.page.locator("main button").click()
    expect(visit.page.locator("#address")).to_have_count(0)
    assert visit.reader("zoe@example.org").state == Standing.UNCONFIRMED
    visit.go(f"/confirm/{visit.question('zoe@example.org')}")
    visit.page.locator("main button").click()
    expect(visit.page.locator("main button")).to_have_count(0)
    assert visit.reader("zoe@example.org").state == Standing.CONFIRMED
    visit.go(f"/unsubscribe/{visit.reader('zoe@example.org').token}")
    visit.page.locator("main button").first.click()
    expect(visit.page.locator("main button")).to_have_count(0)
    assert visit.reader("zoe@example.org").state == Standing.LEFT
