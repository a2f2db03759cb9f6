"""The page that shows what the stand-ins hold, and tells them what to do wrong."""

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nh3
from jinja2 import Environment, PackageLoader
from markdown_it import MarkdownIt
from markupsafe import Markup
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import Route

from publisher.sandbox import feedfiles, mailbox
from publisher.sandbox.outside import FAULTS, Kept, Outside

NETWORKS = {"mastodon": "Mastodon", "reddit": "Reddit", "lemmy": "Lemmy", "email": "Mail"}
SHOWN = 20  # posts a network; more with ?show=
MOST_SHOWN = 500
MOST_TIMES = 1000
MOST_SECONDS = 3600

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

Endpoint = Callable[[Request], Awaitable[Response]]


class BadFault(ValueError):
    """A fault that cannot be planned."""


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
    return Starlette(
        routes=[*_reading(shown), *_control(shown)],
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
        if network not in NETWORKS:
            return _missing(f"no network {network!r}; there are {', '.join(NETWORKS)}")
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


def _control(shown: Shown) -> list[Route]:
    outside = shown.outside

    async def planned(_: Request) -> Response:
        return JSONResponse(_planned(outside))

    async def plan(request: Request) -> Response:
        by_form = not _is_json(request)
        try:
            _plan(outside, await _told(request))
        except BadFault as bad:
            if by_form:
                return _index(shown, notice=str(bad), status=400)
            return JSONResponse({"error": str(bad), **_choices()}, 400)
        return _to_index() if by_form else JSONResponse(_planned(outside), 201)

    async def heal(request: Request) -> Response:
        try:
            outside.heal(_known(request.query_params.get("network", ""), or_all=True))
        except BadFault as bad:
            return JSONResponse({"error": str(bad), **_choices()}, 400)
        return JSONResponse(_planned(outside))

    async def heal_by_form(_: Request) -> Response:
        outside.heal()
        return _to_index()

    return [
        Route("/faults", planned),
        Route("/faults", _own(plan), methods=["POST"]),
        Route("/faults", _own(heal), methods=["DELETE"]),
        Route("/faults/heal", _own(heal_by_form), methods=["POST"]),
    ]


# --- faults


def _plan(outside: Outside, told: Mapping[str, Any]) -> None:
    do = told.get("do", "")
    if not isinstance(do, str) or do not in FAULTS:
        raise BadFault(f"no fault {do!r}; there are {', '.join(FAULTS)}")
    outside.fail_next(
        _known(told.get("network", "")),
        do,
        times=_number(told, "times", most=MOST_TIMES),
        seconds=_number(told, "seconds", most=MOST_SECONDS),
    )


def _known(network: object, *, or_all: bool = False) -> str:
    if isinstance(network, str) and (network in NETWORKS or (or_all and not network)):
        return network
    raise BadFault(f"no network {network!r}; there are {', '.join(NETWORKS)}")


def _number(told: Mapping[str, Any], name: str, *, most: int) -> int:
    value = told.get(name, 1)
    number = int(value) if re.fullmatch(r"\d{1,6}", str(value)) else 0
    if not 1 <= number <= most:
        raise BadFault(f"{name} must be a whole number from 1 to {most}, not {value!r}")
    return number


async def _told(request: Request) -> Mapping[str, Any]:
    """What a form or a JSON document asks for. Raises BadFault for what is neither."""
    if not _is_json(request):
        return dict(await request.form())
    try:
        told = await request.json()
    except ValueError as error:
        raise BadFault(f"not JSON: {error}") from error
    if not isinstance(told, dict):
        raise BadFault('expected a JSON object: {"network", "do", "times", "seconds"}')
    return told


def _planned(outside: Outside) -> dict[str, Any]:
    return {"planned": [asdict(fault) for fault in outside.planned()]}


def _choices() -> dict[str, Any]:
    return {"networks": list(NETWORKS), "faults": FAULTS}


def _own(endpoint: Endpoint) -> Endpoint:
    """Let a browser change something only from this very page, whatever else it has open."""

    async def guarded(request: Request) -> Response:
        if request.headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
            return await endpoint(request)
        return PlainTextResponse("only from the sandbox's own page", 403)

    return guarded


# --- what is shown


def _index(shown: Shown, *, show: int = SHOWN, notice: str = "", status: int = 200) -> Response:
    outside = shown.outside
    kept = {network: outside.posts(network) for network in NETWORKS}
    feeds = [feedfiles.opened(path) for path in feedfiles.found(shown.feeds)]
    html = TEMPLATES.get_template("index.html").render(
        state=_state(shown),
        networks=NETWORKS,
        addresses=shown.addresses,
        counts={network: len(posts) for network, posts in kept.items()},
        posts={
            network: posts[::-1][:show] for network, posts in kept.items() if network != "email"
        },
        mails=[mailbox.opened(mail) for mail in kept["email"][::-1][:show]],
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
    for network in NETWORKS:
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
                return FileResponse(path, media_type="application/xml")
        return _missing("no such feed yet")

    return endpoint


def _asset(name: str) -> Endpoint:
    async def endpoint(_: Request) -> Response:
        return FileResponse(Path(__file__).with_name("pages") / name)

    return endpoint


# --- small answers


def _missing(reason: str) -> Response:
    return JSONResponse({"error": reason}, 404)


def _to_index() -> Response:
    return RedirectResponse("/#wrong", 303)


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip() == "application/json"


def _secured(response: Response, policy: str) -> Response:
    response.headers["Content-Security-Policy"] = policy
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


# --- what templates use


def _safe(html: str) -> Markup:
    """A network's own HTML, reduced to text, links and simple structure."""
    tags = {"p", "br", "a", "span", "em", "strong", "ul", "ol", "li", "blockquote", "code", "pre"}
    tags |= {"h2", "h3", "h4", "hr", "del"}
    clean = nh3.clean(
        html or "",
        tags=tags,
        attributes={"a": {"href"}},
        allowed_classes={"span": {"invisible", "ellipsis"}},  # how Mastodon shortens an address
        url_schemes=_SCHEMES,
    )
    return Markup(clean)  # noqa: S704  what nh3 has cleaned is safe to embed


_SCHEMES = {"http", "https", "mailto", "xmpp"}
_MARKDOWN = MarkdownIt("js-default", {"linkify": True})


def _markdown(text: str) -> Markup:
    return _safe(_MARKDOWN.render(text or ""))


def _moment(at: str) -> Markup:
    try:
        when = datetime.fromisoformat(at).astimezone(UTC)
    except ValueError:
        return Markup("<time>{}</time>").format(at)
    said = f"{when.day} {when:%b %Y, %H:%M} UTC"
    return Markup('<time datetime="{}">{}</time>').format(when.isoformat(), said)


def _host(url: str) -> str:
    return urlsplit(url or "").netloc


def _handle(url: str) -> str:
    """`@name@host` out of a post's address, if it holds a name."""
    parts = urlsplit(url or "")
    name = parts.path.strip("/").partition("/")[0]
    return f"{name}@{parts.netloc}" if name.startswith("@") else ""


def _is_web(url: str) -> bool:
    return urlsplit(url or "").scheme in ("http", "https")


TEMPLATES = Environment(
    loader=PackageLoader("publisher.sandbox", "pages"), autoescape=True, trim_blocks=True
)
TEMPLATES.filters.update(
    safe_html=_safe, markdown=_markdown, moment=_moment, host=_host, handle=_handle
)
TEMPLATES.tests["web"] = _is_web
