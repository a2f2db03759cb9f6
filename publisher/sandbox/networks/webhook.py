"""A pretend receiver of webhooks: it verifies each message, and takes each id once.

Notation: Standard Webhooks 1.0.0 (https://www.standardwebhooks.com).
"""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from publisher.sandbox.outside import Kept, Outside
from publisher.sandbox.publicpage import Public, public_page
from publisher.sandbox.serving import accept_or_fail
from publisher.sandbox.standing import StandIn, Tables, web

NETWORK = "webhook"
SECRET = "whsec_cHJldGVuZC1zZWNyZXQtb2YtdGhlLXNhbmRib3g="  # noqa: S105  pretend: it says so itself
TOLERANCE = 300  # seconds that a message may be old


@dataclass
class _Receiver:
    outside: Outside
    secret: str
    seen: set[str] = field(default_factory=set)

    async def take(self, request: Request) -> Response:
        if request.path_params["name"] == "revoked":
            return PlainTextResponse("this address was taken back", 410)
        if request.method != "POST":
            return PlainTextResponse("POST only", 405)
        body = await request.body()
        if trouble := self._trouble(request, body):
            return PlainTextResponse(trouble, 401)

        async def accept() -> Response:
            if (id := request.headers["webhook-id"]) not in self.seen:
                self.seen.add(id)
                self._keep(id, json.loads(body))
            return JSONResponse({"taken": id})

        return await accept_or_fail(self.outside, NETWORK, request, accept, REFUSALS)

    def _trouble(self, request: Request, body: bytes) -> str:
        """Why a message is not to be believed; "" where it is."""
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        id, then, signatures = (request.headers.get(name, "") for name in names)
        if "." in id or not id or not then.isdecimal():
            return "no webhook-id or webhook-timestamp"
        if abs(time.time() - int(then)) > TOLERANCE:
            return "too old"
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        wanted = hmac.digest(key, f"{id}.{then}.".encode() + body, hashlib.sha256)
        ours = f"v1,{base64.b64encode(wanted).decode()}"
        known = any(hmac.compare_digest(ours, one) for one in signatures.split())
        return "" if known else "the signature is not ours"

    def _keep(self, id: str, said: dict[str, Any]) -> None:
        place = said["data"]["id"].replace("/", ".")
        if said["type"] == "issue.retracted":
            self.outside.remove(NETWORK, place)
        else:
            told = {name: value for name, value in said["data"].items() if name != "id"}
            self.outside.keep(NETWORK, place, event=said["type"], message=id, **told)


def app(outside: Outside, secret: str = SECRET) -> Starlette:
    """Take messages at /hooks/NAME, with any name but "revoked"."""
    receiver = _Receiver(outside, secret)
    routes = [
        Route("/issues/{id}", public_page(outside, NETWORK, _shown)),
        Route("/hooks/{name}", receiver.take, methods=["POST", "HEAD"]),
    ]
    return Starlette(routes=routes)


REFUSALS = {
    "refuse": lambda _: PlainTextResponse("not wanted here", 422),
    "rate_limit": lambda seconds: PlainTextResponse("slow", 429, {"Retry-After": str(seconds)}),
    "unauthorized": lambda _: PlainTextResponse("who are you?", 401),
}


def _shown(kept: Kept) -> Public:
    said = kept.fields
    return Public(
        heading=said["title"],
        lang=said["lang"],
        url=said["url"],
        text=said["summary"],
        notes=(said["event"], said["message"]),
    )


def _channels(url: str) -> Tables:
    table = {"kind": "webhook", "url": f"{url}/hooks/packet", "secret": SECRET, "internal": True}
    return {"webhook": table}


STAND_IN = StandIn(name="Webhook", serve=web(app), channels=_channels, shown=_shown)
