"""A pretend LinkedIn: posts, pictures and signing in, with the rules of the versioned API.

API: https://learn.microsoft.com/linkedin/marketing/community-management/shares/posts-api
"""

import json
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from publisher.sandbox.networks._oauth import Consent
from publisher.sandbox.outside import Kept, Outside
from publisher.sandbox.publicpage import Public, every_post, public_page
from publisher.sandbox.serving import Endpoint, accept_or_fail, base
from publisher.sandbox.standing import StandIn, Tables, web

NETWORK = "linkedin"
MEMBER, NAME = "towpath", "Tilda Towpath"
ORGANIZATION = "urn:li:organization:5515715"
OLDEST = "202511"  # of the months that are taken
TEXT, TITLE, DESCRIPTION, A_DAY = 3000, 400, 4086, 150
TERM = 60 * 86_400  # seconds that a token lives
LITTLE = re.compile(
    r"\\(?P<plain>[\\|{}@\[\]()<>#*_~])"
    r"|\{hashtag\|\\?#\|(?P<tag>[^\W_]+)\}|@\[(?P<who>[^\]]*)\]\(urn:li:[\w:-]+\)"
    r"|(?P<word>#[^\W_]+)|(?P<rest>[^\\|{}@\[\]()<>#*_~])"
)

Fields = dict[str, Any]


@dataclass
class _Server:
    outside: Outside
    a_day: int
    made: "count[int]" = field(default_factory=lambda: count(1))
    pictures: dict[str, bytes | None] = field(default_factory=dict)
    allowed: dict[str, tuple[str, ...]] = field(default_factory=dict)  # token to scopes
    consent: Consent = field(
        default_factory=lambda: Consent(network=NETWORK, path="/oauth/v2/authorization")
    )

    async def token(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        if form.get("client_secret") in (None, "", "revoked"):
            words = "Client authentication failed"
            return JSONResponse({"error": "invalid_client", "error_description": words}, 401)
        grant = self.consent.redeemed(form, form.get("client_id", ""))
        if grant is None:
            words = "appid/redirect uri/code verifier does not match authorization code"
            return JSONResponse({"error": "invalid_request", "error_description": words}, 400)
        token = f"pretend-{secrets.token_urlsafe(16)}"
        self.allowed[token] = grant.scopes
        said: Fields = {"expires_in": TERM, "scope": ",".join(grant.scopes), "token_type": "Bearer"}
        return JSONResponse({"access_token": token, **said})

    async def who(self, request: Request) -> Response:
        if not self.may(request, "openid") or not self.may(request, "profile"):
            return _no(403, "ACCESS_DENIED", _rights("me", "GET", "NO_VERSION"), 100)
        return JSONResponse({"sub": MEMBER, "name": NAME, "locale": "en_US"})

    async def create(self, request: Request) -> Response:
        async def accept() -> Response:
            said = dict(json.loads(await request.body()))
            if refusal := self.forbidden(request, said) or self.objection(said):
                return refusal
            urn = f"urn:li:share:{7_400_000_000_000_000_000 + next(self.made)}"
            self.keep(urn, said)
            return Response(status_code=201, headers={"x-restli-id": urn})

        return await accept_or_fail(self.outside, NETWORK, request, accept, REFUSALS)

    async def change(self, request: Request) -> Response:
        """A partial update, which may change the text alone."""
        kept = self.outside.get(NETWORK, request.path_params["urn"])
        if request.headers.get("X-RestLi-Method", "").upper() != "PARTIAL_UPDATE":
            return _no(400, "BAD_REQUEST", "X-RestLi-Method must be PARTIAL_UPDATE")
        if kept is None:
            return _no(404, "NOT_FOUND", "Could not find entity")
        changed = json.loads(await request.body()).get("patch", {}).get("$set", {})
        if refusal := self.forbidden(request, kept.fields):
            return refusal
        if set(changed) != {"commentary"}:
            return _wrong("NOT_EDITABLE", f"may not be changed: {', '.join(sorted(changed))}")
        if _units(changed["commentary"]) > TEXT:
            return _too_long("/commentary", TEXT)
        self.keep(kept.id, {**kept.fields, **changed, "edited": True})
        return Response(status_code=204)

    async def delete(self, request: Request) -> Response:
        """Answer alike for what is gone already."""
        kept = self.outside.get(NETWORK, request.path_params["urn"])
        if kept and (refusal := self.forbidden(request, kept.fields)):
            return refusal
        if kept:
            self.outside.remove(NETWORK, kept.id)
        return Response(status_code=204)

    async def read(self, request: Request) -> Response:
        """Nobody has the right to, as most apps have not."""
        month = request.headers["LinkedIn-Version"]
        words = _rights("partnerApiPostsExternal", "GET", month)
        return _no(403, "ACCESS_DENIED", words, 100)

    async def begin_upload(self, request: Request) -> Response:
        asked = json.loads(await request.body()).get("initializeUploadRequest", {})
        if refusal := self.forbidden(request, {"author": asked.get("owner")}):
            return refusal
        id = secrets.token_urlsafe(12)
        self.pictures[f"urn:li:image:{id}"] = None
        place = f"{base(request)}/dms-uploads/{id}/uploaded-image/0"
        value = {"uploadUrl": place, "image": f"urn:li:image:{id}"}
        return JSONResponse({"value": {"uploadUrlExpiresAt": 4_102_444_800_000, **value}})

    async def take_upload(self, request: Request) -> Response:
        urn, content = f"urn:li:image:{request.path_params['id']}", await request.body()
        if urn not in self.pictures or not content:
            return Response("no such upload", 400)
        self.pictures[urn] = content
        return Response(status_code=201)

    def may(self, request: Request, scope: str) -> bool:
        """Tokens that were not granted here may do everything."""
        return scope in self.allowed.get(_token(request), (scope,))

    def forbidden(self, request: Request, said: Fields) -> Response | None:
        """The answer to who may not post for this author."""
        author = str(said.get("author"))
        person = author == f"urn:li:person:{MEMBER}"
        scope = "w_member_social" if person else "w_organization_social"
        if (person or author == ORGANIZATION) and self.may(request, scope):
            return None
        month = request.headers["LinkedIn-Version"]
        words = _rights("partnerApiPostsExternal", "CREATE", month)
        return _no(403, "ACCESS_DENIED", words, 100)

    def objection(self, said: Fields) -> Response | None:
        """What LinkedIn does not take of a post, if anything."""
        text, card = str(said.get("commentary", "")), (said.get("content") or {}).get("article")
        lacking = {"commentary", "visibility", "distribution", "lifecycleState"} - set(said)
        if lacking or (card is not None and not (card.get("source") and card.get("title"))):
            return _no(400, "MISSING_FIELD", f"fields are required: {sorted(lacking) or 'article'}")
        card = card or {}
        limits = {
            "/commentary": (text, TEXT),
            "/content/article/title": (card.get("title", ""), TITLE),
            "/content/article/description": (card.get("description", ""), DESCRIPTION),
        }
        for place, (words, limit) in limits.items():
            if _units(words) > limit:
                return _too_long(place, limit)
        if "thumbnail" in card and not self.pictures.get(card["thumbnail"]):
            return _wrong("INVALID_VALUE", "/content/article/thumbnail is no uploaded image")
        there = [kept for kept in self.outside.posts(NETWORK) if _same(kept.fields, said)]
        if there:
            return _duplicate(there[0].id)
        return _too_many() if len(self.outside.posts(NETWORK)) >= self.a_day else None

    def keep(self, urn: str, said: Fields) -> None:
        picture = ((said.get("content") or {}).get("article") or {}).get("thumbnail", "")
        size = len(self.pictures.get(picture) or b"")
        shown = {"text": as_read(said["commentary"]), "picture": size}
        self.outside.keep(NETWORK, urn, **{"edited": False, **said, **shown})


def app(outside: Outside, *, a_day: int = A_DAY, oldest: str = OLDEST) -> Starlette:
    """Serve one member, who administers one organisation, in versions from `oldest` on.

    Any token is good but none, "revoked" and "expired".
    """
    server = _Server(outside, a_day)
    rest: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
        ("POST", "/rest/posts", server.create),
        ("POST", "/rest/posts/{urn}", server.change),
        ("DELETE", "/rest/posts/{urn}", server.delete),
        ("GET", "/rest/posts/{urn}", server.read),
        ("POST", "/rest/images", server.begin_upload),
    ]
    everything = every_post(outside, NETWORK, _shown)
    place = "/dms-uploads/{id}/uploaded-image/0"
    return Starlette(
        routes=[
            *(Route(path, _versioned(asked, oldest), methods=[how]) for how, path, asked in rest),
            Route(place, _with_token(server.take_upload), methods=["PUT"]),
            Route("/v2/userinfo", _with_token(server.who)),
            Route("/oauth/v2/accessToken", server.token, methods=["POST"]),
            *server.consent.routes(),
            Route("/company/{id}/admin/page-posts/published/", everything),
            Route("/in/me/recent-activity/all/", everything),
            Route("/feed/update/{id}/", public_page(outside, NETWORK, _shown)),
        ]
    )


def _with_token(endpoint: Endpoint) -> Endpoint:
    bad = {
        "": (65604, "EMPTY_ACCESS_TOKEN", "Empty oauth2 access token"),
        "revoked": (65601, "REVOKED_ACCESS_TOKEN", "The token has been revoked by the user"),
        "expired": (65602, "EXPIRED_ACCESS_TOKEN", "The token used in the request has expired"),
    }

    async def answer(request: Request) -> Response:
        if named := bad.get(_token(request)):
            number, code, words = named
            return _no(401, code, words, number)
        return await endpoint(request)

    return answer


def _versioned(endpoint: Endpoint, oldest: str) -> Endpoint:
    """Let through who names a month that is taken, after the token."""

    async def answer(request: Request) -> Response:
        month = request.headers.get("LinkedIn-Version", "")
        if not month:
            return _no(400, "VERSION_MISSING", "A version must be present.")
        if not re.fullmatch(r"20\d\d(0[1-9]|1[0-2])", month) or month < oldest:
            words = f"Requested version {month}01 is not active"
            return _no(426, "NONEXISTENT_VERSION", words)
        if request.headers.get("X-Restli-Protocol-Version") != "2.0.0":
            return _no(400, "BAD_REQUEST", "X-Restli-Protocol-Version must be 2.0.0")
        return await endpoint(request)

    return _with_token(answer)


def as_read(commentary: str) -> str:
    """What readers see of a text: it ends where a reserved character is not escaped."""
    shown, place = [], 0
    while found := LITTLE.match(commentary, place):
        told = found.groupdict()
        tag = f"#{told['tag']}" if told["tag"] else ""
        shown.append(told["plain"] or tag or told["who"] or told["word"] or told["rest"])
        place = found.end()
    return "".join(shown)


def _token(request: Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _same(kept: Fields, said: Fields) -> bool:
    return all(kept.get(name) == said.get(name) for name in ("author", "commentary"))


def _no(status: int, code: str, words: str, number: int | None = None, **more: Any) -> Response:
    named = {} if number is None else {"serviceErrorCode": number}
    return JSONResponse({"status": status, **named, "code": code, "message": words, **more}, status)


def _rights(resource: str, method: str, month: str) -> str:
    return f"Not enough permissions to access: {resource}.{method}.{month}"


def _wrong(code: str, words: str) -> Response:
    inputs = {"inputErrors": [{"description": words, "input": {}, "code": code}]}
    said = {"errorDetailType": "com.linkedin.common.error.BadRequest", "errorDetails": inputs}
    return JSONResponse({**said, "message": words, "status": 422}, 422)


def _too_long(place: str, limit: int) -> Response:
    return _wrong("FIELD_LENGTH_TOO_LONG", f"{place} is longer than {limit} characters")


def _duplicate(urn: str) -> Response:
    return _wrong("DUPLICATE_POST", f"Content is a duplicate of {urn}")


def _too_many(seconds: int = 0) -> Response:
    """A pause is named for a planned fault only; LinkedIn's limit is one of a day."""
    unit = "MINUTE" if seconds else "DAY"
    words = f"Resource level throttle APPLICATION_AND_MEMBER {unit} limit is reached."
    answer = _no(429, "TOO_MANY_REQUESTS", words, 101)
    if seconds:
        answer.headers["Retry-After"] = str(seconds)
    return answer


REFUSALS = {
    "refuse": lambda _: _wrong("INVALID_CONTENT", "the content does not meet our policies"),
    "rate_limit": _too_many,
    "unauthorized": lambda _: _no(401, "REVOKED_ACCESS_TOKEN", "The token was revoked", 65601),
}


def _shown(kept: Kept) -> Public:
    said = kept.fields
    card = (said.get("content") or {}).get("article") or {}
    edited = "edited" if said["edited"] else ""
    picture = f"a picture of {said['picture']} bytes" if said["picture"] else ""
    return Public(
        heading=card.get("title") or said["text"].partition("\n")[0],
        url=card.get("source", ""),
        text=said["text"],
        notes=(said["author"], picture, edited),
    )


def _channels(url: str) -> Tables:
    account = {"author": f"urn:li:person:{MEMBER}", "access_token": "pretend-token"}
    return {"linkedin": {"kind": "linkedin", **account, "api_url": url, "site": url}}


STAND_IN = StandIn(name="LinkedIn", serve=web(app), channels=_channels, shown=_shown)
