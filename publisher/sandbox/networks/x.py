"""A pretend X: the posts of its API, version 2, signed requests, and a page for each post.

API: https://docs.x.com/x-api
"""

import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

import grapheme
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from publisher.sandbox.networks._oauth1 import Signing
from publisher.sandbox.outside import Kept, Outside
from publisher.sandbox.publicpage import Public, every_post, public_page
from publisher.sandbox.serving import Endpoint, accept_or_fail, base
from publisher.sandbox.standing import StandIn, Tables, web

NETWORK = "x"
USER, HANDLE, SECRET = "2244994945", "towpath", "pretend-secret"
LONGEST, PER_URL, ALT = 280, 23, 1000
HEAVIEST, PICTURES = 5_000_000, ("image/jpeg", "image/png", "image/webp")
EPOCH = 1_288_834_974_657  # milliseconds; ids tell the time since
LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
LINK = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?]")
PROBLEMS = "https://api.twitter.com/2/problems"
NOT_ALLOWED = (
    "Your client app is not configured with the appropriate oauth1 app permissions for this "
    "endpoint."
)
Fields = dict[str, Any]


@dataclass
class _Server:
    """`credits` is how many posts are paid for, None for any number."""

    outside: Outside
    signing: Signing
    writes: bool
    credits: int | None
    media: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    alts: dict[str, str] = field(default_factory=dict)
    ids: "count[int]" = field(
        default_factory=lambda: count((int(time.time() * 1000) - EPOCH) << 22)
    )

    async def create(self, request: Request) -> Response:
        said = await request.json()

        async def accept() -> Response:
            if wrong := self._wrong(said):
                return wrong
            if self.credits is not None:
                self.credits -= 1
            kept = self._keep(str(next(self.ids)), said, base(request))
            more = {"edit_history_tweet_ids": [kept.id]}
            return JSONResponse(
                {"data": {"id": kept.id, "text": kept.fields["shown"], **more}}, 201
            )

        return await accept_or_fail(self.outside, NETWORK, request, accept, REFUSALS)

    async def upload(self, request: Request) -> Response:
        async with request.form() as form:
            file, category = form.get("media"), form.get("media_category")
            content = await file.read() if isinstance(file, UploadFile) else b""
            kind = (isinstance(file, UploadFile) and file.content_type) or ""
        if category != "tweet_image" or kind not in PICTURES or not 0 < len(content) <= HEAVIEST:
            return _invalid("media: its category, type or size is not supported")
        id = str(next(self.ids))
        self.media[id] = (content, kind)
        return JSONResponse({"data": {"id": id, "media_key": f"3_{id}", "size": len(content)}})

    async def describe(self, request: Request) -> Response:
        said = await request.json()
        text = str(said.get("metadata", {}).get("alt_text", {}).get("text", ""))
        if said.get("id") not in self.media or not 0 < len(text) <= ALT:
            return _invalid("metadata: no such media, or a text of the wrong length")
        self.alts[said["id"]] = text
        return JSONResponse({"data": {"id": said["id"], "associated_metadata": said["metadata"]}})

    async def picture(self, request: Request) -> Response:
        content, kind = self.media.get(request.path_params["id"], (b"", "text/plain"))
        return Response(content, 200 if content else 404, media_type=kind)

    async def delete(self, request: Request) -> Response:
        id = request.path_params["id"]
        if not self.outside.get(NETWORK, id):
            told = f"Could not find tweet with id: [{id}]."
            return _problem(404, "Not Found Error", told, "resource-not-found")
        self.outside.remove(NETWORK, id)
        return JSONResponse({"data": {"deleted": True}})

    async def me(self, _: Request) -> Response:
        return JSONResponse({"data": {"id": USER, "name": "Towpath", "username": HANDLE}})

    async def timeline(self, request: Request) -> Response:
        asked = request.query_params
        most = int(asked.get("max_results", "10"))
        if request.path_params["id"] != USER or not 5 <= most <= 100:
            return _invalid("The `max_results` query parameter value is not between 5 and 100")
        since = asked.get("start_time", "")
        found = [
            _post(kept, asked.get("tweet.fields", "").split(","))
            for kept in self.outside.posts(NETWORK)[::-1]
            if kept.fields["created_at"] >= since
        ]
        begin = int(asked.get("pagination_token", "0"))
        page, rest = found[begin : begin + most], len(found) - begin - most
        meta: Fields = {"result_count": len(page)}
        if rest > 0:
            meta["next_token"] = str(begin + most)
        return JSONResponse({"data": page, "meta": meta} if page else {"meta": meta})

    def _wrong(self, said: Fields) -> Response | None:
        """What X says of a post that it does not take."""
        if self.credits == 0:
            told = f"Your enrolled account [{USER}] does not have any credits to fulfill this."
            return _problem(402, "CreditsDepleted", told, "credits")
        if not said.get("text"):
            return _invalid("$.text: is missing but it is required")
        if not set(_media_ids(said)) <= set(self.media):
            return _invalid("Your media IDs are invalid.")
        forbidden = self._forbidden(said)
        return _problem(403, "Forbidden", forbidden) if forbidden else None

    def _forbidden(self, said: Fields) -> str:
        text, answered = said["text"], (said.get("reply") or {}).get("in_reply_to_tweet_id")
        if weight(text) > LONGEST:
            return "Your Tweet text is too long."
        if any(kept.fields["text"] == text for kept in self.outside.posts(NETWORK)):
            return "You are not allowed to create a Tweet with duplicate content."
        if answered and not self.outside.get(NETWORK, answered):
            return "You attempted to reply to a Tweet that is deleted or not visible to you."
        return ""

    def _keep(self, id: str, said: Fields, place: str) -> Kept:
        links = list(dict.fromkeys(LINK.findall(said["text"])))
        short = {link: f"https://t.co/{int(id):x}{n}" for n, link in enumerate(links)}
        return self.outside.keep(
            NETWORK,
            id,
            text=said["text"],
            shown=LINK.sub(lambda found: short[found[0]], said["text"]),
            urls=[{"url": short[link], "expanded_url": link} for link in links],
            media=[
                {"url": f"{place}/media/{one}", "description": self.alts.get(one, "")}
                for one in _media_ids(said)
            ],
            replied_to=(said.get("reply") or {}).get("in_reply_to_tweet_id", ""),
            created_at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000Z}",
        )


def _media_ids(said: Fields) -> list[str]:
    return list((said.get("media") or {}).get("media_ids") or [])


def weight(text: str) -> int:
    """Count as X does, but take any host of a link for one: the sandbox has no others."""
    bare = LINK.sub("", text)
    links = len(LINK.findall(text))
    return links * PER_URL + sum(map(_weight, grapheme.graphemes(bare)))


def _weight(seen: str) -> int:
    """Of one thing that is seen: an emoji is 2, whatever it consists of."""
    if any(ord(one) >= 0x1F000 or one in "\ufe0f\u20e3" for one in seen):
        return 2
    return sum(1 if any(a <= ord(one) <= b for a, b in LIGHT) else 2 for one in seen)


def app(
    outside: Outside, *, secret: str = SECRET, writes: bool = True, credits: int | None = None
) -> Starlette:
    """Serve one account. Every key and token is good whose secret is `secret`.

    Without `writes` the tokens may only read.
    """
    signing = Signing(name="X", secret=secret, user=USER, handle=HANDLE)
    server = _Server(outside, signing, writes, credits)
    page = public_page(outside, NETWORK, _shown)
    everything = every_post(outside, NETWORK, _shown)
    routes = [
        Route("/2/tweets", _signed(server, server.create), methods=["POST"]),
        Route("/2/media/upload", _signed(server, server.upload), methods=["POST"]),
        Route("/2/media/metadata", _signed(server, server.describe), methods=["POST"]),
        Route("/media/{id}", server.picture),
        Route("/2/tweets/{id}", _signed(server, server.delete), methods=["DELETE"]),
        Route("/2/users/me", _signed(server, server.me)),
        Route("/2/users/{id}/tweets", _signed(server, server.timeline)),
        *signing.routes(),
        Route("/search", everything),
        Route("/i/web/status/{id}", page),
        Route("/{handle}/status/{id}", page),
        Route("/{handle}", everything),
    ]
    return Starlette(routes=routes)


def _signed(server: _Server, endpoint: Endpoint) -> Endpoint:
    async def answer(request: Request) -> Response:
        oauth = await server.signing.signed(request)
        if oauth is None or not re.fullmatch(rf"{USER}-\S+", oauth.get("oauth_token", "")):
            return _unauthorized()
        if request.method != "GET" and not server.writes:
            return _problem(403, "Forbidden", NOT_ALLOWED, "oauth1-permissions")
        response = await endpoint(request)
        response.headers["x-access-level"] = "read-write" if server.writes else "read"
        return response

    return answer


def _post(kept: Kept, fields: list[str]) -> Fields:
    """A post as it is told; of most only what was asked for."""
    said = kept.fields
    referred = [{"type": "replied_to", "id": said["replied_to"]}] if said["replied_to"] else []
    more: Fields = {"entities": {"urls": said["urls"]}, "referenced_tweets": referred}
    asked = {name: it for name, it in more.items() if name in fields and it}
    return {"id": kept.id, "text": said["shown"], "edit_history_tweet_ids": [kept.id], **asked}


def _problem(status: int, title: str, detail: str, kind: str = "", **headers: str) -> Response:
    named = f"{PROBLEMS}/{kind}" if kind else "about:blank"
    body = {"title": title, "detail": detail, "type": named, "status": status}
    return JSONResponse(body, status, {name.replace("_", "-"): it for name, it in headers.items()})


def _unauthorized() -> Response:
    return _problem(401, "Unauthorized", "Unauthorized")


def _invalid(message: str) -> Response:
    body = {
        "errors": [{"message": message}],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": f"{PROBLEMS}/invalid-request",
    }
    return JSONResponse(body, 400)


def _too_many(seconds: int) -> Response:
    limits = {"x_rate_limit_limit": "100", "x_rate_limit_remaining": "0"}
    reset = str(int(time.time()) + seconds)
    told = "Too Many Requests"
    return _problem(429, told, told, **limits, x_rate_limit_reset=reset)


REFUSALS = {
    "refuse": lambda _: _invalid("$.text: holds what is not allowed"),
    "rate_limit": _too_many,
    "unauthorized": lambda _: _unauthorized(),
}


def _shown(kept: Kept) -> Public:
    said = kept.fields
    answers = f"answers {said['replied_to']}" if said["replied_to"] else ""
    return Public(
        heading=said["text"].partition("\n")[0],
        text=said["text"],
        pictures=said["media"],
        notes=(f"@{HANDLE}", said["created_at"], answers),
    )


def _channels(url: str) -> Tables:
    app_keys = {"consumer_key": "pretend-key", "consumer_secret": SECRET}
    account = {"access_token": f"{USER}-pretend-token", "access_token_secret": SECRET}
    places = {"handle": HANDLE, "api_url": url, "site": url}
    return {"x": {"kind": "x", **app_keys, **account, **places}}


STAND_IN = StandIn(name="X", serve=web(app), channels=_channels, shown=_shown)
