"""What is Telegram's own: units, bold titles, addresses, and words that stop the channel."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from channels.telegram import Telegram
from publisher.domain.channel import Disconnected, Receipt, Refused, TryLater, Unsure
from publisher.sandbox.serving import serving
from publisher.testing.sample import EDITION, URL
from tests.channels.worlds.telegram import World
from tests.testing.talk import Person


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.stop()


def answering(code: int, body: Any) -> Any:
    """A server that answers whatever is asked with this."""

    async def answer(_: Request) -> JSONResponse:
        return JSONResponse(body, code)

    return serving(Starlette(routes=[Route("/{all:path}", answer, methods=["POST"])]))


def error(code: int, words: str, **parameters: int) -> dict[str, Any]:
    return {"ok": False, "error_code": code, "description": words, "parameters": parameters}


def test_the_title_is_bold_by_utf16_units(world: World) -> None:
    world.channel.deliver(world.channel.render(replace(EDITION, title="Bücher 📚")))
    [kept] = world.outside.posts("telegram")
    assert kept.fields["entities"] == [{"type": "bold", "offset": 0, "length": 9}]
    assert kept.fields["link_preview_options"] == {"url": URL}


def test_the_picture_itself_stands_above_the_text_where_that_is_wished(world: World) -> None:
    shows = replace(world.channel, post="image")
    receipt = shows.deliver(shows.render(EDITION))
    [kept] = world.outside.posts("telegram")
    options = kept.fields["link_preview_options"]
    assert options["url"].endswith("/images/tide-chart.png")
    assert options["show_above_text"]
    assert kept.fields["text"] == world.channel.render(EDITION).text
    shows.update(receipt, shows.render(replace(EDITION, images=(), title="Mended")))
    [kept] = world.outside.posts("telegram")
    assert kept.fields["link_preview_options"] == {"url": URL}


def test_a_message_has_a_page_at_its_address(world: World) -> None:
    receipt = world.channel.deliver(world.channel.render(EDITION))
    answer = httpx.get(receipt.url)
    assert (answer.status_code, EDITION.title in answer.text) == (200, True)
    assert httpx.get(receipt.url + "0").status_code == 404


def test_a_private_chat_has_an_address_for_its_members(world: World) -> None:
    private = replace(world.channel, chat="-1001234567890")
    receipt = private.deliver(private.render(EDITION))
    assert receipt.url.startswith(f"{private.site}/c/1234567890/")


def test_whoever_cannot_be_asked_says_where_to_look() -> None:
    public = Telegram(token="7:x", chat="@harbour")
    with pytest.raises(NotImplementedError, match=r"at https://t\.me/harbour"):
        public.find_existing(public.render(EDITION))


def test_an_edit_that_changes_nothing_is_done(world: World) -> None:
    post = world.channel.render(EDITION)
    receipt = world.channel.deliver(post)
    assert world.channel.update(receipt, post) == receipt


def test_an_edit_of_what_is_gone_is_refused(world: World) -> None:
    receipt = world.channel.deliver(world.channel.render(EDITION))
    world.channel.retract(receipt)
    with pytest.raises(Refused, match="message to edit not found"):
        world.channel.update(receipt, world.channel.render(EDITION))


def test_a_check_tells_a_bot_that_may_not_post(tmp_path: Path) -> None:
    world = World(tmp_path, closed=("@harbour",))
    with pytest.raises(Disconnected, match="make it an administrator"):
        world.channel.check()
    world.stop()


@pytest.mark.parametrize(
    ("code", "body", "expected", "words"),
    [
        (401, error(401, "Unauthorized"), Disconnected, "@BotFather"),
        (404, error(404, "Not Found"), Disconnected, "@BotFather"),
        (403, error(403, "Forbidden: bot was kicked from the channel chat"), Disconnected, "back"),
        (400, error(400, "Bad Request: chat not found"), Disconnected, "mend `chat`"),
        (400, error(400, "Bad Request: not enough rights to send"), Disconnected, "administrator"),
        (
            400,
            error(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1009),
            Disconnected,
            "set `chat` to -1009",
        ),
        (429, error(429, "Too Many Requests: retry after 7", retry_after=7), TryLater, "429"),
        (400, error(400, "Bad Request: message is too long"), Refused, "too long"),
        (502, error(502, "Bad Gateway"), Unsure, "Bad Gateway"),
        (200, {"ok": True}, Unsure, "something else"),
        (200, {"ok": True, "result": {"id": 1}}, Unsure, "something else"),
    ],
)
def test_an_answer_is_named_by_what_to_do(
    code: int, body: Any, expected: type[Exception], words: str
) -> None:
    with answering(code, body) as url, pytest.raises(expected, match=words) as failure:
        channel = Telegram(token="7:x", chat="@harbour", api=url)
        channel.deliver(channel.render(EDITION))
    assert type(failure.value) is expected
    assert "7:x" not in str(failure.value)


def test_a_message_that_is_too_old_to_be_deleted_stays_with_telegrams_words() -> None:
    old = error(400, "Bad Request: message can't be deleted for everyone")
    with answering(400, old) as url:
        channel = Telegram(token="1:x", chat="@quay", api=url, site=url)
        with pytest.raises(Refused, match="message can't be deleted for everyone"):
            channel.retract(Receipt(id="-1001/7"))


def test_the_chat_is_found_in_which_something_is_written() -> None:
    update = {"channel_post": {"chat": {"id": -100123, "username": "letter"}}}

    async def answer(request: Request) -> JSONResponse:
        me = request.path_params["method"] == "getMe"
        return JSONResponse({"ok": True, "result": {"username": "b"} if me else [update]})

    routes = [Route("/bot7:x/{method}", answer, methods=["POST"])]
    with serving(Starlette(routes=routes)) as url:
        got = Telegram.connect({"api": url}, Person(answers={"token": "7:x"}))
    assert got == {"token": "7:x", "chat": "@letter"}


@pytest.mark.parametrize(
    ("setting", "value"),
    [("token", ""), ("token", "a/b"), ("chat", "harbour"), ("hashtags", ("a b",)), ("api", "x")],
)
def test_a_wrong_setting_is_named(setting: str, value: Any) -> None:
    right: dict[str, Any] = {"token": "7:x", "chat": "@harbour"}
    with pytest.raises(ValueError, match=f"^{setting} must be"):
        Telegram(**{**right, setting: value})
