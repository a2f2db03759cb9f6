"""The page that shows what the stand-ins hold, and tells them what to do wrong."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    Response,
)
from starlette.routing import Route

from publisher.sandbox import faults, feedfiles, mailbox
from publisher.sandbox.joining import names, stand_ins
from publisher.sandbox.outside import FAULTS, Kept, Outside
from publisher.sandbox.serving import Endpoint
from publisher.sandbox.templates import TEMPLATES

SHOWN = 20  # posts a network; more with ?show=
MOST_SHOWN = 500

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data: http://127.0.0.1:*; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What the page shows: the stand-ins' memory, their addresses, feeds, the site's pictures."""

    outside: Outside
    addresses: Mapping[str, str] = field(default_factory=dict)
    feeds: tuple[Path, ...] = ()
    static: Path | None = None


def app(
    outside: Outside,
    *,
    addresses: Mapping[str, str] | None = None,
    feeds: Sequence[Path] = (),
    static: Path | None = None,
) -> Starlette:
    """The page, its frames and its API.

    `addresses` says where each stand-in listens, `feeds` are feed files or folders of them,
    `static` is the folder that stands in for the newsletter's site when a mail shows pictures.
    """
    shown = Shown(outside=outside, addresses=addresses or {}, feeds=tuple(feeds), static=static)
    explain = partial(_index, shown, status=400)
    return Starlette(
        routes=[*_reading(shown), *faults.routes(outside, explain)],
        middleware=[
            # a page elsewhere must not read this one by pointing its own name here
            Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
        ],
    )


def _reading(shown: Shown) -> list[Route]:
    async def index(request: Request) -> Response:
        return _index(shown, show=_how_many(request))

    async def state(_: Request) -> Response:
        return JSONResponse({"state": _state(shown)})

    async def posts(request: Request) -> Response:
        network = request.path_params["network"]
        if network not in names():
            return _missing(f"no network {network!r}; there are {', '.join(names())}")
        kept = [_plain(post) for post in shown.outside.posts(network)]
        return JSONResponse({"network": network, "count": len(kept), "posts": kept})

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    return [
        Route("/", index),
        Route("/state", state),
        Route("/healthz", healthz),
        Route("/posts/{network}", posts),
        Route(
            "/mails/{id:path}/html",
            _of_mail(shown.outside, partial(_mail_html, static=shown.static)),
        ),
        Route("/mails/{id:path}/raw", _of_mail(shown.outside, _mail_raw)),
        Route("/feeds/{name}", _feed_file(shown)),
        *(Route(f"/{name}", _asset(name)) for name in ("page.css", "page.js")),
    ]


# --- what is shown


def _index(shown: Shown, notice: str = "", *, show: int = SHOWN, status: int = 200) -> Response:
    outside = shown.outside
    there = shown.addresses or stand_ins()
    running = {network: one for network, one in stand_ins().items() if network in there}
    kept = {network: outside.posts(network) for network in running}
    feeds = [feedfiles.opened(path) for path in feedfiles.found(shown.feeds)]
    html = TEMPLATES.get_template("index.html").render(
        state=_state(shown),
        running=running,
        addresses=shown.addresses,
        counts={network: len(posts) for network, posts in kept.items()},
        posts={network: posts[::-1][:show] for network, posts in kept.items()},
        feeds=feeds,
        entries=sum(len(feed.entries) for feed in feeds),
        planned=list(outside.planned()),
        faults=FAULTS,
        notice=notice,
        show=show,
    )
    return _secured(HTMLResponse(html, status), PAGE_POLICY)


def _how_many(request: Request) -> int:
    asked = request.query_params.get("show", "")
    return min(int(asked), MOST_SHOWN) if asked.isdecimal() else SHOWN


def _state(shown: Shown) -> str:
    """A word that changes whenever the page would."""
    seen = hashlib.sha256()
    for network in names():
        posts = shown.outside.posts(network)
        seen.update(f"{network} {len(posts)} {max((p.at for p in posts), default='')}\n".encode())
    for fault in shown.outside.planned():
        seen.update(f"{fault}\n".encode())
    for path in feedfiles.found(shown.feeds):
        changed = path.stat().st_mtime_ns if path.exists() else 0
        seen.update(f"{path.name} {changed}\n".encode())
    return seen.hexdigest()[:16]


def _plain(post: Kept) -> dict[str, Any]:
    fields = {
        name: mailbox.readable(value) if isinstance(value, str | bytes) else value
        for name, value in post.fields.items()
    }
    return {"id": post.id, "at": post.at, "fields": fields}


def _of_mail(outside: Outside, answer: Callable[[Kept], Response]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        mail = outside.get("email", request.path_params["id"])
        return answer(mail) if mail else _missing("no such mail")

    return endpoint


def _mail_html(mail: Kept, *, static: Path | None) -> Response:
    return _secured(HTMLResponse(mailbox.html_page(mail, static)), MAIL_POLICY)


def _mail_raw(mail: Kept) -> Response:
    return _secured(Response(mailbox.raw(mail), media_type="text/plain"), MAIL_POLICY)


def _feed_file(shown: Shown) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        for path in feedfiles.found(shown.feeds):
            if path.name == request.path_params["name"] and path.is_file():
                kind = "json" if path.suffix == ".json" else "xml"
                return FileResponse(path, media_type=f"application/{kind}")
        return _missing("no such feed yet")

    return endpoint


def _asset(name: str) -> Endpoint:
    async def endpoint(_: Request) -> Response:
        return FileResponse(Path(__file__).with_name("pages") / name)

    return endpoint


# --- small answers


def _missing(reason: str) -> Response:
    return JSONResponse({"error": reason}, 404)


def _secured(response: Response, policy: str) -> Response:
    response.headers["Content-Security-Policy"] = policy
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
