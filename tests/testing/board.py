"""A notice board that is reached over HTTP, and its channel: sound, and as small as can be."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from publisher.domain.channel import Disconnected, Post, Receipt, Refused, TryLater, Unsure
from publisher.domain.issue import Edition
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import accept_or_fail, serving
from publisher.testing import SECRET

LIMIT = 200


def app(outside: Outside) -> Starlette:
    """POST /notices pins a notice, GET /notices lists them all, GET /me tells who asks."""
    numbers = count(1)
    refusals = {
        "refuse": lambda _: Response("not wanted here", 422),
        "rate_limit": lambda seconds: Response("slow", 429, headers={"Retry-After": str(seconds)}),
        "unauthorized": lambda _: Response("who are you?", 401),
    }

    async def pin(request: Request) -> Response:
        if unknown := _unknown(request):
            return unknown
        told = await request.json()

        async def accept() -> Response:
            kept = outside.keep("board", str(next(numbers)), **told)
            return JSONResponse({"id": kept.id}, 201)

        return await accept_or_fail(outside, "board", request, accept, refusals)

    async def pinned(request: Request) -> Response:
        return _unknown(request) or JSONResponse(
            [{"id": kept.id, **kept.fields} for kept in outside.posts("board")]
        )

    async def me(request: Request) -> Response:
        return _unknown(request) or JSONResponse({"name": "quay"})

    return Starlette(
        routes=[
            Route("/notices", pin, methods=["POST"]),
            Route("/notices", pinned),
            Route("/me", me),
        ]
    )


def _unknown(request: Request) -> Response | None:
    return None if request.headers["token"] == SECRET else Response("who are you?", 401)


@dataclass(frozen=True, kw_only=True)
class Board:
    """One board, and an account on it."""

    site: str
    token: str = field(repr=False)

    def render(self, edition: Edition) -> Post:
        """The title, cut where it is too long, and the link."""
        if len(edition.url) > LIMIT // 2:
            raise Refused("the link is too long for this board: shorten `permalink`")
        title = " ".join(edition.title.split())[: LIMIT - len(edition.url) - 1]
        text = f"{title} {edition.url}"
        return Post(
            key=f"{edition.key}.{edition.lang}.{sha256(text.encode()).hexdigest()[:16]}",
            lang=edition.lang,
            title=title,
            text=text,
            url=edition.url,
            length=len(text),
            limit=LIMIT,
        )

    def deliver(self, post: Post) -> Receipt:
        return Receipt(id=self.ask("POST", "notices", json={"text": post.text})["id"])

    def find_existing(self, post: Post) -> Receipt | None:
        found = [one["id"] for one in self.ask("GET", "notices") if one["text"] == post.text]
        return Receipt(id=found[0]) if found else None

    def update(self, receipt: Receipt, post: Post) -> Receipt:
        raise Refused("what is pinned stays pinned")

    def check(self) -> list[str]:
        return [f"signed in as {self.ask('GET', 'me')['name']}"]

    def ask(self, method: str, path: str, **more: Any) -> Any:
        try:
            asked = httpx.request(
                method, f"{self.site}/{path}", headers={"token": self.token}, timeout=1, **more
            )
        except httpx.ConnectError as error:
            raise TryLater(f"nobody answers at {self.site}") from error
        except httpx.HTTPError as error:
            raise Unsure(f"no answer from {self.site}: {error}") from error
        return _understood(asked)


def _understood(answer: httpx.Response) -> Any:
    words = f"{answer.status_code}, in words: {answer.text[:100]}"
    if answer.status_code == 401:
        raise Disconnected(words)
    if answer.status_code == 429:
        raise TryLater(words, timedelta(seconds=int(answer.headers["Retry-After"])))
    if 400 <= answer.status_code < 500:
        raise Refused(words)
    try:
        return answer.raise_for_status().json()
    except (httpx.HTTPError, ValueError) as error:
        raise Unsure(words) from error


class World:
    """A board on this machine."""

    def __init__(self, _folder: Path) -> None:
        self.outside = Outside()
        self._running = ExitStack()
        site = self._running.enter_context(serving(app(self.outside)))
        self.channel = Board(site=site, token=SECRET)

    def visible(self) -> list[str]:
        return [kept.fields["text"] for kept in self.outside.posts("board")]

    def fail(self, do: str, *, seconds: int = 1) -> None:
        self.outside.fail_next("board", do, seconds=seconds)

    def unplug(self) -> None:
        self._running.close()

    def stop(self) -> None:
        self._running.close()
