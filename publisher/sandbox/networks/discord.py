"""A pretend Discord: the webhooks of its API, version 10, and a page for each message.

API: https://docs.discord.com/developers/resources/webhook
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from publisher.sandbox.outside import Kept, Outside
from publisher.sandbox.publicpage import Public, public_page
from publisher.sandbox.serving import Endpoint, accept_or_fail
from publisher.sandbox.standing import StandIn, Tables, web

NETWORK = "discord"
GUILD, CHANNEL = "223344556677889900", "334455667788990011"
EPOCH = 1_420_070_400_000  # milliseconds; ids tell the time since
CONTENT, TITLE, DESCRIPTION, URL, NAME = 2000, 256, 4096, 2048, 80
EMBEDS, EMBED_SIZE = 10, 6000

Fields = dict[str, Any]


@dataclass
class _Server:
    outside: Outside
    ids: "count[int]" = field(
        default_factory=lambda: count((int(time.time() * 1000) - EPOCH) << 22)
    )

    async def about(self, request: Request) -> Response:
        hook = {"id": request.path_params["hook"], "type": 1, "name": "Towpath", "avatar": None}
        place = {"guild_id": GUILD, "channel_id": CHANNEL, "application_id": None}
        return JSONResponse({**hook, **place, "token": request.path_params["token"]})

    async def execute(self, request: Request) -> Response:
        said = await request.json()

        async def accept() -> Response:
            if wrong := _wrong(said):
                return wrong
            kept = self._keep(request, str(next(self.ids)), said, edited=None)
            waits = request.query_params.get("wait") == "true"
            return JSONResponse(_message(kept)) if waits else Response(status_code=204)

        return await accept_or_fail(self.outside, NETWORK, request, accept, REFUSALS)

    async def message(self, request: Request) -> Response:
        kept = self._known(request)
        return JSONResponse(_message(kept)) if kept else _unknown_message()

    async def edit(self, request: Request) -> Response:
        kept, said = self._known(request), await request.json()
        if not kept:
            return _unknown_message()
        told = {**kept.fields, **{name: it for name, it in said.items() if it is not None}}
        if wrong := _wrong(told):
            return wrong
        return JSONResponse(_message(self._keep(request, kept.id, told, edited=_now())))

    async def delete(self, request: Request) -> Response:
        kept = self._known(request)
        if not kept:
            return _unknown_message()
        self.outside.remove(NETWORK, kept.id)
        return Response(status_code=204)

    def _known(self, request: Request) -> Kept | None:
        """A message of this webhook, in the thread that the request names."""
        kept = self.outside.get(NETWORK, request.path_params["id"])
        whose = (request.path_params["hook"], request.query_params.get("thread_id", CHANNEL))
        mine = kept and (kept.fields["webhook_id"], kept.fields["channel_id"]) == whose
        return kept if mine else None

    def _keep(self, request: Request, id: str, said: Fields, *, edited: str | None) -> Kept:
        return self.outside.keep(
            NETWORK,
            id,
            webhook_id=request.path_params["hook"],
            channel_id=request.query_params.get("thread_id", CHANNEL),
            content=said.get("content") or "",
            embeds=said.get("embeds") or [],
            username=said.get("username") or "Towpath",
            flags=said.get("flags", 0),
            allowed_mentions=said.get("allowed_mentions"),
            timestamp=said.get("timestamp") or _now(),
            edited=edited,
        )


def app(outside: Outside) -> Starlette:
    """Serve every webhook there could be; all of them post to one channel, or to its threads.

    Any token is good but "revoked". Of what Discord checks in a message its lengths are.
    """
    server = _Server(outside)
    routes = []
    for version in ("/api", "/api/v10"):
        hook = f"{version}/webhooks/{{hook}}/{{token}}"
        one = f"{hook}/messages/{{id}}"
        routes += [
            Route(hook, _with_token(server.about)),
            Route(hook, _with_token(server.execute), methods=["POST"]),
            Route(one, _with_token(server.message)),
            Route(one, _with_token(server.edit), methods=["PATCH"]),
            Route(one, _with_token(server.delete), methods=["DELETE"]),
        ]
    page = public_page(outside, NETWORK, _shown)
    return Starlette(routes=[*routes, Route("/channels/{guild}/{channel}/{id}", page)])


def _with_token(endpoint: Endpoint) -> Endpoint:
    async def answer(request: Request) -> Response:
        if request.path_params["token"] == "revoked":  # noqa: S105  a pretend one
            return _invalid_token()
        return await endpoint(request)

    return answer


def _wrong(said: Fields) -> Response | None:
    """What Discord says of a message that it does not take."""
    embeds = said.get("embeds") or []
    if not said.get("content") and not embeds:
        return _error(400, 50006, "Cannot send an empty message")
    for place, text, most in _measured(said):
        if len(text or "") > most:
            told = f"Must be {most} or fewer in length."
            return _invalid_form(place, "BASE_TYPE_MAX_LENGTH", told)
    size = sum(len(one.get("title", "")) + len(one.get("description", "")) for one in embeds)
    if size > EMBED_SIZE:
        told = f"Embed size exceeds maximum size of {EMBED_SIZE}"
        return _invalid_form(("embeds",), "MAX_EMBED_SIZE_EXCEEDED", told)
    return None


def _measured(said: Fields) -> Iterator[tuple[tuple[str, ...], str | None, int]]:
    """Every text of a message: its place, itself, and how long it may be."""
    yield ("content",), said.get("content"), CONTENT
    yield ("username",), said.get("username"), NAME
    for number, embed in enumerate(said.get("embeds") or []):
        for name, most in {"title": TITLE, "description": DESCRIPTION, "url": URL}.items():
            yield ("embeds", str(number), name), embed.get(name), most


def _invalid_form(place: tuple[str, ...], code: str, message: str) -> Response:
    errors: Fields = {"_errors": [{"code": code, "message": message}]}
    for name in reversed(place):
        errors = {name: errors}
    return _error(400, 50035, "Invalid Form Body", errors=errors)


def _message(kept: Kept) -> Fields:
    """A message as its webhook sees it."""
    said = kept.fields
    author = {"id": said["webhook_id"], "username": said["username"], "bot": True, "avatar": None}
    nothing = ("mentions", "mention_roles", "attachments", "components")
    return {
        "id": kept.id,
        "type": 0,
        **{name: said[name] for name in ("channel_id", "content", "timestamp", "flags")},
        "embeds": [{"type": "rich", **one} for one in said["embeds"]],
        "edited_timestamp": said["edited"],
        "author": {**author, "discriminator": "0000"},
        "webhook_id": said["webhook_id"],
        **{name: [] for name in nothing},
        **dict.fromkeys(("tts", "pinned", "mention_everyone"), False),
    }


def _error(status: int, code: int, message: str, **more: Any) -> Response:
    return JSONResponse({"message": message, "code": code, **more}, status)


def _unknown_message() -> Response:
    return _error(404, 10008, "Unknown Message")


def _invalid_token() -> Response:
    return _error(401, 50027, "Invalid Webhook Token")


def _too_fast(seconds: int) -> Response:
    body = {"message": "You are being rate limited.", "retry_after": seconds - 0.36}
    headers = {"Retry-After": str(seconds), "X-RateLimit-Scope": "shared"}
    return JSONResponse({**body, "global": False}, 429, headers)


REFUSALS = {
    "refuse": lambda _: _error(400, 200000, "Message was blocked by automatic moderation"),
    "rate_limit": _too_fast,
    "unauthorized": lambda _: _invalid_token(),
}


def _shown(kept: Kept) -> Public:
    said = kept.fields
    first: Mapping[str, Any] = said["embeds"][0] if said["embeds"] else {}
    text = first.get("description") or said["content"]
    edited = f"edited {said['edited']}" if said["edited"] else ""
    picture = first.get("image", {}).get("url", "")
    return Public(
        heading=first.get("title") or text.partition("\n")[0],
        url=first.get("url", ""),
        text=text,
        pictures=[{"url": picture, "description": ""}] if picture else [],
        notes=(said["username"], said["timestamp"], edited),
    )


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _channels(url: str) -> Tables:
    address = f"{url}/api/webhooks/445566778899001122/pretend-token"
    return {"discord": {"kind": "discord", "webhook": address}}


STAND_IN = StandIn(name="Discord", serve=web(app), channels=_channels, shown=_shown)
