"""Pages are got from the outside, within bounds, and nothing from inside."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

import pytest

from publisher.domain.internet import is_public
from publisher.fetching import Fetched, Unfetchable, fetch

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def serving(answer: Answer) -> Iterator[tuple[str, list[str]]]:
    """A web server on this machine: its address, and the paths that it was asked for."""
    asked: list[str] = []

    def get(self: BaseHTTPRequestHandler) -> None:
        asked.append(self.path)
        answer(self)

    handler = type("Handler", (BaseHTTPRequestHandler,), {"do_GET": get, "log_message": _silent})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.handle_error = _silent  # type: ignore[assignment]  # who has enough hangs up
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _silent(*_: object) -> None:
    pass


def page(words: bytes, **headers: str) -> Answer:
    def answer(self: BaseHTTPRequestHandler) -> None:
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(words)

    return answer


def redirect(to: str) -> Answer:
    def answer(self: BaseHTTPRequestHandler) -> None:
        self.send_response(302)
        self.send_header("Location", to)
        self.end_headers()

    return answer


def got(url: str, **more: float) -> Fetched:
    return fetch(url, allow_private=True, **more)  # type: ignore[arg-type]  # numbers of both kinds


def test_a_page_comes_in_its_own_charset() -> None:
    with serving(page("Grüße".encode("latin-1"), Content_Type="text/html; charset=latin-1")) as (
        url,
        _,
    ):
        found = got(url)
    assert (found.status, found.text) == (200, "Grüße")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "0.0.0.1", "192.0.0.8", "224.0.0.1", "255.255.255.255", "198.18.0.1",
        "::1", "::", "::127.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
        "fe80::1", "fc00::1", "fec0::1", "ff02::1",
    ],
)  # fmt: skip
def test_an_address_inside_is_none_of_the_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_an_address_outside_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "0x7f.1", "2130706433", "localhost"])
def test_nothing_is_said_to_a_machine_inside_however_it_is_written(host: str) -> None:
    with serving(page(b"inside")) as (url, asked):
        with pytest.raises(Unfetchable, match="no public address"):
            fetch(url.replace("127.0.0.1", host))
        assert asked == []


def test_a_redirect_is_looked_at_as_the_first_address_was() -> None:
    elsewhere = serving(redirect("ftp://example.org/"))
    with elsewhere as (url, _), pytest.raises(Unfetchable, match="no address of a web page"):
        got(url)


def test_redirects_end() -> None:
    with serving(redirect("/again")) as (url, asked):
        with pytest.raises(Unfetchable, match="more than 3 redirects"):
            got(url)
        assert asked == ["/", *["/again"] * 3]


def test_a_page_without_end_is_given_up() -> None:
    def answer(self: BaseHTTPRequestHandler) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(1000):
            self.wfile.write(b"x" * 10_000)

    with serving(answer) as (url, _), pytest.raises(Unfetchable, match="larger than 100000 bytes"):
        got(url, largest=100_000)


def test_a_page_that_drips_is_given_up_in_time() -> None:
    def answer(self: BaseHTTPRequestHandler) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(100):
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(0.02)

    with serving(answer) as (url, _), pytest.raises(Unfetchable, match=r"within 0\.2 seconds"):
        got(url, patience=0.2)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "//example.org", "https://", "mailto:a@b.c"])
def test_what_is_no_web_address_is_none(url: str) -> None:
    with pytest.raises(Unfetchable):
        fetch(url)


def test_nobody_there_is_said() -> None:
    with serving(page(b"")) as (url, _):
        pass
    with pytest.raises(Unfetchable, match="refused"):
        got(url)
