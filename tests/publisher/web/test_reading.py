"""The archive, an edition and the search in a real browser: for everybody, and from us alone."""

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from publisher.sandbox.serving import serving
from publisher.web.app import build
from tests.channels.browser import CHROMIUM, Browser, browsing
from tests.publisher.fakes import NOW, edition
from tests.publisher.web.chromium import fill, follow, visit
from tests.publisher.web.conftest import LETTERS, settings_of
from tests.publisher.web.test_archive import publish
from tests.publisher.web.test_browser import nothing_wrong
from tests.publisher.web.test_discussing import out
from tests.publisher.web.test_images import drawn

HTML = (
    '<h2>The lock</h2><p>A <a href="https://else.example/">café</a>.</p>'
    '<figure><img src="https://news.example/boat.png" alt="A boat" width="40" height="30">'
    '<figcaption>Ours</figcaption></figure><p><img src="http://127.0.0.1:1/x.png" alt="Gone"></p>'
    "<pre><code>" + "x" * 300 + "</code></pre><table><tr><td>" + "wide " * 60 + "</td></tr></table>"
)
FEED = """
[source]
path = "content"
static = "static"

[channels.atom]
path = "feeds/{lang}.atom.xml"
url = "https://news.example/feeds/{lang}.atom.xml"
tag_path = "feeds/tags/{tag}.atom.xml"
tag_url = "https://news.example/feeds/tags/{tag}.atom.xml"
"""
FOREIGN = """performance.getEntriesByType('resource').map(one => one.name)
  .filter(name => !name.startsWith(location.origin)).join(' ')"""
LEVELS = "[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => h.tagName[1]).join('')"
SHOWN = "[...document.images].map(i => i.naturalWidth).join(' ')"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    with browsing(tmp_path_factory.mktemp("chromium")) as running:
        yield running


@pytest.fixture
def library(file_store: Engine, tmp_path: Path) -> Iterator[str]:
    """An archive with all that it can have; its address."""
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "boat.png").write_bytes(drawn())
    (tmp_path / "feeds" / "tags").mkdir(parents=True)
    for name in ("en", "de", "tags/boats", "tags/locks"):
        (tmp_path / "feeds" / f"{name}.atom.xml").write_text("<feed/>")
    out(file_store, "fosstodon", "mastodon", "https://fosstodon.example/@news/1")
    publish(
        file_store,
        edition("a", date=NOW - timedelta(days=400), html=HTML),
        edition(html=HTML),
        edition(lang="de", html=HTML),
    )
    with serving(build(settings_of(LETTERS + FEED, tmp_path), file_store)) as address:
        yield address


PLACES = ("/", "/issues/2026-11/en", "/search?q=cafe", "/search?q=zzz&lang=de", "/search")


@pytest.mark.parametrize("place", PLACES)
def test_nothing_hinders_anybody_who_reads(browser: Browser, library: str, place: str) -> None:
    visit(browser, library + place)
    name = re.sub(r"\W+", "-", place).strip("-") or "archive"
    assert nothing_wrong(browser, f"reading-{name}") == []


@pytest.mark.parametrize("place", PLACES)
def test_headings_are_in_order_and_nobody_else_is_asked(
    browser: Browser, library: str, place: str
) -> None:
    visit(browser, library + place)
    levels = [int(level) for level in browser.measure(LEVELS)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert browser.measure(FOREIGN) == ""


def test_a_picture_shows_and_one_that_is_gone_leaves_its_words(
    browser: Browser, library: str
) -> None:
    visit(browser, f"{library}/issues/2026-11/en")
    browser.say("Runtime.evaluate", expression="scrollTo(0, document.body.scrollHeight)")
    for _ in range(200):
        if browser.measure("[...document.images].every(image => image.complete)"):
            break
        time.sleep(0.05)
    assert browser.measure(SHOWN) == "40 0"


def test_a_reader_searches_and_reads(browser: Browser, library: str) -> None:
    visit(browser, library)
    fill(browser, "input[type=search]", "Café")
    follow(browser, ".search button")
    assert browser.measure("document.querySelector('mark').textContent") == "café"
    follow(browser, ".found a")
    assert browser.measure("document.querySelector('main h1').textContent") == "November"


def test_where_the_keyboard_is_can_be_seen(browser: Browser, library: str) -> None:
    for place in PLACES:
        visit(browser, library + place)
        for _ in range(4):
            browser.say(
                "Input.dispatchKeyEvent",
                type="keyDown",
                key="Tab",
                code="Tab",
                windowsVirtualKeyCode=9,
            )
            browser.say(
                "Input.dispatchKeyEvent",
                type="keyUp",
                key="Tab",
                code="Tab",
                windowsVirtualKeyCode=9,
            )
            style = "getComputedStyle(document.activeElement)"
            ring = f"{style}.outlineStyle + ' ' + {style}.outlineWidth"
            assert browser.measure("document.activeElement.tagName") != "BODY"
            assert browser.measure(ring) == "solid 3px", place


def test_no_reader_gets_a_cookie(library: str) -> None:
    places = (*PLACES, "/page.css", "/feeds/en.atom.xml", "/subscribe", "/nothing", "/images/a/b")
    with httpx.Client(base_url=library, trust_env=False) as reader:
        for place in places:
            assert "set-cookie" not in reader.get(place).headers, place
        asked = reader.post("/subscribe", data={"address": "ann@example.org"})
        assert "set-cookie" not in asked.headers
