"""Webhooks: who may read them, who may not be reached, and what is never sent twice."""

import base64
import hashlib
import hmac
import json
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from channels._signing import key_of, new_secret, signed
from channels.webhook import Webhook
from publisher.domain.channel import Disconnected, Notice, TryLater, Unsure
from publisher.domain.delivery import State
from publisher.sandbox.networks.webhook import SECRET as SIGNING
from publisher.sandbox.networks.webhook import app
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving
from publisher.testing.releases import Release
from publisher.testing.sample import EDITION
from publisher.testing.worlds import SECRET
from tests.channels.worlds.webhook import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.stop()


@dataclass
class Heard:
    """Keeps every message as it came, and answers with a status."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    messages: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self.messages.append((dict(request.headers), await request.body()))
        await Response("words", self.status, self.headers)(scope, receive, send)


@contextmanager
def listening(**settings: Any) -> Iterator[tuple[Heard, Webhook]]:
    heard = Heard(**settings)
    with serving(heard) as url:
        yield heard, Webhook(url=f"{url}/in", secret=SIGNING, internal=True, timeout=2)


def test_the_example_of_the_standard_is_signed_as_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1614265330.9)
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body, headers = signed("msg_p5jXN8AQM9LWM0D4loKWxJek", {"test": 2432232314}, secret)
    assert body == b'{"test": 2432232314}'
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_is_sent_can_be_verified_and_says_what_it_is() -> None:
    with listening() as (heard, channel):
        receipt = channel.deliver(channel.render(EDITION))
    [(headers, body)] = heard.messages
    said = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = base64.b64encode(hmac.digest(key_of(SIGNING), said, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{mac}"
    assert "." not in headers["webhook-id"]
    told = json.loads(body)
    assert told["type"] == "issue.published"
    assert told["timestamp"] == told["data"]["date"] == EDITION.date.isoformat()
    assert told["data"]["title"] == EDITION.title
    assert told["data"]["id"] == receipt.id == f"{EDITION.key}/{EDITION.lang}"
    assert told["data"]["image"]["url"].endswith("tide-chart.png")
    assert "html" not in told["data"]
    assert headers["webhook-id"] in receipt.note


def test_the_whole_issue_is_sent_where_it_is_wished() -> None:
    with listening() as (heard, channel):
        whole = replace(channel, content=True)
        whole.deliver(whole.render(EDITION))
    assert json.loads(heard.messages[0][1])["data"]["html"] == EDITION.html


def test_each_attempt_has_the_id_of_the_first_and_each_event_its_own() -> None:
    with listening() as (heard, channel):
        post = channel.render(EDITION)
        _, receipt = (channel.deliver(post) for _ in range(2))
        channel.update(receipt, channel.render(replace(EDITION, title="Mended")))
        channel.update(receipt, post)
        channel.retract(receipt)
        channel.retract(receipt)
    ids = [headers["webhook-id"] for headers, _ in heard.messages]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 5
    events = [json.loads(body)["type"] for _, body in heard.messages]
    assert events[1:] == ["issue.published", *["issue.corrected"] * 2, *["issue.retracted"] * 2]
    assert {json.loads(body)["data"]["id"] for _, body in heard.messages} == {receipt.id}


def test_another_secret_is_not_believed(world: World) -> None:
    with pytest.raises(Disconnected, match="does not know this secret: give both the same"):
        replace(world.channel, secret=new_secret()).deliver(world.channel.render(EDITION))
    assert world.visible() == []


def test_a_lost_answer_is_held_and_names_the_message(world: World, tmp_path: Path) -> None:
    release = Release(channel=world.channel, folder=tmp_path, edition=EDITION)
    release.prepare()
    world.fail("lose_answer")
    ended = release.finish()
    release.close()
    assert ended.state is State.HELD
    assert len(world.visible()) == 1
    with pytest.raises(NotImplementedError, match="see whether the receiver has msg_"):
        world.channel.find_existing(world.channel.render(EDITION))


def test_a_receiver_that_takes_each_id_once_is_told_again(world: World) -> None:
    sure = replace(world.channel, deduplicates=True)
    post = sure.render(EDITION)
    world.fail("lose_answer")
    with pytest.raises(Unsure):
        sure.deliver(post)
    assert sure.find_existing(post) is None
    sure.deliver(post)
    assert len(world.visible()) == 1


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "does not know this secret"),
        (403, "does not know this secret"),
        (404, "mend url"),
        (405, "mend url"),
        (410, "wants no more messages"),
    ],
)
def test_an_answer_names_the_remedy(status: int, words: str) -> None:
    with listening(status=status) as (_, channel), pytest.raises(Disconnected, match=words):
        channel.deliver(channel.render(EDITION))


def test_a_redirect_is_not_followed() -> None:
    with listening() as (other, _), serving(Heard(307, {"Location": "/elsewhere"})) as url:
        channel = Webhook(url=f"{url}/in", secret=SIGNING, internal=True)
        with pytest.raises(Disconnected, match="redirected to /elsewhere"):
            channel.deliver(channel.render(EDITION))
    assert other.messages == []


INSIDE = ["127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.0.1", "[::1]", "[64:ff9b::7f00:1]"]


@pytest.mark.parametrize("host", [*INSIDE, "127.1", "0x7f.1", "2130706433", "localhost"])
def test_an_address_inside_is_not_reached(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as canary:
        canary.settimeout(0.05)
        port = canary.getsockname()[1]
        channel = Webhook(url=f"https://{host}:{port}/in", secret=SIGNING, timeout=2)
        for ask in (lambda: channel.deliver(channel.render(EDITION)), channel.check):
            with pytest.raises(Disconnected, match="not of the internet; where that is meant, set"):
                ask()
        with pytest.raises(TimeoutError):
            canary.accept()


def test_a_name_with_one_address_inside_is_not_asked_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [(0, 0, 0, "", (address, 443)) for address in ("1.1.1.1", "127.0.0.1")]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: found)
    channel = Webhook(url="https://hooks.example/in", secret=SIGNING)
    with pytest.raises(Disconnected, match=r"127\.0\.0\.1, an address inside a network"):
        channel.deliver(channel.render(EDITION))


def test_a_name_that_changes_its_mind_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS answers with a public address first, and with one inside when it is asked again."""
    answers = iter([["198.51.100.7"], ["127.0.0.1"], ["127.0.0.1"]])
    reached: list[tuple[str, dict[str, Any]]] = []

    def resolve(*_: Any, **__: Any) -> list[Any]:
        return [(0, 0, 0, "", (address, 443)) for address in next(answers)]

    def connect(_: Any, request: httpx.Request) -> httpx.Response:
        reached.append((request.url.host, dict(request.extensions) | dict(request.headers)))
        raise httpx.ConnectError("nobody there")

    monkeypatch.setattr("socket.getaddrinfo", resolve)
    monkeypatch.setattr("channels._guarded.is_public", lambda address: not address.is_loopback)
    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", connect)
    channel = Webhook(url="https://hooks.example/in", secret=SIGNING)
    with pytest.raises(TryLater, match=r"hooks\.example cannot be reached"):
        channel.deliver(channel.render(EDITION))
    [(host, sent)] = reached
    assert host == "198.51.100.7"
    assert (sent["sni_hostname"], sent["host"]) == ("hooks.example", "hooks.example")
    with pytest.raises(Disconnected):
        channel.deliver(channel.render(EDITION))
    assert len(reached) == 1


def test_a_name_that_nobody_knows_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror("no such name")

    monkeypatch.setattr("socket.getaddrinfo", resolve)
    channel = Webhook(url="https://hooks.example/in", secret=SIGNING)
    with pytest.raises(TryLater, match=r"hooks\.example cannot be reached: no such name"):
        channel.check()


def test_neither_address_nor_secret_shows(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        world.channel.deliver(world.channel.render(EDITION))
        world.channel.check()
    assert SECRET not in caplog.text + repr(world.channel)
    assert SIGNING not in caplog.text + repr(world.channel)


def test_an_address_without_a_path_is_one_too() -> None:
    with serving(Heard()) as url:
        channel = Webhook(url=url, secret=SIGNING, internal=True)
        assert channel.deliver(channel.render(EDITION)).id


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"url": "http://hooks.example/in", "internal": False}, "url must be an https URL, or"),
        ({"url": "hooks.example"}, "url must be"),
        ({"secret": "mine"}, "secret must be whsec_ and 24 to 64 random bytes"),
        ({"secret": "whsec_c2hvcnQ="}, "secret must be"),
        ({"secret": "whsec_!"}, "secret must be"),
        ({"timeout": 0}, "timeout must be more than 0"),
    ],
)
def test_a_wrong_value_is_named(world: World, wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words) as error:
        replace(world.channel, **wrong)
    assert "mine" not in str(error.value)


class Person:
    """Who connects: answers as told, and hears what is said. A fake, as no browser is needed."""

    redirect_uri = "http://127.0.0.1:1/"

    def __init__(self) -> None:
        self.heard: list[str] = []

    def say(self, words: str) -> None:
        self.heard.append(words)

    def ask(self, question: str, default: str = "") -> str:
        return default

    def secret(self, question: str, known: str = "") -> str:
        return known or "https://hooks.example/in"

    def browse(self, url_for: Any) -> dict[str, str]:
        raise AssertionError("there is no page to open")


def test_connecting_makes_a_secret_once_and_shows_it() -> None:
    person = Person()
    made = Webhook.connect({}, person)
    assert Webhook(**made)
    assert made["secret"] in person.heard[0]
    assert Webhook.connect(made, person) == made
    assert new_secret() != new_secret()


def test_the_stand_in_believes_nothing_old_and_takes_each_id_once() -> None:
    outside = Outside()
    said = {"type": "issue.published", "data": {"id": "k/en", "title": "A", "summary": ""}}
    with serving(app(outside)) as url:
        body, headers = signed("msg_1", said, SIGNING)
        old = {**headers, "webhook-timestamp": "1600000000"}
        assert httpx.post(f"{url}/hooks/x", content=body, headers=old).status_code == 401
        assert httpx.post(f"{url}/hooks/x", content=body + b" ", headers=headers).status_code == 401
        assert outside.posts("webhook") == []
        for _ in range(2):
            assert httpx.post(f"{url}/hooks/x", content=body, headers=headers).status_code == 200
    assert len(outside.posts("webhook")) == 1


def test_a_notice_is_signed_says_what_it_is_and_has_one_id_for_every_attempt() -> None:
    notice = Notice(
        id="notice-7", event="refused", at=datetime(2026, 11, 5, 9, tzinfo=UTC), data={"issue": "x"}
    )
    with listening(status=503) as (heard, channel), pytest.raises(Unsure):
        channel.notify(notice)
    with listening() as (heard, channel):
        channel.notify(notice)
        channel.notify(replace(notice, event="unsubscribed"))
    (first, body), (again, other) = heard.messages
    assert json.loads(body) == {
        "type": "delivery.refused",
        "timestamp": "2026-11-05T09:00:00+00:00",
        "data": {"issue": "x"},
    }
    assert json.loads(other)["type"] == "reader.unsubscribed"
    assert first["webhook-id"] == again["webhook-id"]
    said = f"{first['webhook-id']}.{first['webhook-timestamp']}.".encode() + body
    mac = base64.b64encode(hmac.digest(key_of(SIGNING), said, hashlib.sha256)).decode()
    assert first["webhook-signature"] == f"v1,{mac}"


def test_what_it_wants_to_hear_of_is_known() -> None:
    with pytest.raises(ValueError, match="events"):
        Webhook(url="https://a.example/", secret=SIGNING, events=("opened",))
