"""A pretend Mastodon with one account: the parts of its API that post, look up and edit.

API: https://docs.joinmastodon.org/methods/
"""

import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from publisher.sandbox.networks._oauth import Consent
from publisher.sandbox.networks._statuses import (
    ALT_LIMIT,
    CHARACTERS,
    PICTURES,
    Fields,
    account,
    attachment,
    instance,
    shown,
    status,
    status_length,
)
from publisher.sandbox.outside import Kept, Outside
from publisher.sandbox.publicpage import Public, every_post, public_page
from publisher.sandbox.serving import Endpoint, accept_or_fail, base
from publisher.sandbox.standing import StandIn, Tables, web

NETWORK = "mastodon"
SCOPES = ["read", "write:statuses", "write:media"]

Answer = Callable[[Request, Kept], Awaitable[Response]]


@dataclass(frozen=True, kw_only=True)
class Picture:
    """An upload. `content` is what was sent, byte for byte."""

    content: bytes
    kind: str
    description: str


@dataclass
class _Server:
    outside: Outside
    characters: int
    version: str
    pictures: dict[str, Picture] = field(default_factory=dict)
    answered: dict[str, str] = field(default_factory=dict)  # idempotency key to status id
    numbers: "count[int]" = field(default_factory=lambda: count(int(time.time() * 1000) << 16))
    consent: Consent = field(
        default_factory=lambda: Consent(network=NETWORK, path="/oauth/authorize")
    )
    allowed: dict[str, list[str]] = field(default_factory=dict)  # token to scopes

    async def register(self, request: Request) -> Response:
        """Know a client, https://docs.joinmastodon.org/methods/apps/#create."""
        wanted = await _form(request)
        if not wanted.get("client_name") or not wanted.get("redirect_uris"):
            return _error(422, "Validation failed: Redirect URI must be an absolute URI.")
        made = {"client_id": secrets.token_hex(8), "client_secret": secrets.token_hex(8)}
        names = {"id": "1", "name": wanted["client_name"], "website": None}
        return JSONResponse({**names, "redirect_uri": wanted["redirect_uris"], **made})

    async def token(self, request: Request) -> Response:
        """Exchange a code, https://docs.joinmastodon.org/methods/oauth/#token."""
        form = await _form(request)
        grant = self.consent.redeemed(form, form.get("client_id", ""))
        if grant is None:
            words = "The provided authorization grant is invalid, expired, revoked."
            return JSONResponse({"error": "invalid_grant", "error_description": words}, 400)
        token = f"pretend-{secrets.token_urlsafe(16)}"
        self.allowed[token] = [*grant.scopes]
        said = {"token_type": "Bearer", "scope": " ".join(grant.scopes)}
        return JSONResponse({"access_token": token, **said, "created_at": int(time.time())})

    async def application(self, request: Request) -> Response:
        token = request.headers["Authorization"].split()[-1]
        scopes = self.allowed.get(token, SCOPES)
        said = {"id": "1", "name": "stand-in", "website": None}
        return JSONResponse({**said, "scopes": scopes})

    def _may(self, request: Request, scope: str) -> bool:
        token = request.headers["Authorization"].split()[-1]
        return scope in self.allowed.get(token, [scope])

    async def create(self, request: Request) -> Response:
        if not self._may(request, "write:statuses"):
            return _error(403, "This action is outside the authorized scopes")
        wanted = await _form(request)

        async def accept() -> Response:
            return self._keep_new(request, wanted)

        return await accept_or_fail(self.outside, NETWORK, request, accept, REFUSALS)

    def _keep_new(self, request: Request, wanted: Fields) -> Response:
        key = request.headers.get("Idempotency-Key", "")
        earlier = self.outside.get(NETWORK, self.answered.get(key, ""))
        if earlier:
            return JSONResponse(status(request, earlier))
        problem = self._problem(wanted)
        if problem:
            return _error(422, problem)
        answered = wanted.get("in_reply_to_id")
        if answered and not self.outside.get(NETWORK, answered):
            return _error(404, "Record not found")
        id = str(next(self.numbers))
        kept = self.outside.keep(
            NETWORK,
            id,
            **self._said(request, wanted),
            language=wanted.get("language") or "en",
            visibility=wanted.get("visibility") or "public",
            in_reply_to_id=answered,
            url=f"{base(request)}/@demo/{id}",
            created_at=datetime.now(UTC).isoformat(),
            edited=None,
        )
        if key:
            self.answered[key] = id
        return JSONResponse(status(request, kept))

    def _problem(self, wanted: Fields) -> str:
        text, spoiler = wanted.get("status", ""), wanted.get("spoiler_text") or ""
        if not text.strip() and not wanted["media_ids"]:
            return "Validation failed: Text can't be blank"
        if self._length(text, spoiler) > self.characters:
            return f"Validation failed: Text character limit of {self.characters} exceeded"
        if any(id not in self.pictures for id in wanted["media_ids"]):
            return "Validation failed: Media attachment not found"
        return ""

    def _length(self, text: str, spoiler: str) -> int:
        """Count as Mastodon, or code points like most that are only compatible with it."""
        return (len(text) + len(spoiler)) if " " in self.version else status_length(text, spoiler)

    async def instance(self, request: Request) -> Response:
        told = instance(request, characters=self.characters, version=self.version)
        return JSONResponse(told)

    def _said(self, request: Request, wanted: Fields) -> Fields:
        return {
            "text": wanted["status"],
            "html": shown(wanted["status"]),
            "spoiler_text": wanted.get("spoiler_text") or "",
            "media": [self._attachment(request, id) for id in wanted["media_ids"]],
        }

    def _attachment(self, request: Request, id: str) -> Fields:
        picture = self.pictures[id]
        url = f"{base(request)}/media/{id}"
        return {"id": id, "url": url, "description": picture.description}

    def of_status(self, answer: Answer) -> Endpoint:
        """Let whoever is signed in ask about the status that the path names."""

        async def endpoint(request: Request) -> Response:
            kept = self.outside.get(NETWORK, request.path_params["id"])
            return await answer(request, kept) if kept else _error(404, "Record not found")

        return _signed_in(endpoint)

    async def show(self, request: Request, kept: Kept) -> Response:
        return JSONResponse(status(request, kept))

    async def context(self, request: Request, kept: Kept) -> Response:
        """Tell what was answered to a status, and to the answers."""
        under, below = {kept.id}, []
        for one in self.outside.posts(NETWORK):
            if one.fields.get("in_reply_to_id") in under:
                under.add(one.id)
                below.append(status(request, one))
        return JSONResponse({"ancestors": [], "descendants": below})

    async def edit(self, request: Request, kept: Kept) -> Response:
        wanted = await _form(request)
        for change in wanted.get("media_attributes", []):
            self._describe(change["id"], change.get("description"))
        problem = self._problem(wanted)
        if problem:
            return _error(422, problem)
        changed = {**kept.fields, **self._said(request, wanted), "edited": _now()}
        kept = self.outside.keep(NETWORK, kept.id, **changed)
        return JSONResponse(status(request, kept))

    async def delete(self, request: Request, kept: Kept) -> Response:
        self.outside.remove(NETWORK, kept.id)
        return JSONResponse({**status(request, kept), "text": kept.fields["text"]})

    async def source(self, _: Request, kept: Kept) -> Response:
        said = {name: kept.fields[name] for name in ("text", "spoiler_text")}
        return JSONResponse({"id": kept.id, **said})

    async def statuses(self, request: Request) -> Response:
        limit = min(int(request.query_params.get("limit", "20")), 40)
        before = int(request.query_params.get("max_id", str(1 << 80)))
        newest = reversed(self.outside.posts(NETWORK))
        page = [kept for kept in newest if int(kept.id) < before][:limit]
        return JSONResponse([status(request, kept) for kept in page])

    async def upload(self, request: Request) -> Response:
        async with request.form() as form:
            file, description = form.get("file"), str(form.get("description") or "")
            if not isinstance(file, UploadFile):
                return _error(422, "Validation failed: File can't be blank")
            content, kind = await file.read(), file.content_type or ""
        if kind not in PICTURES:
            return _error(422, "Validation failed: File content type is invalid")
        if len(description) > ALT_LIMIT:
            return _error(422, f"Validation failed: Description is over {ALT_LIMIT} characters")
        id = str(next(self.numbers))
        self.pictures[id] = Picture(content=content, kind=kind, description=description)
        return JSONResponse(self._media(request, id))

    def _describe(self, id: str, description: str | None) -> None:
        if id in self.pictures:
            described = replace(self.pictures[id], description=(description or "")[:ALT_LIMIT])
            self.pictures[id] = described

    def _media(self, request: Request, id: str) -> Fields:
        return attachment(self._attachment(request, id))

    async def media(self, request: Request) -> Response:
        id = request.path_params["id"]
        if id not in self.pictures:
            return _error(404, "Record not found")
        if request.method == "PUT":
            self._describe(id, (await _form(request)).get("description"))
        return JSONResponse(self._media(request, id))

    async def picture(self, request: Request) -> Response:
        picture = self.pictures.get(request.path_params["id"])
        if not picture:
            return _error(404, "Record not found")
        return Response(picture.content, media_type=picture.kind)


def app(outside: Outside, *, characters: int = CHARACTERS, version: str = "4.5.0") -> Starlette:
    """Serve one account whose statuses `outside` holds, each of `characters` at most.

    A `version` with a space in it, "2.7.2 (compatible; Pleroma 2.5.0)", is another's server.

    Any token but an empty one and "revoked" is good. Pictures live as long as the app.
    """
    server = _Server(outside, characters, version)
    return Starlette(
        routes=[
            Route("/api/v1/accounts/verify_credentials", _signed_in(_account_answer)),
            Route("/api/v1/accounts/{id}/statuses", _signed_in(server.statuses)),
            Route("/api/v1/apps", server.register, methods=["POST"]),
            Route("/api/v1/apps/verify_credentials", _signed_in(server.application)),
            *server.consent.routes(),
            Route("/oauth/token", server.token, methods=["POST"]),
            Route("/api/v1/instance", server.instance),
            Route("/api/v2/instance", server.instance),
            Route("/api/v1/statuses", _signed_in(server.create), methods=["POST"]),
            Route("/api/v1/statuses/{id}", server.of_status(server.show)),
            Route("/api/v1/statuses/{id}", server.of_status(server.edit), methods=["PUT"]),
            Route("/api/v1/statuses/{id}", server.of_status(server.delete), methods=["DELETE"]),
            Route("/api/v1/statuses/{id}/context", server.of_status(server.context)),
            Route("/api/v1/statuses/{id}/source", server.of_status(server.source)),
            Route("/api/v2/media", _signed_in(server.upload), methods=["POST"]),
            Route("/api/v1/media/{id}", _signed_in(server.media), methods=["GET", "PUT"]),
            Route("/media/{id}", server.picture),
            Route("/search", every_post(outside, NETWORK, _public)),
            Route("/@demo/{id}", public_page(outside, NETWORK, _public)),
        ]
    )


def _signed_in(endpoint: Endpoint) -> Endpoint:
    async def answer(request: Request) -> Response:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return _error(401, "This method requires an authenticated user")
        if token == "revoked":  # noqa: S105  the one token that is no good
            return _error(401, "The access token was revoked")
        return await endpoint(request)

    return answer


async def _form(request: Request) -> Fields:
    """Read a body of either kind; `media_ids` is always there, a list."""
    if request.headers.get("Content-Type", "").startswith("application/json"):
        wanted = dict(await request.json())
        wanted["media_ids"] = [str(id) for id in wanted.get("media_ids") or []]
        return wanted
    async with request.form() as form:
        said: Fields = {name: str(value) for name, value in form.items()}
        said["media_ids"] = [str(id) for id in form.getlist("media_ids[]")]
        return said


async def _account_answer(request: Request) -> Response:
    return JSONResponse(account(request))


def _public(kept: Kept) -> Public:
    said = kept.fields
    edited = f"edited {said['edited']}" if said["edited"] else ""
    return Public(
        heading="@demo",
        lang=said["language"],
        text=said["spoiler_text"],
        html=said["html"],
        pictures=said["media"],
        notes=(said["visibility"], said["created_at"], edited),
    )


def _rate_limited(seconds: int) -> Response:
    reset = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
    headers = {
        "X-RateLimit-Limit": "300",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": reset,
    }
    return _error(429, "Too many requests", headers)


def _error(code: int, words: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": words}, code, headers)


def _now() -> str:
    return datetime.now(UTC).isoformat()


REFUSALS = {
    "refuse": lambda _: _error(422, "Validation failed: Text is not welcome here"),
    "rate_limit": _rate_limited,
    "unauthorized": lambda _: _error(401, "The access token was revoked"),
}


def _channels(url: str) -> Tables:
    account = {"access_token": "pretend-token", "visibility": "public"}
    return {"mastodon": {"kind": "mastodon", "instance": url, **account}}


STAND_IN = StandIn(name="Mastodon", serve=web(app), channels=_channels, shown=_public, card="toot")
