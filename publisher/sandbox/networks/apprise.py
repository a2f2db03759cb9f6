"""A pretend service for Apprise: whoever takes its JSON notifications.

Notation: https://appriseit.com/services/json/
"""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from publisher.sandbox.outside import Kept, Outside
from publisher.sandbox.publicpage import Public, public_page
from publisher.sandbox.serving import accept_or_fail
from publisher.sandbox.standing import StandIn, Tables, web

NETWORK = "apprise"


@dataclass
class _Server:
    outside: Outside
    numbers: "count[int]"

    async def take(self, request: Request) -> Response:
        if _password(request) == "revoked":
            return Response("no such key", 401)
        said = await request.json()

        async def accept() -> Response:
            wanted: dict[str, Any] = {"path": request.url.path, "at": datetime.now(UTC).isoformat()}
            told = {name: said.get(name) for name in ("version", "title", "message", "type")}
            kept = self.outside.keep(NETWORK, str(next(self.numbers)), **told, **wanted)
            return JSONResponse({"id": kept.id})

        return await accept_or_fail(self.outside, NETWORK, request, accept, REFUSALS)


def app(outside: Outside) -> Starlette:
    """Take what is posted to any path, with any password but "revoked"."""
    server = _Server(outside, count(1))
    page = public_page(outside, NETWORK, _shown)
    routes = [
        Route("/notifications/{id}", page),
        Route("/{path:path}", server.take, methods=["POST"]),
    ]
    return Starlette(routes=routes)


REFUSALS = {
    "refuse": lambda _: Response("not wanted here", 400),
    "rate_limit": lambda seconds: Response("slow", 429, {"Retry-After": str(seconds)}),
    "unauthorized": lambda _: Response("no such key", 401),
}


def _password(request: Request) -> str:
    """What HTTP's Basic says (RFC 7617)."""
    coded = request.headers.get("Authorization", "").removeprefix("Basic ")
    return base64.b64decode(coded).decode().partition(":")[2]


def _shown(kept: Kept) -> Public:
    said = kept.fields
    notes = (f"to {said['path']}", said["at"])
    return Public(heading=said["title"], text=said["message"], notes=notes)


def _channels(url: str) -> Tables:
    address = f"json://towpath:pretend-password@{urlsplit(url).netloc}/notices"
    return {"apprise": {"kind": "apprise", "url": address}}


STAND_IN = StandIn(name="Apprise", serve=web(app), channels=_channels, shown=_shown)
