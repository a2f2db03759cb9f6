"""An issue waits for its page, a while and a person, from file to reader, in real processes."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.cli.home import Home, wait_until

KEY = "2026-11-05-newsletter"
FILE = f"{KEY}.md"
NOTHING = {"email": 0, "mastodon": 0, "reddit": 0, "lemmy": 0}
ONCE = {"email": 2, "mastodon": 1, "reddit": 1, "lemmy": 1}
RELEASE = '[release]\nhold = "2s"\nprivate_pages = true\n'


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The newsletter's web site: a folder, served on this machine."""
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def site(home: Home) -> Iterator[Path]:
    """The folder of a site on which nothing of the newsletter is yet; the first look is over."""
    root = home.folder / "site"
    with served(root) as url:
        settings = home.folder / "publisher.toml"
        told = settings.read_text(encoding="utf-8").replace("https://news.example/", url)
        settings.write_text(told.replace("[web]", f"{RELEASE}\n[web]"), encoding="utf-8")
        (root / "images").mkdir()
        (root / "images" / "boat.png").write_bytes(b"a pretend boat")
        yield root


def publish_page(home: Home, site: Path) -> None:
    """What the site's generator would do, minutes after the merge."""
    shown = json.loads(home.run("show", KEY, "--json").out)
    page = site / urlsplit(shown["url"]).path.strip("/") / "index.html"
    page.parent.mkdir(parents=True)
    head = f"<title>{shown['title']}</title><nav>Home</nav><h1>{shown['title']}</h1>"
    page.write_text(f"<!doctype html>{head}{shown['html']}<footer>Bye</footer>", encoding="utf-8")


def counts(home: Home) -> dict[str, int]:
    return {network: home.posts(network) for network in ONCE}


def test_an_issue_goes_out_once_its_page_is_there_and_not_before(home: Home, site: Path) -> None:
    with home.started("up"):
        home.await_first_look()
        home.write(FILE)
        wait_until(lambda: "answers 404" in home.run("status").out, seconds=40)
        assert "waits for its page" in home.run("plan", KEY).out
        assert counts(home) == NOTHING
        publish_page(home, site)
        wait_until(lambda: list(home.states(KEY).values()) == ["delivered"] * 5, seconds=60)
    assert counts(home) == ONCE
    told = json.loads(home.run("plan", KEY, "--json").out)
    order = {one["channel"]: one["at"] for one in told[0]["channels"]}
    assert order["feed"] <= order["readers"] <= min(order[n] for n in ("mastodon", "reddit"))


def test_what_is_held_waits_for_a_persons_word(home: Home, site: Path) -> None:
    with home.started("up"):
        home.await_first_look()
        home.write(FILE)
        wait_until(lambda: home.run("hold", KEY).code == 0, seconds=40)
        publish_page(home, site)
        assert "held by a person" in home.run("status").out
        assert home.run("release", KEY).code == 0
        wait_until(lambda: list(home.states(KEY).values()) == ["delivered"] * 5, seconds=60)
    assert counts(home) == ONCE
    again = home.run("hold", KEY)
    assert (again.code, "waits for a release any more" in again.err) == (2, True)


def test_what_was_never_seen_cannot_be_held(home: Home) -> None:
    done = home.run("hold", "2026-01-01-newsletter")
    assert (done.code, "no release waits" in done.err) == (2, True)
