"""Pages and feeds: sent again only when they changed, and small to whoever takes them so."""

import gzip
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, event

from publisher.config import Settings
from publisher.publishing import utcnow
from publisher.sandbox.serving import serving
from publisher.web import conditional, keeping
from publisher.web.app import build
from tests.publisher.fakes import edition
from tests.publisher.web.conftest import LETTERS, settings_of
from tests.publisher.web.test_archive import publish, titles

PAGES = ["/", "/issues/2026-11/en", "/page.css"]
LONG = "<p>All that happened.</p>" * 50


@pytest.fixture
def full(web: httpx.Client, engine: Engine) -> httpx.Client:
    """An archive with an issue in it, and a feed."""
    publish(engine, edition(html=LONG), edition(lang="de", html=LONG))
    return web


@pytest.mark.parametrize("address", PAGES)
def test_who_has_the_page_already_is_not_sent_it_again(full: httpx.Client, address: str) -> None:
    first = full.get(address)
    again = full.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    kept = ("etag", "last-modified", "cache-control", "vary")
    assert [again.headers[name] for name in kept] == [first.headers[name] for name in kept]
    assert "content-encoding" not in again.headers
    since = {"If-Modified-Since": first.headers["last-modified"]}
    assert full.get(address, headers=since).status_code == 304
    before = parsedate_to_datetime(first.headers["last-modified"]) - timedelta(seconds=1)
    since = {"If-Modified-Since": format_datetime(before, usegmt=True)}
    assert full.get(address, headers=since).status_code == 200


@pytest.mark.parametrize("address", PAGES)
def test_gzip_is_sent_where_it_is_welcome_under_a_tag_of_its_own(
    full: httpx.Client, address: str
) -> None:
    plain = full.get(address, headers={"Accept-Encoding": "identity"})
    small = full.get(address, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert small.headers["content-encoding"] == "gzip"
    assert int(small.headers["content-length"]) < int(plain.headers["content-length"]) / 1.5
    assert small.content == plain.content
    assert small.headers["etag"] != plain.headers["etag"]
    assert plain.headers["vary"] == small.headers["vary"] == "Accept-Encoding"
    wrong_form = {"Accept-Encoding": "gzip", "If-None-Match": plain.headers["etag"]}
    assert full.get(address, headers=wrong_form).status_code == 200


@pytest.mark.parametrize(
    ("accepted", "taken"),
    [
        ("gzip", True),
        ("GZip, br", True),
        ("br;q=1.0, gzip;q=0.001", True),
        ("x-gzip", True),
        ("*", True),
        ("", False),
        ("br", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.0, *", False),
        ("*;q=0", False),
        ("gzip;q=nonsense", False),
        ("not-gzip", False),
    ],
)
def test_gzip_is_taken_only_by_who_says_so(accepted: str, taken: bool) -> None:
    assert conditional.takes_gzip(accepted) is taken


def test_a_feed_is_sent_under_gzip_too(full: httpx.Client, settings: Settings) -> None:
    file = settings.file.parent / "public" / "all.atom.xml"
    file.parent.mkdir()
    file.write_text("<entry/>" * 1000)
    feed = full.get("/feeds/all.atom.xml")
    assert feed.headers["content-encoding"] == "gzip"
    assert feed.text == file.read_text()


def test_what_is_small_stays_as_it_is(full: httpx.Client, settings: Settings) -> None:
    file = settings.file.parent / "public" / "all.atom.xml"
    file.parent.mkdir()
    file.write_text("<feed/>")
    feed = full.get("/feeds/all.atom.xml")
    assert "content-encoding" not in feed.headers
    assert feed.headers["vary"] == "Accept-Encoding"


@pytest.fixture
def letters(file_store: Engine, tmp_path: Path) -> Iterator[httpx.Client]:
    with (
        serving(build(settings_of(LETTERS, tmp_path), file_store)) as address,
        httpx.Client(base_url=address, trust_env=False) as client,
    ):
        yield client


@pytest.mark.parametrize(
    "address",
    [
        "/subscribe",
        "/admin/sign-in",
        *(f"/{name}/{'x' * 32}" for name in ("confirm", "preferences", "unsubscribe")),
    ],
)
def test_a_page_with_a_secret_in_it_is_never_under_gzip(
    letters: httpx.Client, address: str
) -> None:
    """https://www.breachattack.com/: its size would tell what is in it."""
    page = letters.get(address, headers={"Accept-Encoding": "gzip"})
    assert len(page.content) > 500
    assert "content-encoding" not in page.headers


def test_words_that_follow_the_browser_say_so_and_the_archive_does_not(
    letters: httpx.Client,
) -> None:
    assert "Accept-Language" in letters.get("/subscribe").headers["vary"]
    assert "Accept-Language" in letters.get("/nothing").headers["vary"]
    german = letters.get("/", headers={"Accept-Language": "de"})
    assert german.text == letters.get("/", headers={"Accept-Language": "fr"}).text
    assert german.headers["vary"] == "Accept-Encoding"


def test_what_is_published_is_there_within_a_second_whoever_did_it(
    settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "FRESH", 0.5)
    with ExitStack() as stack:
        pages = [  # as many processes would, each with pages of its own
            stack.enter_context(httpx.Client(base_url=address, trust_env=False))
            for address in [stack.enter_context(serving(build(settings, engine))) for _ in "ab"]
        ]
        assert [titles(page.get("/").text) for page in pages] == [[], []]
        publish(engine, edition(title="November"))
        time.sleep(0.6)
        assert [titles(page.get("/").text) for page in pages] == [["November"], ["November"]]
        publish(engine, edition(title="Corrected", html="<p>Mended.</p>"))
        time.sleep(0.6)
        assert [titles(page.get("/").text) for page in pages] == [["Corrected"], ["Corrected"]]
        assert "Mended" in pages[0].get("/issues/2026-11/en").text


def test_a_change_of_the_text_alone_is_seen(full: httpx.Client, engine: Engine) -> None:
    """As when a newer program reads the same source another way."""
    etag = full.get("/issues/2026-11/en").headers["etag"]
    publish(engine, edition(html="<p>Read anew.</p>"))
    again = full.get("/issues/2026-11/en", headers={"If-None-Match": etag})
    assert (again.status_code, "Read anew" in again.text) == (200, True)


def test_a_date_alone_tells_two_pages_of_one_second_apart(
    full: httpx.Client, engine: Engine
) -> None:
    while utcnow().microsecond > 500_000:
        time.sleep(0.05)
    shown = full.get("/").headers["last-modified"]
    publish(engine, edition("another"))
    again = full.get("/", headers={"If-Modified-Since": shown})
    assert again.status_code == 200
    told = again.headers.get("last-modified", "")
    assert not told or parsedate_to_datetime(told) <= utcnow()


def test_the_archive_is_kept_and_the_store_left_alone(
    settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "FRESH", 30)
    said: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    with (
        serving(build(settings, engine)) as address,
        httpx.Client(base_url=address, trust_env=False) as web,
    ):
        web.get("/")
        looks = len(said)
        answers = [web.get("/") for _ in range(20)]
    assert looks
    assert len(said) == looks
    assert {answer.status_code for answer in answers} == {200}


def test_pages_are_kept_by_the_issue_and_nothing_that_an_asker_says(
    full: httpx.Client,
) -> None:
    plain = full.get("/issues/2026-11/en").text
    others = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Cookie": "a=b"}
    assert full.get("/issues/2026-11/en?evil=1", headers=others).text == plain
    assert full.get("/issues/2026-11/de").text != plain


def test_no_more_pages_are_kept_than_there_is_room_for() -> None:
    made = list[str]()

    def make(key: str, _: int) -> str:
        made.append(key)
        return key

    kept = keeping.Kept[str, int](look=lambda _: 1, make=make, now=utcnow, most=2)
    for key in ("a", "b", "a", "c", "a", "b"):
        assert kept.get(key).body == key.encode()
    assert made == ["a", "b", "c", "b"]


def test_gzip_is_the_same_in_every_process_and_at_any_time() -> None:
    content = conditional.Content(body=b"x" * 1000, media_type="text/plain", changed=utcnow())
    assert content.gzipped == gzip.compress(b"x" * 1000, 6, mtime=0)
