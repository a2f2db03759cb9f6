"""A pretend place that has no API: a page with a form, for people."""

from dataclasses import dataclass
from itertools import count

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from publisher.sandbox.outside import Kept, Outside
from publisher.sandbox.publicpage import Public, public_page
from publisher.sandbox.standing import StandIn, Tables, web

NETWORK = "handoff"
FORM = """<!doctype html><html lang="en"><meta charset="utf-8">
<title>A place without an API (pretend)</title>
<h1>A place without an API (pretend)</h1>
<form method="post" action="/posts">
<p><label>Text<br><textarea name="text" rows="12" cols="80" required></textarea></label></p>
<p><button>Post</button></p>
</form></html>"""


@dataclass
class _Place:
    outside: Outside
    numbers: "count[int]"

    async def form(self, _: Request) -> Response:
        return HTMLResponse(FORM)

    async def take(self, request: Request) -> Response:
        """Post, or edit the post that the path names."""
        text = str((await request.form()).get("text", "")).replace("\r\n", "\n")
        if not text.strip():
            return PlainTextResponse("say something", 400)
        id = request.path_params.get("id") or str(next(self.numbers))
        self.outside.keep(NETWORK, id, text=text)
        return RedirectResponse(f"/posts/{id}", 303)

    async def text(self, request: Request) -> Response:
        kept = self.outside.get(NETWORK, request.path_params["id"])
        return PlainTextResponse(kept.fields["text"] if kept else "", 200 if kept else 404)

    async def remove(self, request: Request) -> Response:
        self.outside.remove(NETWORK, request.path_params["id"])
        return RedirectResponse("/", 303)


def app(outside: Outside) -> Starlette:
    """Take what people type, edit and remove; no program is asked for who it is, but it says so."""
    place = _Place(outside, count(1))
    routes = [
        Route("/", place.form),
        Route("/posts", place.take, methods=["POST"]),
        Route("/posts/{id}", public_page(outside, NETWORK, _shown)),
        Route("/posts/{id}", place.take, methods=["POST"]),
        Route("/posts/{id}/text", place.text),
        Route("/posts/{id}/remove", place.remove, methods=["POST"]),
    ]
    return Starlette(routes=routes)


def _shown(kept: Kept) -> Public:
    heading, _, rest = kept.fields["text"].partition("\n")
    return Public(heading=heading, text=rest.strip(), notes=("posted by a person",))


def _channels(url: str) -> Tables:
    table = {"kind": "handoff", "to": "team@towpath.example", "network": "the page without an API"}
    return {"by-hand": {**table, "page": f"{url}/", "limit": 500}}


STAND_IN = StandIn(name="By hand", serve=web(app), channels=_channels, shown=_shown)
