"""A pretend Matrix homeserver: rooms that are written to, edited, redacted and looked through.

API: https://spec.matrix.org/latest/client-server-api/
"""

import time
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from publisher.sandbox.outside import Kept, Outside
from publisher.sandbox.publicpage import Public
from publisher.sandbox.serving import Endpoint, accept_or_fail
from publisher.sandbox.standing import StandIn, Tables, web

NETWORK = "matrix"
SERVER = "stand-in.example"
ME = f"@letter:{SERVER}"
REVOKED = "revoked"  # the one token that is not accepted
LARGEST = 65_536  # bytes of an event
V3 = "/_matrix/client/v3"
Json = dict[str, Any]
REFUSALS = {
    "refuse": lambda _: _error(413, "M_TOO_LARGE", "Event too large"),
    "rate_limit": lambda seconds: _error(
        429, "M_LIMIT_EXCEEDED", "Too Many Requests", retry_after_ms=seconds * 1000
    ),
    "unauthorized": lambda _: _error(403, "M_FORBIDDEN", "You don't have permission to post"),
}


@dataclass
class _Server:
    """`state` is what rooms have of it, by kind; `closed` rooms want an invitation."""

    outside: Outside
    state: Json
    closed: tuple[str, ...]
    joined: list[str] = field(default_factory=list)
    events: list[Json] = field(default_factory=list)
    transactions: dict[str, str] = field(default_factory=dict)
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def whoami(self, _: Request) -> Response:
        return JSONResponse({"user_id": ME, "device_id": "STANDIN"})

    async def directory(self, request: Request) -> Response:
        alias = request.path_params["alias"]
        if not alias.startswith("#") or "nowhere" in alias:
            return _error(404, "M_NOT_FOUND", f"Room alias {alias} not found")
        return JSONResponse({"room_id": _room(alias), "servers": [SERVER]})

    async def joined_rooms(self, _: Request) -> Response:
        return JSONResponse({"joined_rooms": self.joined})

    async def join(self, request: Request) -> Response:
        room = _room(request.path_params["room"])
        if room in self.closed:
            return _error(403, "M_FORBIDDEN", "You are not invited to this room.")
        self.joined.append(room)
        return JSONResponse({"room_id": room})

    async def room_state(self, request: Request) -> Response:
        found = self.state.get(request.path_params["kind"])
        return JSONResponse(found) if found else _error(404, "M_NOT_FOUND", "Event not found.")

    async def send(self, request: Request) -> Response:
        said, room = await request.json(), request.path_params["room"]
        if room not in self.joined:
            return _error(403, "M_FORBIDDEN", f"User {ME} not in room {room}")
        before = self.transactions.get(request.path_params["transaction"])
        if before:
            return JSONResponse({"event_id": before})

        async def accept() -> Response:
            if len(await request.body()) > LARGEST:
                return _error(413, "M_TOO_LARGE", "event too large")
            event = self._add(room, said)
            self.transactions[request.path_params["transaction"]] = event
            return JSONResponse({"event_id": event})

        return await accept_or_fail(self.outside, NETWORK, request, accept, REFUSALS)

    def _add(self, room: str, said: Json) -> str:
        id = f"$event{next(self.numbers)}"
        known = {"type": "m.room.message", "sender": ME, "room_id": room}
        now = int(time.time() * 1000)
        self.events.append({**known, "event_id": id, "content": said, "origin_server_ts": now})
        relation = said.get("m.relates_to") or {}
        replaced = relation.get("rel_type") == "m.replace"
        shown = said["m.new_content"] if replaced else said
        self.outside.keep(
            NETWORK,
            relation["event_id"] if replaced else id,
            room=room,
            content=shown,
            edited=now if replaced else None,
        )
        return id

    async def redact(self, request: Request) -> Response:
        id = request.path_params["event"]
        for event in self.events:
            if id in (
                event["event_id"],
                (event["content"].get("m.relates_to") or {}).get("event_id"),
            ):
                event["content"] = {}
        self.outside.remove(NETWORK, id)
        return JSONResponse({"event_id": f"$redaction{next(self.numbers)}"})

    async def messages(self, request: Request) -> Response:
        room, asked = request.path_params["room"], request.query_params
        mine = [event for event in self.events if event["room_id"] == room][::-1]
        start, limit = int(asked.get("from", "0")), int(asked.get("limit", "10"))
        end = {"end": str(start + limit)} if start + limit < len(mine) else {}
        return JSONResponse({"start": str(start), "chunk": mine[start : start + limit], **end})


def app(outside: Outside, *, state: Json | None = None, closed: tuple[str, ...] = ()) -> Starlette:
    """Serve one account. Any token is good but "revoked"; every room exists but "nowhere".

    `state` is what every room has, such as {"m.room.encryption": {…}}; those named in `closed`,
    by their ids, want an invitation.
    """
    server = _Server(outside, state or {}, closed)
    asked = {
        "account/whoami": ("GET", server.whoami),
        "directory/room/{alias}": ("GET", server.directory),
        "joined_rooms": ("GET", server.joined_rooms),
        "join/{room}": ("POST", server.join),
        "rooms/{room}/state/{kind}/": ("GET", server.room_state),
        "rooms/{room}/send/m.room.message/{transaction}": ("PUT", server.send),
        "rooms/{room}/redact/{event}/{transaction}": ("PUT", server.redact),
        "rooms/{room}/messages": ("GET", server.messages),
    }
    return Starlette(
        routes=[
            Route(f"{V3}/{path}", _signed_in(answer), methods=[method])
            for path, (method, answer) in asked.items()
        ]
    )


def _signed_in(endpoint: Endpoint) -> Endpoint:
    async def answer(request: Request) -> Response:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token in ("", REVOKED):
            return _error(401, "M_UNKNOWN_TOKEN", "Unrecognised access token", soft_logout=False)
        return await endpoint(request)

    return answer


def _room(name: str) -> str:
    return name if name.startswith("!") else f"!{name[1:].partition(':')[0]}:{SERVER}"


def _error(code: int, word: str, message: str, **more: Any) -> Response:
    return JSONResponse({"errcode": word, "error": message, **more}, code)


def _shown(kept: Kept) -> Public:
    said = kept.fields["content"]
    notes = (kept.fields["room"], said.get("msgtype", ""))
    return Public(heading=ME, html=said.get("formatted_body", ""), notes=notes)


def _channels(url: str) -> Tables:
    room = {"room": f"#towpath:{SERVER}", "access_token": "pretend-token"}
    return {"matrix": {"kind": "matrix", "homeserver": url, **room}}


STAND_IN = StandIn(name="Matrix", serve=web(app), channels=_channels, shown=_shown)
