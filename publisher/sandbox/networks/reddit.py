"""A stand-in for Reddit: the endpoints that posting to a subreddit needs, as PRAW calls them."""

import base64
import secrets
import time
from dataclasses import dataclass, field
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

NETWORK = "reddit"
WINDOW, QUOTA = 600, 1000  # seconds, requests
ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
FLAIRS = ("Newsletter", "Release", "Question")


@dataclass
class Subreddits:
    """What is said about every subreddit, and who is signed in with which token."""

    outside: Outside
    takes: str  # any | link | self
    missing: tuple[str, ...]
    tokens: dict[str, str] = field(default_factory=dict)
    revoked: int = 0  # so many sign-ins will be turned down
    used: int = 0
    window: float = field(default_factory=time.monotonic)
    made: int = 0
    allowed: dict[str, str] = field(default_factory=dict)  # refresh token to scopes
    consent: Consent = field(
        default_factory=lambda: Consent(network=NETWORK, path="/api/v1/authorize")
    )

    async def access_token(self, request: Request) -> Response:
        """RFC 6749 §4.1, §4.3 and §6. A secret of "revoked" is never accepted."""
        form = {name: str(value) for name, value in (await request.form()).items()}
        if _basic(request).partition(":")[2] in ("", "revoked"):
            return JSONResponse({"message": "Unauthorized", "error": 401}, 401)
        if form.get("grant_type") == "authorization_code":
            return self._first_token(form, _basic(request).partition(":")[0])
        given = form.get("password") or form.get("refresh_token") or "revoked"
        if self.revoked or given == "revoked":
            self.revoked = max(self.revoked - 1, 0)
            return JSONResponse({"error": "invalid_grant"}, 400)
        token = secrets.token_urlsafe(16)
        self.tokens[token] = form.get("username", "newsletter")
        said = {"token_type": "bearer", "expires_in": 86400, "scope": self.allowed.get(given, "*")}
        return JSONResponse({"access_token": token, **said})

    def _first_token(self, form: dict[str, str], client_id: str) -> Response:
        """Reddit answers 200 to a code that is no good, too."""
        grant = self.consent.redeemed(form, client_id)
        if grant is None:
            return JSONResponse({"error": "invalid_grant"})
        token = secrets.token_urlsafe(16)
        self.tokens[token] = "newsletter"
        lasting = f"pretend-{secrets.token_urlsafe(16)}"
        self.allowed[lasting] = " ".join(grant.scopes)
        said = {"token_type": "bearer", "expires_in": 86400, "scope": self.allowed[lasting]}
        return JSONResponse({"access_token": token, **said, "refresh_token": lasting})

    async def me(self, request: Request) -> Response:
        name = self.author(request)
        return JSONResponse({"name": name, "id": f"u{len(name)}", "is_suspended": False})

    async def about(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name.lower() in self.missing:
            return Response(status_code=302, headers={"Location": f"/subreddits/search?q={name}"})
        facts = {"display_name": name, "id": "s1", "name": "t5_s1", "submission_type": self.takes}
        return JSONResponse({"kind": "t5", "data": {**facts, "subreddit_type": "public"}})

    async def flairs(self, _: Request) -> Response:
        choices = [
            {"flair_text": text, "flair_template_id": _flair_id(text), "flair_text_editable": False}
            for text in FLAIRS
        ]
        return JSONResponse({"choices": choices, "current": {"flair_text": None}})

    async def submit(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}

        async def accept() -> Response:
            return self.problem(form) or self.keep(request, form)

        refusals = {
            "refuse": lambda _: _errors("SUBREDDIT_NOTALLOWED", "you may not post there."),
            "rate_limit": _rate_limit,
            "unauthorized": self.sign_out,
        }
        return await accept_or_fail(self.outside, NETWORK, request, accept, refusals)

    def sign_out(self, _: int) -> Response:
        """Forget who is signed in, and turn the next sign-in down."""
        self.tokens.clear()
        self.revoked += 1
        return _unauthorized()

    def problem(self, form: dict[str, str]) -> Response | None:
        """What Reddit objects to, if anything."""
        kind, title, text = (form.get(name, "") for name in ("kind", "title", "text"))
        again = form.get("resubmit", "True") == "True"
        stale = kind == "link" and not again and self.linked(form.get("url", ""), form["sr"])
        flairs = map(_flair_id, FLAIRS)
        objections: list[tuple[object, tuple[str, str, str]]] = [
            (not title.strip(), ("NO_TEXT", "we need something here", "title")),
            (len(title) > 300, ("TOO_LONG", "this is too long (max: 300)", "title")),
            (len(text) > 40_000, ("TOO_LONG", "this is too long (max: 40000)", "text")),
            (self.takes not in ("any", kind), (f"NO_{kind.upper()}S", "not taken here", "sr")),
            ("flair_id" in form and form["flair_id"] not in flairs, ("BAD_FLAIR", "no", "flair")),
            (form["sr"].lower() in self.missing, ("SUBREDDIT_NOEXIST", "doesn't exist", "sr")),
            (stale, ("ALREADY_SUB", "that link has already been submitted", "url")),
        ]
        return next((_errors(*words) for wrong, words in objections if wrong), None)

    def linked(self, url: str, subreddit: str) -> list[Kept]:
        return [
            kept
            for kept in self.outside.posts(NETWORK)
            if kept.fields["url"].rstrip("/") == url.rstrip("/")
            and kept.fields["subreddit"].lower() == subreddit.lower()
        ]

    def keep(self, request: Request, form: dict[str, str]) -> Response:
        self.made += 1
        id, place = _base36(36**5 + self.made), form["sr"]
        permalink = f"/r/{place}/comments/{id}/{_slug(form['title'])}/"
        here = base(request) + permalink
        self.outside.keep(
            NETWORK,
            id,
            subreddit=place,
            title=form["title"],
            url=form.get("url") or here,
            selftext=form.get("text", ""),
            flair_text=next((f for f in FLAIRS if _flair_id(f) == form.get("flair_id")), None),
            over_18=form.get("nsfw") == "True",
            spoiler=form.get("spoiler") == "True",
            author=self.author(request),
            permalink=permalink,
            edited=False,
        )
        made = {"url": here, "id": id, "name": f"t3_{id}", "drafts_count": 0}
        return JSONResponse({"json": {"errors": [], "data": made}})

    async def edit(self, request: Request) -> Response:
        form = await request.form()
        kept = self.outside.get(NETWORK, str(form["thing_id"]).removeprefix("t3_"))
        if kept is None or kept.fields["author"] != self.author(request):
            return JSONResponse({"message": "Forbidden", "error": 403}, 403)
        if not _is_self(kept):
            return _errors("NO_TEXT", "link posts have no text", "text")
        changed = {**kept.fields, "selftext": str(form["text"]), "edited": time.time()}
        thing = _thing(self.outside.keep(NETWORK, kept.id, **changed))
        return JSONResponse({"json": {"errors": [], "data": {"things": [thing]}}})

    async def delete(self, request: Request) -> Response:
        """Answer alike for what is gone already; another's posts stay."""
        form = await request.form()
        kept = self.outside.get(NETWORK, str(form["id"]).removeprefix("t3_"))
        if kept is not None and kept.fields["author"] == self.author(request):
            self.outside.remove(NETWORK, kept.id)
        return JSONResponse({})

    async def info(self, request: Request) -> Response:
        """By fullname or by URL, which Reddit compares literally."""
        ids = request.query_params.get("id", "").replace("t3_", "").split(",")
        url = request.query_params.get("url")
        kept = self.outside.posts(NETWORK)
        return _listing([k for k in kept if k.id in ids or (url and k.fields["url"] == url)])

    async def submitted(self, request: Request) -> Response:
        name, limit = request.path_params["name"], int(request.query_params.get("limit", 25))
        theirs = [k for k in self.outside.posts(NETWORK) if k.fields["author"] == name]
        return _listing(theirs[::-1][:limit])

    async def comments(self, request: Request) -> Response:
        kept = self.outside.get(NETWORK, request.path_params["id"])
        if kept is None:
            return JSONResponse({"message": "Not Found", "error": 404}, 404)
        return JSONResponse([_listing_of([kept]), _listing_of([])])

    def author(self, request: Request) -> str:
        return self.tokens[request.headers["Authorization"].split()[-1]]

    def metered(self, endpoint: Endpoint) -> Endpoint:
        """Let only who is signed in through, a thousand requests in ten minutes."""

        async def answer(request: Request) -> Response:
            if request.headers.get("Authorization", " ").split(" ")[-1] not in self.tokens:
                return _unauthorized()
            left = self.count()
            if left < 0:
                return JSONResponse({"message": "Too Many Requests", "error": 429}, 429)
            response = await endpoint(request)
            response.headers["x-ratelimit-remaining"] = f"{left}.0"
            response.headers["x-ratelimit-used"] = str(self.used)
            response.headers["x-ratelimit-reset"] = str(self.reset())
            return response

        return answer

    def count(self) -> int:
        if self.reset() <= 0:
            self.used, self.window = 0, time.monotonic()
        self.used += 1
        return QUOTA - self.used

    def reset(self) -> int:
        return int(WINDOW - (time.monotonic() - self.window))


def app(outside: Outside, *, takes: str = "any", missing: tuple[str, ...] = ()) -> Starlette:
    """Serve the API and the public page of each post.

    `takes` is the kind of post that subreddits allow: any, link or self; those named in
    `missing` (lower case) do not exist. Every other subreddit does.
    """
    here = Subreddits(outside=outside, takes=takes, missing=missing)
    signed_in: dict[str, tuple[str, Endpoint]] = {
        "/api/v1/me": ("GET", here.me),
        "/r/{name}/about": ("GET", here.about),
        "/r/{name}/api/flairselector": ("POST", here.flairs),
        "/api/submit": ("POST", here.submit),
        "/api/editusertext": ("POST", here.edit),
        "/api/del": ("POST", here.delete),
        "/api/info": ("GET", here.info),
        "/user/{name}/submitted": ("GET", here.submitted),
        "/comments/{id}": ("GET", here.comments),
    }
    routes = [
        Route(path + slash, here.metered(endpoint), methods=[method])
        for path, (method, endpoint) in signed_in.items()
        for slash in ("", "/")
    ]
    page = public_page(outside, NETWORK, _public)
    pages = [
        Route("/api/v1/access_token", here.access_token, methods=["POST"]),
        *here.consent.routes(),
        Route("/r/{name}/search/", every_post(outside, NETWORK, _public)),
        Route("/r/{name}/comments/{id}/", page),
        Route("/r/{name}/comments/{id}/{slug}/", page),
    ]
    return Starlette(routes=routes + pages)


def _basic(request: Request) -> str:
    scheme, _, coded = request.headers.get("Authorization", "").partition(" ")
    return base64.b64decode(coded).decode() if scheme == "Basic" else ""


def _unauthorized() -> Response:
    challenge = {"www-authenticate": 'Bearer realm="reddit", error="invalid_token"'}
    return JSONResponse({"message": "Unauthorized", "error": 401}, 401, headers=challenge)


def _errors(name: str, words: str, where: str = "sr", **more: Any) -> Response:
    return JSONResponse({"json": {"errors": [[name, words, where]], **more}})


def _rate_limit(seconds: int) -> Response:
    unit = f"{seconds} second{'s' * (seconds != 1)}"
    words = f"Looks like you've been doing that a lot. Take a break for {unit} before trying again."
    return _errors("RATELIMIT", words, "ratelimit", ratelimit=float(seconds))


def _listing(kept: list[Kept]) -> Response:
    return JSONResponse(_listing_of(kept))


def _listing_of(kept: list[Kept]) -> dict[str, Any]:
    things = [_thing(one) for one in kept]
    ends = {"after": None, "before": None, "dist": len(things)}
    return {"kind": "Listing", "data": {"children": things, **ends}}


def _thing(kept: Kept) -> dict[str, Any]:
    more = {"id": kept.id, "name": f"t3_{kept.id}", "is_self": _is_self(kept)}
    flair = {"link_flair_text": kept.fields["flair_text"], "removed_by_category": None}
    return {"kind": "t3", "data": {**more, **flair, **kept.fields}}


def _is_self(kept: Kept) -> bool:
    return bool(kept.fields["url"].endswith(kept.fields["permalink"]))


def _public(kept: Kept) -> Public:
    said = kept.fields
    notes = (f"r/{said['subreddit']}", f"u/{said['author']}")
    return Public(heading=said["title"], url=said["url"], text=said["selftext"], notes=notes)


def _flair_id(text: str) -> str:
    return f"template-{text.lower()}"


def _base36(number: int) -> str:
    return (_base36(number // 36) if number >= 36 else "") + ALPHABET[number % 36]


def _slug(title: str) -> str:
    words = "".join(c if c.isalnum() and c.isascii() else " " for c in title.lower()).split()
    return "_".join(words)[:50] or "post"


def _channels(url: str) -> Tables:
    login = {
        "client_id": "pretend-id",
        "client_secret": "pretend-secret",
        "refresh_token": "pretend-token",
    }
    post = {"subreddit": "towpath", **login, "post": "link", "flair": "Newsletter"}
    return {"reddit": {"kind": "reddit", **post, "site": url, "oauth": url}}


STAND_IN = StandIn(
    name="Reddit", serve=web(app), channels=_channels, shown=_public, card="submission"
)
