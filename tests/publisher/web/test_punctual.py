"""Slow clients: nobody is waited for who does not say what they want."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from sqlalchemy import Engine

from publisher.config import Settings
from publisher.web import punctual
from publisher.web.app import build
from publisher.web.punctual import Punctual


@contextmanager
def listening(settings: Settings, engine: Engine) -> Iterator[int]:
    """The pages as `publisher web` serves them; their port."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        build(settings, engine), http=Punctual, ws="none", lifespan="off", log_level="warning"
    )
    server = uvicorn.Server(config)
    serve = threading.Thread(
        target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True
    )
    serve.start()
    while not server.started:
        time.sleep(0.01)
    yield listener.getsockname()[1]
    server.should_exit = True
    serve.join(10)
    listener.close()


@pytest.fixture
def port(settings: Settings, file_store: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(punctual, "HEAD", 0.5)
    monkeypatch.setattr(punctual, "PIECE", 0.5)
    with listening(settings, file_store) as found:
        yield found


def said(port: int, *pieces: bytes, pause: float = 0.0) -> bytes:
    """What a client hears until the line is closed that says these pieces, one after the other."""
    with socket.create_connection(("127.0.0.1", port), timeout=15) as line:
        heard = b""
        try:
            for piece in pieces:
                line.sendall(piece)
                time.sleep(pause)
            while data := line.recv(65536):
                heard += data
        except (BrokenPipeError, ConnectionResetError):
            pass
        return heard


FORM = (
    b"POST /subscribe HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 10000\r\n\r\n"
)  # of a page that reads all of it
HEAD = b"GET /subscribe HTTP/1.1\r\nHost: a.example\r\n"


@pytest.mark.parametrize(
    "pieces", [(b"",), (b"GET / HT",), (HEAD,), (HEAD, *(b"X-A: 1\r\n",) * 40)]
)
def test_a_head_that_does_not_end_is_not_waited_for(port: int, pieces: tuple[bytes, ...]) -> None:
    began = time.monotonic()
    assert said(port, *pieces, pause=0.05) == b""
    assert time.monotonic() - began < 10


def test_a_body_that_does_not_come_is_not_waited_for(port: int) -> None:
    began = time.monotonic()
    heard = said(port, FORM, b"half", pause=0.05)
    assert b" 200 " not in heard.partition(b"\r\n")[0]
    assert time.monotonic() - began < 10


def test_a_body_that_drips_is_not_waited_for(port: int, caplog: pytest.LogCaptureFixture) -> None:
    began = time.monotonic()
    heard = said(port, FORM, *(b"x",) * 100, pause=0.1)  # each in time, and ten seconds in all
    assert b" 200 " not in heard.partition(b"\r\n")[0]
    assert time.monotonic() - began < 5
    assert "Traceback" not in caplog.text


def test_a_long_body_may_take_its_time(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(punctual, "SLOWEST", 5000)
    began = time.monotonic()
    heard = said(port, FORM, *(b"x" * 1000,) * 10, pause=0.1)
    assert heard.startswith(b"HTTP/1.1 4")  # read to its end, and no form
    assert time.monotonic() - began > 0.8  # longer than a short one may take


def test_a_slow_second_request_is_not_waited_for_either(port: int) -> None:
    began = time.monotonic()
    heard = said(port, HEAD + b"\r\n", b"GET / HT", pause=0.3)
    assert heard.startswith(b"HTTP/1.1 ")
    assert heard.count(b"HTTP/1.1 ") == 1
    assert time.monotonic() - began < 10


def test_who_is_prompt_is_answered(port: int) -> None:
    heard = said(port, HEAD, b"Connection: close\r\n\r\n", pause=0.1)
    assert heard.startswith(b"HTTP/1.1 ")
