"""A pretend WebSub hub: told of news, it fetches the feed and passes on what it has not yet.

Notation: https://www.w3.org/TR/websub/
"""

from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx
from lxml import etree
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from publisher.sandbox.feedfiles import Entry, entries_of
from publisher.sandbox.outside import Kept, Outside
from publisher.sandbox.publicpage import Public
from publisher.sandbox.serving import accept_or_fail
from publisher.sandbox.standing import FEED_URL, StandIn, Tables, web

NETWORK = "websub"


@dataclass
class _Hub:
    outside: Outside
    times: "count[int]"

    async def take(self, request: Request) -> Response:
        said = await request.form()
        topic = str(said.get("hub.url") or said.get("hub.topic") or "")
        if said.get("hub.mode") != "publish" or not topic:
            return PlainTextResponse("hub.mode=publish and hub.url are wanted", 400)

        async def accept() -> Response:
            try:
                await self._pass_on(topic)
            except (httpx.HTTPError, etree.XMLSyntaxError) as error:
                return PlainTextResponse(f"{topic}: {error!r}", 400)
            return Response(status_code=204)

        return await accept_or_fail(self.outside, NETWORK, request, accept, REFUSALS)

    async def _pass_on(self, topic: str) -> None:
        async with httpx.AsyncClient(timeout=5) as client:
            answer = (await client.get(topic)).raise_for_status()
        for entry in entries_of(answer.content):
            self._keep(topic, entry)

    def _keep(self, topic: str, entry: Entry) -> None:
        """Pass an entry on as news, once; a changed one again, in the place of what it was."""
        said: dict[str, Any] = {"topic": topic, "title": entry.title, "text": entry.excerpt}
        said |= {"link": entry.url, "lang": entry.lang}
        id = f"{topic}#{entry.url}"
        known = self.outside.get(NETWORK, id)
        if known is None or {**known.fields, **said} != known.fields:
            self.outside.keep(NETWORK, id, **said, news=next(self.times))


def app(outside: Outside) -> Starlette:
    """Take what publishers say at `/`. Nobody subscribes here: what would go out is kept."""
    hub = _Hub(outside, count(1))
    return Starlette(routes=[Route("/", hub.take, methods=["POST"])])


REFUSALS = {
    "refuse": lambda _: PlainTextResponse("no such topic here", 400),
    "rate_limit": lambda seconds: PlainTextResponse("slow", 429, {"Retry-After": str(seconds)}),
    "unauthorized": lambda _: PlainTextResponse("not your hub", 403),
}


def _shown(kept: Kept) -> Public:
    said = kept.fields
    return Public(
        heading=said["title"],
        lang=said["lang"] or "en",
        text=said["text"],
        url=said["link"],
        notes=(f"passed on to all who follow {said['topic']}",),
    )


def _channels(url: str) -> Tables:
    return {"hub": {"kind": "websub", "hub": f"{url}/", "topic": FEED_URL}}


STAND_IN = StandIn(name="WebSub hub", serve=web(app), channels=_channels, shown=_shown)
