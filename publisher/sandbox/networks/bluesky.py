"""A pretend Bluesky: one PDS, whose accounts hold posts under keys of their own choice.

Lexicons: https://atproto.com/lexicons/com-atproto-repo · https://atproto.com/specs/xrpc
"""

import base64
import hashlib
import json
import re
import time
from dataclasses import dataclass, field
from typing import Any

import grapheme
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from publisher.sandbox.outside import Kept, Outside
from publisher.sandbox.publicpage import Public, every_post, public_page
from publisher.sandbox.serving import Endpoint, accept_or_fail, base
from publisher.sandbox.standing import StandIn, Tables, web

NETWORK = "bluesky"
COLLECTION = "app.bsky.feed.post"
TID = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
REVOKED = "revoked"  # the one app password that is not accepted
HOUR = 3600
LONGEST, MOST_BYTES = 300, 3000  # graphemes and bytes of a text
HEAVIEST = 1_000_000  # bytes of a picture
Json = dict[str, Any]


@dataclass
class _Server:
    outside: Outside
    blobs: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    async def create_session(self, request: Request) -> Response:
        said = await request.json()
        handle, password = str(said.get("identifier", "")), said.get("password")
        if not handle or not password or password == REVOKED:
            return _error(401, "AuthenticationRequired", "Invalid identifier or password")
        return JSONResponse(_session(request, handle))

    async def refresh_session(self, request: Request) -> Response:
        return JSONResponse(_session(request, _handle(request)))

    async def get_session(self, request: Request) -> Response:
        handle = _handle(request)
        return JSONResponse({"did": _did(handle), "handle": handle, "active": True})

    async def get_record(self, request: Request) -> Response:
        asked = request.query_params
        kept = self.outside.get(NETWORK, asked["rkey"])
        if kept is None or asked["repo"] != kept.fields["repo"]:
            return _error(400, "RecordNotFound", f"Could not locate record: {asked['rkey']}")
        return JSONResponse({**_reference(kept), "value": kept.fields["record"]})

    async def put_record(self, request: Request) -> Response:
        said = await request.json()

        async def accept() -> Response:
            if problem := _problem(said, self.blobs):
                return _error(400, "InvalidRequest", problem)
            return JSONResponse({**_reference(self._keep(request, said)), "commit": None})

        refusals = {
            "refuse": lambda _: _error(400, "InvalidRequest", "Record is not welcome here"),
            "rate_limit": _rate_limited,
            "unauthorized": lambda _: _error(401, "AccountTakedown", "Account was taken down"),
        }
        return await accept_or_fail(self.outside, NETWORK, request, accept, refusals)

    def _keep(self, request: Request, said: Json) -> Kept:
        return self.outside.keep(
            NETWORK,
            said["rkey"],
            repo=said["repo"],
            handle=_handle(request),
            record=said["record"],
            place=base(request),
        )

    async def delete_record(self, request: Request) -> Response:
        said = await request.json()
        self.outside.remove(NETWORK, said["rkey"])  # one that is not there is no error
        return JSONResponse({"commit": {"cid": _cid(said), "rev": said["rkey"]}})

    async def upload_blob(self, request: Request) -> Response:
        content = await request.body()
        kind = "image/png" if content.startswith(b"\x89PNG") else "image/jpeg"
        cid = _cid(base64.b64encode(content).decode())
        self.blobs[cid] = (kind, content)
        blob = {"$type": "blob", "ref": {"$link": cid}, "mimeType": kind, "size": len(content)}
        return JSONResponse({"blob": blob})

    async def show_blob(self, request: Request) -> Response:
        kind, content = self.blobs.get(request.path_params["cid"], ("text/plain", b""))
        return Response(content, 200 if content else 404, media_type=kind)


def app(outside: Outside) -> Starlette:
    """Serve a PDS and the page of each post. Any handle and password do, except "revoked"."""
    server = _Server(outside)
    asked = {
        "com.atproto.server.getSession": ("GET", server.get_session),
        "com.atproto.server.refreshSession": ("POST", server.refresh_session),
        "com.atproto.repo.getRecord": ("GET", server.get_record),
        "com.atproto.repo.putRecord": ("POST", server.put_record),
        "com.atproto.repo.deleteRecord": ("POST", server.delete_record),
        "com.atproto.repo.uploadBlob": ("POST", server.upload_blob),
    }
    begin = "/xrpc/com.atproto.server.createSession"
    return Starlette(
        routes=[
            Route(begin, server.create_session, methods=["POST"]),
            *(
                Route(f"/xrpc/{name}", _signed_in(answer), methods=[method])
                for name, (method, answer) in asked.items()
            ),
            Route("/blobs/{cid}", server.show_blob),
            Route("/search", every_post(outside, NETWORK, _public)),
            Route("/profile/{handle}/post/{id}", public_page(outside, NETWORK, _public)),
        ]
    )


def _signed_in(endpoint: Endpoint) -> Endpoint:
    async def answer(request: Request) -> Response:
        if _handle(request):
            return await endpoint(request)
        return _error(401, "AuthMissing", "Authentication Required")

    return answer


def _session(request: Request, handle: str) -> Json:
    did = _did(handle)
    place = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer"}
    return {
        "accessJwt": _jwt(handle, did, "access"),
        "refreshJwt": _jwt(handle, did, "refresh"),
        "handle": handle,
        "did": did,
        "didDoc": {"id": did, "service": [{**place, "serviceEndpoint": base(request)}]},
        "active": True,
    }


def _did(handle: str) -> str:
    letters = base64.b32encode(hashlib.sha256(handle.encode()).digest()).decode().lower()
    return f"did:plc:{letters[:24]}"


def _jwt(handle: str, did: str, scope: str) -> str:
    """A token of the usual form; nobody has signed it."""
    now = int(time.time())
    claims = {"sub": did, "scope": f"com.atproto.{scope}", "iat": now, "exp": now + 2 * HOUR}
    parts = ({"typ": "JWT", "alg": "none"}, {**claims, "aud": "did:web:stand-in", "jti": handle})
    coded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    return ".".join([*(one.rstrip("=") for one in coded), "pretend"])


def _handle(request: Request) -> str:
    """Who is asking; nobody where the token is not one of ours."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ").split(".")
    if len(token) != 3 or token[2] != "pretend":
        return ""
    claims = base64.urlsafe_b64decode(token[1] + "=" * (-len(token[1]) % 4))
    return str(json.loads(claims)["jti"])


def _reference(kept: Kept) -> Json:
    uri = f"at://{kept.fields['repo']}/{COLLECTION}/{kept.id}"
    return {"uri": uri, "cid": _cid(kept.fields["record"])}


def _cid(value: Any) -> str:
    """Something like the hash of a record (CIDv1 in base32)."""
    digest = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).digest()
    coded = base64.b32encode(b"\x01\x71\x12\x20" + digest).decode().lower().rstrip("=")
    return f"b{coded}"


def _problem(said: Json, blobs: dict[str, tuple[str, bytes]]) -> str:
    record, text = said["record"], str(said["record"].get("text", ""))
    external = record.get("embed", {}).get("external", {})
    thumb = external.get("thumb", {}).get("ref", {}).get("$link")
    objections = [
        (not TID.fullmatch(said["rkey"]), "Invalid TID string"),
        (record.get("$type") != COLLECTION, f"Invalid $type: expected {COLLECTION}"),
        (not record.get("createdAt"), 'Record must have the property "createdAt"'),
        (
            grapheme.length(text) > LONGEST,
            f"Record/text must not be longer than {LONGEST} graphemes",
        ),
        (
            len(text.encode()) > MOST_BYTES,
            f"Record/text must not be longer than {MOST_BYTES} characters",
        ),
        (thumb and len(blobs.get(thumb, ("", b""))[1]) > HEAVIEST, "This file is too large"),
        (thumb and thumb not in blobs, f"Could not find blob: {thumb}"),
    ]
    return next((words for wrong, words in objections if wrong), "")


def _rate_limited(seconds: int) -> Response:
    headers = {
        "ratelimit-limit": "5000",
        "ratelimit-remaining": "0",
        "ratelimit-reset": str(int(time.time()) + seconds),
        "ratelimit-policy": "5000;w=3600",
    }
    words = {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}
    return JSONResponse(words, 429, headers=headers)


def _error(code: int, word: str, message: str) -> Response:
    return JSONResponse({"error": word, "message": message}, code)


def _public(kept: Kept) -> Public:
    said = kept.fields["record"]
    embed = said.get("embed", {})
    external = embed.get("external", {})
    found = [
        (external.get("thumb"), f"The card of {external.get('title')}"),
        *((i["image"], i["alt"]) for i in embed.get("images", [])),
    ]
    pictures = tuple(
        {"url": f"{kept.fields['place']}/blobs/{blob['ref']['$link']}", "description": alt}
        for blob, alt in found
        if blob
    )
    return Public(
        heading=f"@{kept.fields['handle']}",
        lang=next(iter(said.get("langs", [])), "en"),
        url=external.get("uri", ""),
        text=said["text"],
        pictures=pictures,
        notes=(external.get("title", ""), said["createdAt"]),
    )


def _channels(url: str) -> Tables:
    account = {"handle": "packet.towpath.example", "app_password": "pretend-password"}
    return {"bluesky": {"kind": "bluesky", "service": url, "app": url, **account}}


STAND_IN = StandIn(name="Bluesky", serve=web(app), channels=_channels, shown=_public)
