"""What the proxy does to a conversation, and what it leaves alone."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import pytest

from tests.faults.proxy import Proxy, Trap, proxies

POST = re.compile(rb"POST \w+")


@dataclass
class Server:
    """Answers each line with `taken LINE`, and writes it down before."""

    port: int
    taken: list[bytes] = field(default_factory=list)

    def talk(self, line: socket.socket) -> None:
        with line, suppress(OSError), line.makefile("rb") as said:
            for one in said:
                self.taken.append(one.strip())
                line.sendall(b"taken " + one)


@contextmanager
def server() -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = Server(port=listener.getsockname()[1])

        def accept() -> None:
            with suppress(OSError):
                while True:
                    line = listener.accept()[0]
                    threading.Thread(target=found.talk, args=(line,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield found
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=5)


@pytest.fixture
def behind() -> Iterator[tuple[Server, Proxy]]:
    with (
        server() as found,
        proxies({"net": ("127.0.0.1", found.port)}, net={b"key": b"kez"}) as ways,
    ):
        yield found, ways["net"]


def said(proxy: Proxy, *words: bytes) -> bytes:
    """Say words a line each, and return all that is answered until the line ends or is silent."""
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as line:
        heard = b""
        with suppress(ConnectionError):
            for one in words:
                line.sendall(one + b"\n")
                heard += line.recv(1000)
    return heard


def test_a_conversation_passes_as_it_is(behind: tuple[Server, Proxy]) -> None:
    assert said(behind[1], b"POST a") == b"taken POST a\n"


def test_what_is_to_be_rewritten_reaches_the_server_otherwise(
    behind: tuple[Server, Proxy],
) -> None:
    assert said(behind[1], b"key: 1") == b"taken kez: 1\n"


def test_a_swallowed_answer_was_taken_and_is_not_heard(behind: tuple[Server, Proxy]) -> None:
    there, proxy = behind
    proxy.set(Trap(after=POST, do="swallow"))
    assert said(proxy, b"POST a") == b""
    assert there.taken == [b"POST a"]


def test_what_is_cut_before_is_not_taken(behind: tuple[Server, Proxy]) -> None:
    there, proxy = behind
    proxy.set(Trap(after=POST, do="cut before"))
    assert said(proxy, b"POST a") == b""
    assert there.taken == []


def test_an_answer_instead_is_heard_and_nothing_taken(behind: tuple[Server, Proxy]) -> None:
    there, proxy = behind
    proxy.set(Trap(after=POST, do="answer instead", answer=b"no"))
    assert (said(proxy, b"POST a"), there.taken) == (b"no", [])


def test_an_answer_otherwise_is_heard_and_the_post_taken(behind: tuple[Server, Proxy]) -> None:
    there, proxy = behind
    proxy.set(Trap(after=POST, do="answer otherwise", answer=b"no"))
    assert (said(proxy, b"POST a"), there.taken) == (b"no", [b"POST a"])


def test_a_cut_in_the_next_leaves_half_of_it(behind: tuple[Server, Proxy]) -> None:
    there, proxy = behind
    proxy.set(Trap(after=POST, do="cut in the next"))
    assert said(proxy, b"POST a", b"the body of it") == b"taken POST a\n"
    assert b"the body of it" not in there.taken


def test_a_tarpit_answers_a_byte_at_a_time(behind: tuple[Server, Proxy]) -> None:
    _, proxy = behind
    proxy.set(Trap(after=POST, do="dawdle"))
    heard = said(proxy, b"POST a")
    assert heard
    assert b"taken POST a\n".startswith(heard)
    assert len(heard) < len(b"taken POST a\n")


def test_a_strike_comes_when_the_post_was_taken_and_before_the_answer(
    behind: tuple[Server, Proxy],
) -> None:
    there, proxy = behind
    met: list[tuple[int, list[bytes]]] = []
    proxy.set(Trap(after=POST, do="strike", then=lambda port: met.append((port, [*there.taken]))))
    assert said(proxy, b"POST a") == b""
    assert [taken for _, taken in met] == [[b"POST a"]]


def test_a_trap_is_met_once(behind: tuple[Server, Proxy]) -> None:
    _, proxy = behind
    proxy.set(Trap(after=POST, do="swallow"))
    said(proxy, b"POST a")
    assert said(proxy, b"POST b") == b"taken POST b\n"


def test_a_trap_waits_for_its_words(behind: tuple[Server, Proxy]) -> None:
    _, proxy = behind
    proxy.set(Trap(after=POST, do="swallow"))
    assert said(proxy, b"GET a", b"GET b") == b"taken GET a\ntaken GET b\n"


def test_nobody_gets_through_a_blocked_proxy_until_it_is_open(
    behind: tuple[Server, Proxy],
) -> None:
    _, proxy = behind
    proxy.block()
    assert said(proxy, b"POST a") == b""
    proxy.open()
    assert said(proxy, b"POST a") == b"taken POST a\n"


def test_a_proxy_to_nobody_refuses() -> None:
    with server() as found:
        port = found.port
    with proxies({"net": ("127.0.0.1", port)}) as ways:
        assert said(ways["net"], b"POST a") == b""
