"""A feed as the source: old news at first, then each new entry once, whatever becomes of it."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine

from publisher import watching
from publisher.config import Settings, Source
from publisher.storage import changes, reports
from publisher.storage.engine import reading
from tests.publisher.fakes import NOW, SITE, Clock, FakeChannel, configured

ITEM = """<item><guid>{id}</guid><title>{title}</title><link>https://news.example/{text}/</link>
<pubDate>Sun, 01 Nov 2026 10:00:00 GMT</pubDate>
<description>&lt;p&gt;All that happened, {text}.&lt;/p&gt;</description></item>"""


class Site(BaseHTTPRequestHandler):
    """A web server with a feed."""

    body = b""
    asked: list[str | None]

    def do_GET(self) -> None:
        self.asked.append(self.headers.get("If-None-Match"))
        mark = f'"{hash(self.body)}"'
        fresh = self.headers.get("If-None-Match") != mark
        self.send_response(200 if fresh else 304)
        self.send_header("ETag", mark)
        self.end_headers()
        if fresh:
            self.wfile.write(type(self).body)

    def log_message(self, *_: object) -> None:
        pass


class Desk:
    def __init__(self, engine: Engine, tmp_path: Path, server: ThreadingHTTPServer) -> None:
        self.engine, self.site = engine, server.RequestHandlerClass
        url = f"http://127.0.0.1:{server.server_port}/feed"
        self.settings = Settings(
            file=tmp_path / "publisher.toml",
            site=SITE,
            source=Source(kind="feed", url=url, path=Path(), include="*.html", private=True),
            database=URL.create("sqlite"),
            broker="",
            state=tmp_path / "state",
            bind=("127.0.0.1", 0),
            public_url="",
            channels={},
        )

    def says(self, **titles: str) -> None:
        items = "".join(
            ITEM.format(id=id, title=title, text=id.partition(".")[0])
            for id, title in titles.items()
        )
        self.site.body = f"<rss version='2.0'><channel>{items}</channel></rss>".encode()  # type: ignore[attr-defined]

    def look(self) -> int:
        channels = {"fake": configured("fake", FakeChannel(), "en")}
        return watching.look(self.settings, engine=self.engine, channels=channels, now=Clock(NOW))

    def problems(self) -> list[str]:
        with reading(self.engine) as db:
            return [problem for _, problem in reports.troubles(db)]


@pytest.fixture
def desk(engine: Engine, tmp_path: Path) -> Iterator[Desk]:
    handler = type("Known", (Site,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    made = Desk(engine, tmp_path, server)
    made.says(old="Old")
    assert made.look() == 0
    yield made
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


def test_a_new_entry_is_released_once(desk: Desk) -> None:
    desk.says(new="New", old="Old")
    assert [desk.look(), desk.look()] == [1, 0]
    assert desk.site.asked[-1] is not None  # type: ignore[attr-defined]
    with reading(desk.engine) as db:
        [standing] = reports.standings(db)
    assert standing.issue.startswith("new-")


def test_an_entry_that_changes_is_a_correction(desk: Desk) -> None:
    desk.says(new="New")
    desk.look()
    desk.says(new="Newer")
    assert desk.look() == 0
    with reading(desk.engine) as db:
        [noted] = changes.open_(db)
    assert (noted.issue[:4], noted.asks) == ("new-", "")


def test_an_entry_that_leaves_the_feed_is_not_called_withdrawn(desk: Desk) -> None:
    desk.says(new="New")
    desk.look()
    desk.says(other="Other")
    desk.look()
    with reading(desk.engine) as db:
        assert changes.open_(db) == []


def test_a_feed_at_another_address_sends_nothing_anew(desk: Desk, tmp_path: Path) -> None:
    desk.says(new="New", old="Old")
    desk.look()
    assert desk.settings.source is not None
    moved = replace(desk.settings.source, url=desk.settings.source.url + "?moved")
    desk.settings = replace(desk.settings, source=moved, state=tmp_path / "elsewhere")
    assert [desk.look(), desk.look()] == [0, 0]


def test_ids_that_all_change_send_nothing_anew(desk: Desk) -> None:
    desk.says(new="New", old="Old")
    desk.look()
    desk.says(**{"new.2": "New", "old.2": "Old"})
    assert [desk.look(), desk.look()] == [0, 0]


def test_a_page_in_place_of_the_feed_is_named(desk: Desk) -> None:
    desk.site.body = b"<html><body>Down for maintenance</body></html>"  # type: ignore[attr-defined]
    assert desk.look() == 0
    assert "is a page and no feed" in desk.problems()[0]


def test_a_feed_on_a_private_address_is_refused_unless_it_is_allowed(desk: Desk) -> None:
    assert desk.settings.source is not None
    public = replace(desk.settings.source, private=False)
    desk.settings = replace(desk.settings, source=public)
    desk.look()
    assert "127.0.0.1, which is no public address" in " ".join(desk.problems())
