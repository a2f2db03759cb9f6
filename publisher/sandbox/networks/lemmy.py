"""A pretend Lemmy, 0.19 or 1.0: the parts of its API that post, look up and edit.

API: https://join-lemmy.org/api/
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from publisher.sandbox.networks._members import LANGUAGES, OPEN_LANGUAGES, Fields, Members
from publisher.sandbox.outside import Kept, Outside
from publisher.sandbox.publicpage import Public, every_post, public_page
from publisher.sandbox.serving import Endpoint, accept_or_fail, base
from publisher.sandbox.standing import StandIn, Tables, web

NETWORK = "lemmy"
VERSIONS = {"0.19": "0.19.20", "1.0": "1.0.0-beta.1"}
KEY_LIMIT, KEY_SECONDS = 32, 120
TOKEN = "standin."  # noqa: S105  what every pretend login starts with

Answer = Callable[[Request, Fields, Kept], Response]


@dataclass
class _Server:
    outside: Outside
    version: str
    members: Members = field(default_factory=Members)
    keys: dict[tuple[str, str], float] = field(default_factory=dict)
    numbers: "count[int]" = field(default_factory=lambda: count(int(time.time())))

    @property
    def is_new(self) -> bool:
        return self.version != "0.19"

    async def site(self, request: Request) -> Response:
        name = _user(request)
        answer = {
            "site_view": {"site": {"id": 1, "name": "Stand-in", "actor_id": base(request)}},
            "admins": [],
            "version": VERSIONS[self.version],
            "all_languages": [
                {"id": id, "code": code, "name": code} for code, id in LANGUAGES.items()
            ],
            "discussion_languages": list(LANGUAGES.values()),
            "taglines": [],
            "custom_emojis": [],
            "blocked_urls": [],
        }
        if name and not request.url.path.startswith("/api/v4"):
            answer["my_user"] = self.members.my_user(name)
        return JSONResponse(answer)

    async def account(self, request: Request) -> Response:
        return JSONResponse(self.members.my_user(_user(request)))

    async def login(self, request: Request) -> Response:
        said = await request.json()
        name, password = said.get("username_or_email"), said.get("password")
        if not name or not password or password == "revoked":  # noqa: S105  a pretend one
            return _error(401, "incorrect_login")
        jwt = TOKEN + name
        return JSONResponse({"jwt": jwt, "registration_created": False, "verify_email_sent": False})

    async def community(self, request: Request) -> Response:
        name = request.query_params.get("name", "")
        if not name:
            return _error(400 if not self.is_new else 404, "couldnt_find_community")
        community = self.members.community(name)
        answer = {
            "community_view": {"community": community, "subscribed": "NotSubscribed"},
            "moderators": [],
            "discussion_languages": OPEN_LANGUAGES,
        }
        return JSONResponse(answer)

    async def create(self, request: Request) -> Response:
        said = await request.json()
        if self.is_new and self._repeated(request):
            return Response(status_code=422)

        async def accept() -> Response:
            return self._keep_new(request, said)

        refusals = self._refusals()
        return await accept_or_fail(self.outside, NETWORK, request, accept, refusals)

    def _repeated(self, request: Request) -> bool:
        """Note a key before anything is done with the post, as Lemmy 1.0 does."""
        key = request.headers.get("Idempotency-Key", "")[: KEY_LIMIT + 1]
        if not key or len(key) > KEY_LIMIT:
            return bool(key)
        now, known = time.monotonic(), (_user(request), key)
        if known in self.keys and now - self.keys[known] < KEY_SECONDS:
            return True
        self.keys[known] = now
        return False

    def _refusals(self) -> dict[str, Callable[[int], Response]]:
        return {
            "refuse": lambda _: _error(400, "blocked_url"),
            "rate_limit": lambda _: (
                _error(429, "too_many_requests") if self.is_new else _error(400, "rate_limit_error")
            ),
            "unauthorized": lambda _: _error(401, "incorrect_login"),
        }

    def _keep_new(self, request: Request, said: Fields) -> Response:
        place = self.members.place(said.get("community_id", 0))
        problem = _problem(said) if place else "couldnt_find_community"
        if problem:
            return _error(400, problem)
        id = str(next(self.numbers))
        kept = self.outside.keep(
            NETWORK,
            id,
            community=place,
            name=said["name"].strip(),
            url=said.get("url"),
            body=said.get("body"),
            language_id=said.get("language_id", 0),
            alt_text=said.get("alt_text"),
            nsfw=bool(said.get("nsfw")),
            ap_id=f"{base(request)}/post/{id}",
            creator=_user(request),
            edited=None,
            deleted=False,
            published=_now(),
        )
        return JSONResponse({"post_view": self.members.view(kept)})

    def of_post(self, answer: Answer) -> Endpoint:
        """Let whoever is signed in change the post that the request names."""

        async def endpoint(request: Request) -> Response:
            said = await request.json()
            kept = self.outside.get(NETWORK, str(said.get("post_id")))
            return answer(request, said, kept) if kept else self._gone()

        return _signed_in(endpoint)

    def edit(self, request: Request, said: Fields, kept: Kept) -> Response:
        if kept.fields["creator"] != _user(request):
            return _error(400, "no_post_edit_allowed")
        named = ("name", "url", "body", "alt_text", "language_id")
        changes = {name: said[name] for name in named if said.get(name) is not None}
        problem = _problem({**kept.fields, **changes})
        return _error(400, problem) if problem else self._change(kept, **changes, edited=_now())

    def delete(self, _: Request, said: Fields, kept: Kept) -> Response:
        return self._change(kept, deleted=bool(said.get("deleted", True)))

    def _change(self, kept: Kept, **changes: Any) -> Response:
        kept = self.outside.keep(NETWORK, kept.id, **{**kept.fields, **changes})
        return JSONResponse({"post_view": self.members.view(kept)})

    async def show(self, request: Request) -> Response:
        kept = self.outside.get(NETWORK, request.query_params.get("id", ""))
        if not kept:
            return self._gone()
        answer = {"post_view": self.members.view(kept), "moderators": [], "cross_posts": []}
        return JSONResponse(answer)

    def _gone(self) -> Response:
        return _error(404, "not_found") if self.is_new else _error(400, "couldnt_find_post")

    async def search(self, request: Request) -> Response:
        wanted = request.query_params
        if self.is_new or wanted.get("type_") != "Url":
            return _error(400, "unknown")  # 1.0 has no search by address any more
        found = [
            self.members.view(kept)
            for kept in self._of(wanted.get("creator_id"))
            if kept.fields["url"] == wanted.get("q")
        ]
        answer = {"type_": "Url", "comments": [], "communities": [], "users": [], "posts": found}
        return JSONResponse(answer)

    async def user(self, request: Request) -> Response:
        name = request.query_params.get("username", "")
        person = self.members.person(name)
        posts = [self.members.view(kept) for kept in self._of(str(person["id"]))]
        view = {"person": person, "is_admin": False}
        answer = {"person_view": view, "posts": posts, "comments": [], "moderates": []}
        return JSONResponse(answer)

    async def content(self, request: Request) -> Response:
        items = [
            {"type_": "post", **self.members.view(kept)}
            for kept in self._of(request.query_params.get("person_id"))
        ]
        return JSONResponse({"items": items[: int(request.query_params.get("limit", "10"))]})

    def _of(self, person_id: str | None) -> list[Kept]:
        """One person's posts, newest first, or everybody's."""
        posts = self.outside.posts(NETWORK)[::-1]
        if person_id is None:
            return posts
        who = self.members.person
        return [one for one in posts if str(who(one.fields["creator"])["id"]) == person_id]


def app(outside: Outside, version: str = "0.19") -> Starlette:
    """Serve communities whose posts `outside` holds, as Lemmy 0.19 (v3) or 1.0 (v4) does.

    Any name and any password but an empty one and "revoked" are good; every community exists.
    """
    if version not in VERSIONS:
        raise ValueError(f"version must be {' or '.join(VERSIONS)}, not {version!r}")
    server = _Server(outside, version)
    pages = [
        Route("/search", every_post(outside, NETWORK, _public)),
        Route("/post/{id}", public_page(outside, NETWORK, _public)),
    ]
    routes = [*pages, *_v3(server)]
    return Starlette(routes=[*routes, *_v4(server)] if server.is_new else routes)


def _v3(server: _Server) -> list[Route]:
    return [
        Route("/api/v3/site", server.site),
        Route("/api/v3/user/login", server.login, methods=["POST"]),
        Route("/api/v3/community", server.community),
        Route("/api/v3/post", server.show),
        Route("/api/v3/post", _signed_in(server.create), methods=["POST"]),
        Route("/api/v3/post", server.of_post(server.edit), methods=["PUT"]),
        Route("/api/v3/post/delete", server.of_post(server.delete), methods=["POST"]),
        Route("/api/v3/search", server.search),
        Route("/api/v3/user", server.user),
    ]


def _v4(server: _Server) -> list[Route]:
    return [
        Route("/api/v4/site", server.site),
        Route("/api/v4/account", _signed_in(server.account)),
        Route("/api/v4/account/auth/login", server.login, methods=["POST"]),
        Route("/api/v4/community", server.community),
        Route("/api/v4/post", server.show),
        Route("/api/v4/post", _signed_in(server.create), methods=["POST"]),
        Route("/api/v4/post", server.of_post(server.edit), methods=["PUT"]),
        Route("/api/v4/post", server.of_post(server.delete), methods=["DELETE"]),
        Route("/api/v4/person/content", server.content),
    ]


def _signed_in(endpoint: Endpoint) -> Endpoint:
    async def answer(request: Request) -> Response:
        return await endpoint(request) if _user(request) else _error(401, "incorrect_login")

    return answer


def _user(request: Request) -> str:
    """Who is asking; nobody where the token is no good, which most questions overlook."""
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    jwt = bearer or request.cookies.get("jwt", "")
    return jwt.removeprefix(TOKEN) if jwt.startswith(TOKEN) else ""


def _problem(said: Fields) -> str:
    name = said.get("name", "")
    if not 3 <= len(name.strip()) <= 200 or "\n" in name:
        return "invalid_post_title"
    if said.get("url") and urlsplit(said["url"]).scheme not in ("http", "https", "magnet"):
        return "invalid_url"
    if len(said.get("body") or "") > 50_000:
        return "invalid_body_field"
    if len(said.get("alt_text") or "") > 1500:
        return "alt_text_length_overflow"
    return "" if said.get("language_id", 0) in OPEN_LANGUAGES else "language_not_allowed"


def _public(kept: Kept) -> Public:
    said = kept.fields
    edited = f"edited {said['edited']}" if said["edited"] else ""
    return Public(
        heading=said["name"],
        url=said["url"] or "",
        text=said["body"] or "",
        notes=(f"!{said['community']}", said["creator"], said["published"], edited),
    )


def _error(code: int, word: str) -> Response:
    return JSONResponse({"error": word}, code)


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _channels(url: str) -> Tables:
    place = {"community": "towpath", "username": "packet", "password": "pretend-password"}
    return {"lemmy": {"kind": "lemmy", "instance": url, **place}}


STAND_IN = StandIn(name="Lemmy", serve=web(app), channels=_channels, shown=_public, card="lemming")
