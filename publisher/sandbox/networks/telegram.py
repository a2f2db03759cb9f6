"""A pretend Telegram: bots that post in one channel or another, and a page for each message.

API: https://core.telegram.org/bots/api
"""

import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from publisher.sandbox.outside import Kept, Outside
from publisher.sandbox.publicpage import Public, every_post, public_page
from publisher.sandbox.serving import Endpoint, accept_or_fail
from publisher.sandbox.standing import StandIn, Tables, web

NETWORK = "telegram"
REVOKED = "revoked"  # the one token that is not accepted
BOT = {"id": 7_000_000_001, "is_bot": True, "first_name": "Stand-in", "username": "standin_bot"}
LONGEST = 4096  # UTF-16 units
FORBIDDEN = "Forbidden: bot was kicked from the channel chat"
Json = dict[str, Any]
Answer = Callable[[Request, Json], Awaitable[Response]]


@dataclass
class _Server:
    """`closed` are chats in which the bot may not post."""

    outside: Outside
    closed: tuple[str, ...] = ()
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def get_me(self, _: Request, __: Json) -> Response:
        return _ok({**BOT, "can_join_groups": True})

    async def get_chat(self, _: Request, said: Json) -> Response:
        chat = _chat(said["chat_id"])
        return _ok(chat) if chat else _error(400, "Bad Request: chat not found")

    async def get_chat_member(self, _: Request, said: Json) -> Response:
        may = str(said["chat_id"]) not in self.closed
        known = {"status": "administrator", "can_post_messages": may, "can_edit_messages": may}
        return _ok({"user": BOT, **known})

    async def send_message(self, request: Request, said: Json) -> Response:
        async def accept() -> Response:
            if problem := self._problem(said):
                return _error(400, problem)
            chat, number = _chat(said["chat_id"]), next(self.numbers)
            return _ok(_message(self._keep(f"{chat['id']}-{number}", chat, said)))

        refusals = {
            "refuse": lambda _: _error(400, "Bad Request: message text is not welcome here"),
            "rate_limit": _too_many,
            "unauthorized": lambda _: _error(403, FORBIDDEN),
        }
        return await accept_or_fail(self.outside, NETWORK, request, accept, refusals)

    async def edit_message_text(self, _: Request, said: Json) -> Response:
        kept = self._known(said)
        if not kept:
            return _error(400, "Bad Request: message to edit not found")
        if kept.fields["text"] == said["text"]:
            return _error(400, "Bad Request: message is not modified: specified new message …")
        return _ok(_message(self._keep(kept.id, kept.fields["chat"], said, edited=_now())))

    async def delete_message(self, _: Request, said: Json) -> Response:
        kept = self._known(said)
        if not kept:
            return _error(400, "Bad Request: message to delete not found")
        self.outside.remove(NETWORK, kept.id)
        return _ok(True)

    def _problem(self, said: Json) -> str:
        text = str(said.get("text", ""))
        if not _chat(said.get("chat_id", "")):
            return "Bad Request: chat not found"
        if str(said["chat_id"]) in self.closed:
            return "Bad Request: need administrator rights in the channel chat"
        if not text.strip():
            return "Bad Request: message text is empty"
        long = len(text.encode("utf-16-le")) // 2 > LONGEST
        return "Bad Request: message is too long" if long else ""

    def _known(self, said: Json) -> Kept | None:
        return self.outside.get(NETWORK, f"{said['chat_id']}-{said['message_id']}")

    def _keep(self, id: str, chat: Json, said: Json, *, edited: int = 0) -> Kept:
        return self.outside.keep(
            NETWORK,
            id,
            chat=chat,
            date=_now(),
            edited=edited,
            **{name: said.get(name) for name in ("text", "entities", "link_preview_options")},
            disable_notification=bool(said.get("disable_notification")),
        )


def app(outside: Outside, *, closed: tuple[str, ...] = ()) -> Starlette:
    """Serve every bot there could be, in every channel but those `closed` to them.

    Any token is good but "revoked"; every `@name` is a public channel, every number a private one.
    """
    server = _Server(outside, closed)
    methods: dict[str, Answer] = {
        "getMe": server.get_me,
        "getChat": server.get_chat,
        "getChatMember": server.get_chat_member,
        "sendMessage": server.send_message,
        "editMessageText": server.edit_message_text,
        "deleteMessage": server.delete_message,
    }

    async def answer(request: Request) -> Response:
        if request.path_params["token"] == REVOKED:
            return _error(401, "Unauthorized")
        body = await request.body()
        asked = methods.get(request.path_params["method"])
        return await asked(request, await request.json() if body else {}) if asked else _none()

    page = _by_number(public_page(outside, NETWORK, _shown))
    return Starlette(
        routes=[
            Route("/bot{token}/{method}", answer, methods=["GET", "POST"]),
            Route("/s/{name}", every_post(outside, NETWORK, _shown)),
            Route("/{name}/{number}", page),
        ]
    )


def _by_number(page: Endpoint) -> Endpoint:
    """The page of `/NAME/NUMBER`, whatever the chat's own number is."""

    async def answer(request: Request) -> Response:
        chat = _chat("@" + request.path_params["name"]).get("id")
        request.scope["path_params"] = {"id": f"{chat}-{request.path_params['number']}"}
        shown: Response = await page(Request(request.scope))
        return shown

    return answer


def _chat(id: object) -> Json:
    """A channel by its @name or number; nothing for what is neither."""
    text = str(id)
    if re.fullmatch(r"@\w{4,32}", text):
        number = -1_000_000_000_000 - sum(map(ord, text))
        return {"id": number, "type": "channel", "title": text[1:], "username": text[1:]}
    if re.fullmatch(r"-\d+", text):
        return {"id": int(text), "type": "channel", "title": "Stand-in"}
    return {}


def _message(kept: Kept) -> Json:
    said = kept.fields
    number = int(kept.id.rpartition("-")[2])
    known = {"message_id": number, "date": said["date"], "chat": said["chat"]}
    return {**known, "text": said["text"], "entities": said["entities"] or []}


def _ok(result: object) -> Response:
    return JSONResponse({"ok": True, "result": result})


def _error(code: int, description: str, **parameters: int) -> Response:
    more = {"parameters": parameters} if parameters else {}
    body = {"ok": False, "error_code": code, "description": description, **more}
    return JSONResponse(body, code)


def _too_many(seconds: int) -> Response:
    words = f"Too Many Requests: retry after {seconds}"
    return _error(429, words, retry_after=seconds)


def _none() -> Response:
    return _error(404, "Not Found")


def _now() -> int:
    return int(time.time())


def _shown(kept: Kept) -> Public:
    said = kept.fields
    preview = (said["link_preview_options"] or {}).get("url", "")
    return Public(heading=said["chat"]["title"], url=preview, text=said["text"])


def _channels(url: str) -> Tables:
    place = {"api": url, "site": url}
    return {"telegram": {"kind": "telegram", "token": "7:pretend", "chat": "@towpath", **place}}


STAND_IN = StandIn(name="Telegram", serve=web(app), channels=_channels, shown=_shown)
