"""The one redirect that a sign-in waits for."""

import threading
from collections.abc import Callable

import httpx
import pytest

from publisher.cli import browsing
from publisher.domain.channel import Refused, TryLater
from tests.cli.home import free_port


def asked(*urls: str) -> tuple[Callable[[], None], list[httpx.Response]]:
    """Something that opens these addresses one after the other, and what came back."""
    answers: list[httpx.Response] = []

    def visit() -> None:
        answers.extend(httpx.get(url) for url in urls)

    return threading.Thread(target=visit, daemon=True).start, answers


def test_the_query_of_the_redirect_is_the_answer() -> None:
    port = free_port()
    opened, _ = asked(f"http://127.0.0.1:{port}/?code=a%20b&state=s")
    assert browsing.await_redirect(port, opened, seconds=10) == {"code": "a b", "state": "s"}


def test_what_a_browser_asks_for_besides_is_no_answer() -> None:
    port = free_port()
    there = f"http://127.0.0.1:{port}"
    opened, answers = asked(f"{there}/favicon.ico", f"{there}/?code=a&state=s")
    assert browsing.await_redirect(port, opened, seconds=10)["code"] == "a"
    assert answers[0].status_code == 404


def test_a_browser_that_does_not_come_back_ends_the_wait() -> None:
    with pytest.raises(TryLater, match="did not come back within 0 seconds; run it again"):
        browsing.await_redirect(free_port(), lambda: None, seconds=0.05)


def test_noise_instead_of_a_request_is_no_answer() -> None:
    import socket

    port = free_port()

    def opened() -> None:
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.sendall(b"\x16\x03\x01 nonsense\r\n\r\n")

    with pytest.raises(TryLater):
        browsing.await_redirect(port, opened, seconds=0.2)


def test_an_answer_with_our_state_is_taken() -> None:
    assert browsing.judged({"state": "s", "code": "c"}, "s")["code"] == "c"


@pytest.mark.parametrize("query", [{}, {"state": ""}, {"state": "é"}, {"state": "t", "code": "c"}])
def test_an_answer_without_our_state_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(Refused, match="another question"):
        browsing.judged(query, "s")


def test_an_error_is_refused_in_the_networks_words() -> None:
    query = {"state": "s", "error": "invalid_scope", "error_description": "No \x1b[31mway"}
    with pytest.raises(Refused, match=r"not granted: invalid_scope: No \[31mway"):
        browsing.judged(query, "s")
