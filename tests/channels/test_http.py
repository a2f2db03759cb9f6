"""How one HTTP request's failure is named."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from channels._http import call, call_unseen, failure, nothing_posted, plain, retry_after, trust
from publisher.domain.channel import ChannelError, Disconnected, Refused, TryLater, Unsure

Answer = Callable[[httpx.Request], httpx.Response]


def client(answer: Answer) -> httpx.Client:
    return httpx.Client(base_url="http://here.example", transport=httpx.MockTransport(answer))


@pytest.mark.parametrize(
    ("error", "named"),
    [
        (httpx.ConnectError("refused"), TryLater),
        (httpx.ConnectTimeout("silence"), TryLater),
        (httpx.PoolTimeout("busy"), TryLater),
        (httpx.ReadTimeout("silence"), Unsure),
        (httpx.WriteTimeout("silence"), Unsure),
        (httpx.ReadError("reset"), Unsure),
        (httpx.RemoteProtocolError("gone"), Unsure),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value.__name__,
)
def test_only_what_surely_never_left_may_be_sent_again(
    error: Exception, named: type[ChannelError]
) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise error

    with client(answer) as http, pytest.raises(ChannelError) as raised:
        call(http, "POST", "/post")
    assert type(raised.value) is named


@pytest.mark.parametrize(
    ("status", "named"),
    [
        (400, Refused),
        (401, Disconnected),
        (403, Disconnected),
        (404, Refused),
        (408, Unsure),
        (413, Refused),
        (429, TryLater),
        (500, Unsure),
        (503, Unsure),
    ],
)
def test_a_status_is_named_by_what_to_do(status: int, named: type[ChannelError]) -> None:
    http = client(lambda _: httpx.Response(status, text="their words"))
    with http, pytest.raises(ChannelError, match=f"{status} their words") as raised:
        call(http, "POST", "/post")
    assert type(raised.value) is named


def test_a_redirect_is_not_followed() -> None:
    def moved(_: httpx.Request) -> httpx.Response:
        return httpx.Response(301, headers={"Location": "https://new.example/"})

    with client(moved) as http, pytest.raises(Disconnected, match=r"https://new\.example/"):
        call(http, "POST", "/post")


def test_a_network_may_know_better_than_the_status() -> None:
    with client(lambda _: httpx.Response(400)) as http, pytest.raises(TryLater, match="slowly"):
        call(http, "POST", "/post", named=lambda _: TryLater("slowly"))


def test_a_servers_pause_is_passed_on() -> None:
    def limited(_: httpx.Request) -> httpx.Response:
        return httpx.Response(429, headers={"Retry-After": "7"})

    with client(limited) as http, pytest.raises(TryLater) as raised:
        call(http, "POST", "/post")
    assert raised.value.retry_after == timedelta(seconds=7)


def test_an_answer_lost_while_only_asking_leaves_no_doubt() -> None:
    with pytest.raises(TryLater, match="lost"), nothing_posted():
        raise Unsure("lost")


def test_an_odd_success_is_in_doubt() -> None:
    assert isinstance(failure(200, "200 but no JSON"), Unsure)


@pytest.mark.parametrize("value", [None, "", "soon", "-1", "1.5"])
def test_an_odd_pause_is_no_pause(value: str | None) -> None:
    assert retry_after(value) is None


def test_a_pause_may_be_a_date() -> None:
    pause = retry_after(format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True))
    assert pause is not None
    assert timedelta(seconds=60) < pause <= timedelta(seconds=90)


def test_a_date_gone_by_is_no_wait() -> None:
    assert retry_after("Sun, 06 Nov 1994 08:49:37 GMT") == timedelta(0)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("<!doctype html><HTML><style>p{}</style><p>Bad\n gateway</p></HTML>", "Bad gateway"),
        ("<html><script>x()</script><b>Busy</b", "Busy"),
        ("a < b", "a < b"),
        ("x" * 9000, "x" * 200),
    ],
)
def test_a_page_is_told_without_its_markup(said: str, words: str) -> None:
    assert plain(said) == words


def test_a_secret_in_a_path_goes_out_and_shows_nowhere() -> None:
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(301, headers={"Location": "http://new.example/bot/s3cr3t/post"})

    with client(answer) as http, pytest.raises(Disconnected) as raised:
        call_unseen(http, "POST", "/bot/s3cr3t/post", secret="s3cr3t", params={"a": "b c"})
    assert sent[0].extensions["target"] == b"/bot/s3cr3t/post?a=b+c"
    assert "s3cr3t" not in str(sent[0].url)
    assert "http://new.example/bot/[secret]/post" in str(raised.value)


def test_the_certificates_are_read_once() -> None:
    assert trust() is trust()
    assert trust().verify_mode is ssl.CERT_REQUIRED
