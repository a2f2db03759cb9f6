"""A pretend Slack: the methods of its Web API that post, look up, edit and delete.

API: https://docs.slack.dev/apis/web-api
"""

import json
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
from publisher.sandbox.publicpage import Public, public_page
from publisher.sandbox.serving import Endpoint, accept_or_fail, base
from publisher.sandbox.standing import StandIn, Tables, web

NETWORK = "slack"
TEAM, BOT, APP = "T0TOWPATH", "B0TOWPATH", "A0TOWPATH"
SCOPES = ("chat:write", "chat:write.public", "channels:history", "channels:read")
TEXT, HEADER, SECTION, ALT = 40_000, 150, 3000, 2000
PAGE = 100

Fields = dict[str, Any]
Method = Callable[[Request, Fields], Awaitable[Response]]


@dataclass
class _Server:
    outside: Outside
    scopes: frozenset[str]
    microseconds: "count[int]" = field(default_factory=lambda: count(1))

    async def test(self, request: Request, _: Fields) -> Response:
        who = {"url": f"{base(request)}/", "team": "Towpath", "team_id": TEAM}
        return _yes(**who, user="publisher", user_id="U0TOWPATH", bot_id=BOT)

    async def post(self, request: Request, said: Fields) -> Response:
        async def accept() -> Response:
            if wrong := _wrong(said) or ("" if _id(said) else "channel_not_found"):
                return _no(wrong)
            ts = f"{int(time.time())}.{next(self.microseconds):06}"
            return _yes(ts=ts, **self._keep(said, ts))

        return await accept_or_fail(self.outside, NETWORK, request, accept, REFUSALS)

    async def update(self, _: Request, said: Fields) -> Response:
        kept = self._known(said)
        if not kept:
            return _no("message_not_found")
        told = {**kept.fields, **{name: it for name, it in said.items() if it is not None}}
        if wrong := _wrong(told):
            return _no(wrong)
        edited = {"user": "U0TOWPATH", "ts": f"{time.time():.6f}"}
        return _yes(ts=kept.fields["ts"], text=told["text"], **self._keep(told, said["ts"], edited))

    async def delete(self, _: Request, said: Fields) -> Response:
        kept = self._known(said)
        if not kept:
            return _no("message_not_found")
        self.outside.remove(NETWORK, kept.id)
        return _yes(channel=_id(said), ts=said["ts"])

    async def history(self, _: Request, asked: Fields) -> Response:
        if "channels:history" not in self.scopes:
            return _no("missing_scope", needed="channels:history", provided=",".join(self.scopes))
        found = [
            _message(kept, whole="include_all_metadata" in asked)
            for kept in self.outside.posts(NETWORK)[::-1]
            if kept.fields["channel"] == asked.get("channel")
            and float(kept.fields["ts"]) > float(asked.get("oldest", "0"))
        ]
        begin, most = int(asked.get("cursor", "0")), int(asked.get("limit", PAGE))
        more = str(begin + most) if begin + most < len(found) else ""
        cursor = {"next_cursor": more}
        page = found[begin : begin + most]
        return _yes(messages=page, has_more=bool(more), response_metadata=cursor)

    def _known(self, said: Fields) -> Kept | None:
        kept = self.outside.get(NETWORK, _page(str(said.get("ts"))))
        return kept if kept and kept.fields["channel"] == said.get("channel") else None

    def _keep(self, said: Fields, ts: str, edited: Fields | None = None) -> Fields:
        """Hold a message, and say of it what an answer does."""
        named = ("text", "blocks", "metadata", "unfurl_links")
        more = {name: said.get(name) for name in named}
        kept = self.outside.keep(
            NETWORK, _page(ts), ts=ts, channel=_id(said), edited=edited, **more
        )
        return {"channel": _id(said), "message": _message(kept, whole=True)}


def app(outside: Outside, scopes: tuple[str, ...] = SCOPES) -> Starlette:
    """Serve one workspace in which every channel exists, and an app with `scopes`.

    Any token is good but none and "revoked".
    """
    server = _Server(outside, frozenset(scopes))
    methods: dict[str, Method] = {
        "auth.test": server.test,
        "chat.postMessage": server.post,
        "chat.update": server.update,
        "chat.delete": server.delete,
        "conversations.history": server.history,
    }
    both = ["GET", "POST"]
    routes = [
        Route(f"/api/{name}", _with_token(server, method), methods=both)
        for name, method in methods.items()
    ]
    page = public_page(outside, NETWORK, _shown)
    return Starlette(routes=[*routes, Route("/archives/{channel}/{id}", page)])


def _with_token(server: _Server, method: Method) -> Endpoint:
    async def answer(request: Request) -> Response:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not token or token == "revoked":  # noqa: S105  a pretend one
            return _no("token_revoked" if token else "not_authed")
        response = await method(request, await _said(request))
        response.headers["X-OAuth-Scopes"] = ",".join(sorted(server.scopes))
        return response

    return answer


async def _said(request: Request) -> Fields:
    """What a call tells, as Slack reads it: JSON, a form whose values may be JSON, or a query."""
    if request.headers.get("content-type", "").startswith("application/json"):
        return dict(json.loads(await request.body() or "{}"))
    told = {**request.query_params, **await request.form()}
    return {name: _read_json(str(it)) for name, it in told.items()}


def _read_json(text: str) -> Any:
    return json.loads(text) if text[:1] in ("{", "[") else text


def _id(said: Fields) -> str:
    """The channel's ID: that of a name is made of it."""
    named = str(said.get("channel") or "")
    return f"C0{named[1:].upper():0<6}" if named.startswith("#") else named


def _page(ts: str) -> str:
    return f"p{ts.replace('.', '')}"


def _wrong(said: Fields) -> str:
    """The word that Slack has for a message which it does not take; "" for any other."""
    text, blocks = said.get("text") or "", said.get("blocks") or []
    if not text and not blocks:
        return "no_text"
    if len(text) > TEXT:
        return "msg_too_long"
    limits = {"header": HEADER, "section": SECTION}
    for one in blocks:
        words = one.get("text", {}).get("text", one.get("alt_text", ""))
        if not 0 < len(words) <= limits.get(one.get("type"), ALT):
            return "invalid_blocks"
    return ""


def _message(kept: Kept, *, whole: bool) -> Fields:
    """A message as it is told. Of its metadata only the type, unless all of it was asked for."""
    said = kept.fields
    metadata = said["metadata"] or {}
    edited = {"edited": said["edited"]} if said["edited"] else {}
    return {
        "type": "message",
        **{name: said[name] for name in ("ts", "text", "blocks")},
        "bot_id": BOT,
        "app_id": APP,
        "team": TEAM,
        "metadata": metadata if whole else {"event_type": metadata.get("event_type")},
        **edited,
    }


def _yes(**told: Any) -> Response:
    return JSONResponse({"ok": True, **told})


def _no(word: str, **told: Any) -> Response:
    return JSONResponse({"ok": False, "error": word, **told})


def _too_fast(seconds: int) -> Response:
    headers = {"Retry-After": str(seconds)}
    return JSONResponse({"ok": False, "error": "ratelimited"}, 429, headers)


REFUSALS = {
    "refuse": lambda _: _no("msg_too_long"),
    "rate_limit": _too_fast,
    "unauthorized": lambda _: _no("token_revoked"),
}


def _shown(kept: Kept) -> Public:
    said = kept.fields
    edited = f"edited {said['edited']['ts']}" if said["edited"] else ""
    by_type = {one["type"]: one for one in said["blocks"] or []}
    text = by_type.get("section", {}).get("text", {}).get("text") or said["text"]
    header = by_type.get("header", {}).get("text", {}).get("text")
    pictures = [
        {"url": one["image_url"], "description": one["alt_text"]}
        for one in by_type.values()
        if one["type"] == "image"
    ]
    return Public(
        heading=header or text.partition("\n")[0].strip("*"),
        text=_read(text),
        pictures=pictures,
        notes=(f"channel {said['channel']}", said["ts"], edited),
    )


def _read(text: str) -> str:
    for written, meant in {"&lt;": "<", "&gt;": ">", "&amp;": "&"}.items():
        text = text.replace(written, meant)
    return text


def _channels(url: str) -> Tables:
    place = {"token": "xoxb-pretend-token", "channel": "C0TOWPATH"}
    return {"slack": {"kind": "slack", "api": f"{url}/api", **place}}


STAND_IN = StandIn(name="Slack", serve=web(app), channels=_channels, shown=_shown)
