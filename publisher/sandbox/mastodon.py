"""A pretend Mastodon with one account: the parts of its API that post, look up and edit.

API: https://docs.joinmastodon.org/methods/
"""

import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from html import escape
from itertools import count
from typing import Any

import grapheme
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from publisher.sandbox.outside import Kept, Outside
from publisher.sandbox.serving import accept_or_fail

NETWORK = "mastodon"
CHARACTERS = 500
PER_URL = 23
ALT_LIMIT = 1500
PICTURES = ("image/jpeg", "image/png", "image/gif", "image/webp")
URL = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)]")
MENTION = re.compile(r"(^|[^/\w])@(\w+)@[a-z0-9.-]+[a-z0-9]", re.IGNORECASE)
ACCOUNT_ID = "108000000000000001"
SCOPES = ["read", "write:statuses", "write:media"]

Fields = dict[str, Any]
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, kw_only=True)
class Picture:
    """An upload. `content` is what was sent, byte for byte."""

    content: bytes
    kind: str
    description: str


@dataclass
class _Server:
    outside: Outside
    pictures: dict[str, Picture] = field(default_factory=dict)
    answered: dict[str, str] = field(default_factory=dict)  # idempotency key to status id
    numbers: "count[int]" = field(default_factory=lambda: count(int(time.time() * 1000) << 16))

    async def create(self, request: Request) -> Response:
        wanted = await _form(request)

        async def accept() -> Response:
            return self._keep_new(request, wanted)

        return await accept_or_fail(self.outside, NETWORK, request, accept, REFUSALS)

    def _keep_new(self, request: Request, wanted: Fields) -> Response:
        key = request.headers.get("Idempotency-Key", "")
        earlier = self.outside.get(NETWORK, self.answered.get(key, ""))
        if earlier:
            return JSONResponse(_status(request, earlier))
        problem = self._problem(wanted)
        if problem:
            return _error(422, problem)
        id = str(next(self.numbers))
        kept = self.outside.keep(
            NETWORK,
            id,
            **self._said(request, wanted),
            language=wanted.get("language") or "en",
            visibility=wanted.get("visibility") or "public",
            url=f"{_base(request)}/@demo/{id}",
            created_at=datetime.now(UTC).isoformat(),
            edited=None,
        )
        if key:
            self.answered[key] = id
        return JSONResponse(_status(request, kept))

    def _problem(self, wanted: Fields) -> str:
        text, spoiler = wanted.get("status", ""), wanted.get("spoiler_text") or ""
        if not text.strip() and not wanted["media_ids"]:
            return "Validation failed: Text can't be blank"
        if status_length(text, spoiler) > CHARACTERS:
            return f"Validation failed: Text character limit of {CHARACTERS} exceeded"
        if any(id not in self.pictures for id in wanted["media_ids"]):
            return "Validation failed: Media attachment not found"
        return ""

    def _said(self, request: Request, wanted: Fields) -> Fields:
        return {
            "text": wanted["status"],
            "html": _html(wanted["status"]),
            "spoiler_text": wanted.get("spoiler_text") or "",
            "media": [self._attachment(request, id) for id in wanted["media_ids"]],
        }

    def _attachment(self, request: Request, id: str) -> Fields:
        picture = self.pictures[id]
        url = f"{_base(request)}/media/{id}"
        return {"id": id, "url": url, "description": picture.description}

    async def show(self, request: Request) -> Response:
        kept = self.outside.get(NETWORK, request.path_params["id"])
        return JSONResponse(_status(request, kept)) if kept else _error(404, "Record not found")

    async def edit(self, request: Request) -> Response:
        kept = self.outside.get(NETWORK, request.path_params["id"])
        wanted = await _form(request)
        if not kept:
            return _error(404, "Record not found")
        for change in wanted.get("media_attributes", []):
            self._describe(change["id"], change.get("description"))
        problem = self._problem(wanted)
        if problem:
            return _error(422, problem)
        changed = {**kept.fields, **self._said(request, wanted), "edited": _now()}
        kept = self.outside.keep(NETWORK, kept.id, **changed)
        return JSONResponse(_status(request, kept))

    async def delete(self, request: Request) -> Response:
        kept = self.outside.get(NETWORK, request.path_params["id"])
        if not kept:
            return _error(404, "Record not found")
        self.outside.remove(NETWORK, kept.id)
        return JSONResponse({**_status(request, kept), "text": kept.fields["text"]})

    async def source(self, request: Request) -> Response:
        kept = self.outside.get(NETWORK, request.path_params["id"])
        if not kept:
            return _error(404, "Record not found")
        said = {name: kept.fields[name] for name in ("text", "spoiler_text")}
        return JSONResponse({"id": kept.id, **said})

    async def statuses(self, request: Request) -> Response:
        limit = min(int(request.query_params.get("limit", "20")), 40)
        before = int(request.query_params.get("max_id", str(1 << 80)))
        newest = reversed(self.outside.posts(NETWORK))
        page = [kept for kept in newest if int(kept.id) < before][:limit]
        return JSONResponse([_status(request, kept) for kept in page])

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
        return _attachment_json(self._attachment(request, id))

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

    async def page(self, request: Request) -> Response:
        kept = self.outside.get(NETWORK, request.path_params["id"])
        if not kept:
            return HTMLResponse("<h1>There is no such post</h1>", 404)
        return HTMLResponse(_page(kept))


def app(outside: Outside) -> Starlette:
    """Serve one account whose statuses `outside` holds.

    Any token but an empty one and "revoked" is good. Pictures live as long as the app.
    """
    server = _Server(outside)
    return Starlette(
        routes=[
            Route("/api/v1/accounts/verify_credentials", _signed_in(_account_answer)),
            Route("/api/v1/accounts/{id}/statuses", _signed_in(server.statuses)),
            Route("/api/v1/apps/verify_credentials", _signed_in(_application)),
            Route("/api/v1/instance", _instance_v1),
            Route("/api/v2/instance", _instance_v2),
            Route("/api/v1/statuses", _signed_in(server.create), methods=["POST"]),
            Route("/api/v1/statuses/{id}", _signed_in(server.show)),
            Route("/api/v1/statuses/{id}", _signed_in(server.edit), methods=["PUT"]),
            Route("/api/v1/statuses/{id}", _signed_in(server.delete), methods=["DELETE"]),
            Route("/api/v1/statuses/{id}/source", _signed_in(server.source)),
            Route("/api/v2/media", _signed_in(server.upload), methods=["POST"]),
            Route("/api/v1/media/{id}", _signed_in(server.media), methods=["GET", "PUT"]),
            Route("/media/{id}", server.picture),
            Route("/@demo/{id}", server.page),
        ]
    )


def status_length(text: str, spoiler_text: str = "") -> int:
    """Count graphemes, every URL as 23 and @user@host as @user, with the warning's.

    Reserved names (`.example`) count as URLs too, unlike at a real server.
    """
    counted = MENTION.sub(r"\1@\2", URL.sub("x" * PER_URL, text))
    return int(grapheme.length(counted) + grapheme.length(spoiler_text))


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
    return JSONResponse(_account(request))


async def _application(_: Request) -> Response:
    return JSONResponse({"id": "1", "name": "stand-in", "website": None, "scopes": SCOPES})


async def _instance_v2(request: Request) -> Response:
    about = {
        "domain": request.url.netloc,
        "title": "Stand-in",
        "version": "4.5.0",
        "source_url": "https://github.com/mastodon/mastodon",
        "description": "Not a real Mastodon",
        "languages": ["en"],
        "configuration": _configuration(),
        "rules": [],
    }
    return JSONResponse(about)


async def _instance_v1(request: Request) -> Response:
    about = {
        "uri": request.url.netloc,
        "title": "Stand-in",
        "version": "4.5.0",
        "languages": ["en"],
        "configuration": _configuration(),
        "rules": [],
    }
    return JSONResponse(about)


def _configuration() -> Fields:
    return {
        "statuses": {
            "max_characters": CHARACTERS,
            "max_media_attachments": 4,
            "characters_reserved_per_url": PER_URL,
        },
        "media_attachments": {
            "description_limit": ALT_LIMIT,
            "supported_mime_types": list(PICTURES),
        },
    }


def _account(request: Request) -> Fields:
    home = f"{_base(request)}/@demo"
    return {
        "id": ACCOUNT_ID,
        "username": "demo",
        "acct": "demo",
        "display_name": "Demo",
        "locked": False,
        "bot": True,
        "discoverable": True,
        "group": False,
        "created_at": "2026-01-01T00:00:00.000Z",
        "note": "<p>Stand-in, not a real account</p>",
        "url": home,
        "uri": home,
        "avatar": f"{home}/avatar.png",
        "avatar_static": f"{home}/avatar.png",
        "header": f"{home}/header.png",
        "header_static": f"{home}/header.png",
        "followers_count": 0,
        "following_count": 0,
        "statuses_count": 0,
        "last_status_at": None,
        "emojis": [],
        "fields": [],
    }


def _status(request: Request, kept: Kept) -> Fields:
    said = kept.fields
    return {
        "id": kept.id,
        "created_at": said["created_at"],
        "in_reply_to_id": None,
        "in_reply_to_account_id": None,
        "sensitive": bool(said["spoiler_text"]),
        "spoiler_text": said["spoiler_text"],
        "visibility": said["visibility"],
        "language": said["language"],
        "uri": said["url"],
        "url": said["url"],
        "replies_count": 0,
        "reblogs_count": 0,
        "favourites_count": 0,
        "edited_at": said["edited"],
        "favourited": False,
        "reblogged": False,
        "muted": False,
        "bookmarked": False,
        "pinned": False,
        "content": said["html"],
        "filtered": [],
        "reblog": None,
        "application": {"name": "stand-in", "website": None},
        "account": _account(request),
        "media_attachments": [_attachment_json(one) for one in said["media"]],
        "mentions": [],
        "tags": [],
        "emojis": [],
        "card": None,
        "poll": None,
    }


def _attachment_json(one: Fields) -> Fields:
    return {
        **one,
        "type": "image",
        "preview_url": one["url"],
        "remote_url": None,
        "text_url": None,
        "meta": {},
        "blurhash": None,
    }


def _html(text: str) -> str:
    paragraphs = re.split(r"\n{2,}", text.strip())
    return "".join(f"<p>{_linked(one)}</p>" for one in paragraphs)


def _linked(text: str) -> str:
    words = re.split(f"({URL.pattern})", text)
    shown = [_link(word) if number % 2 else escape(word) for number, word in enumerate(words)]
    return "".join(shown).replace("\n", "<br />")


def _link(url: str) -> str:
    scheme, _, rest = url.partition("://")
    first, last = escape(rest[:30]), escape(rest[30:])
    ellipsis = ' class="ellipsis"' if last else ""
    return (
        f'<a href="{escape(url)}" target="_blank" rel="nofollow noopener" translate="no">'
        f'<span class="invisible">{scheme}://</span><span{ellipsis}>{first}</span>'
        f'<span class="invisible">{last}</span></a>'
    )


def _page(kept: Kept) -> str:
    said = kept.fields
    pictures = "".join(
        f'<p><img src="{escape(one["url"])}" alt="{escape(one["description"])}" width="400"></p>'
        for one in said["media"]
    )
    edited = f" · edited {said['edited']}" if said["edited"] else ""
    return (
        f'<!doctype html><html lang="{escape(said["language"])}"><meta charset="utf-8">'
        "<title>Stand-in, not a real Mastodon</title><style>.invisible{font-size:0}</style>"
        f"<p><small>Stand-in, not a real Mastodon</small></p><article><h1>@demo</h1>"
        f"<p>{escape(said['spoiler_text'])}</p>{said['html']}{pictures}"
        f"<p><small>{escape(said['visibility'])} · {said['created_at']}{edited}</small></p>"
        "</article></html>"
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


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _now() -> str:
    return datetime.now(UTC).isoformat()


REFUSALS = {
    "refuse": lambda _: _error(422, "Validation failed: Text is not welcome here"),
    "rate_limit": _rate_limited,
    "unauthorized": lambda _: _error(401, "The access token was revoked"),
}
