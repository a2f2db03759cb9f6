"""Writing a page: templates, the style sheet, failures in plain words."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import Engine

from publisher.config import Settings
from publisher.config.service import STYLE
from publisher.operating import Desk
from publisher.publishing import Clock, utcnow
from publisher.storage.waiting import Hint
from publisher.web import texts
from publisher.web.conditional import Content, answer
from publisher.web.headers import READING
from publisher.web.series import Series
from publisher.web.texts.words import Texts
from publisher.web.themes import Theme

ASSETS = {
    "page.css": "text/css",
    "admin.css": "text/css",
    "admin.js": "text/javascript",
    "icon.svg": "image/svg+xml",
    "htmx-2.min.js": "text/javascript",
    "hx-sse-2.min.js": "text/javascript",
}
LIBRARY = {  # what others wrote, as their package brings it
    "htmx-2.min.js": ("htmx-2.min.js",),
    "hx-sse-2.min.js": ("ext", "hx-sse-2.min.js"),
}
LASTING = {"Cache-Control": "public, max-age=31536000, immutable"}
DOTS = "•••"  # as many for every address: their number would tell its length


def no_desk() -> Desk:
    """What pages have that nobody works from."""
    raise LookupError("these pages have no desk")


@dataclass(frozen=True, kw_only=True)
class Web:
    """What every page stands on.

    `lists` are the channels that mail, with the languages they take, and `messengers` those that
    reach readers at XMPP addresses. `hint` tells a worker where to look, `broker` why the broker
    cannot be used, and `queues` what waits in each. `look` has a worker look at the source.
    `desk()` is what operators' wishes are carried out with. `theme` is how readers' pages look.
    """

    settings: Settings
    engine: Engine
    feeds: tuple[Series, ...]
    lists: Mapping[str, tuple[str, ...]]
    messengers: Mapping[str, tuple[str, ...]]
    hint: Callable[[Hint], object]
    now: Clock
    broker: Callable[[], str] = lambda: ""
    look: Callable[[], object] = lambda: None
    queues: Callable[[], Mapping[str, int]] = dict
    desk: Callable[[], Desk] = no_desk
    theme: Theme = field(default_factory=Theme)

    @property
    def prefix(self) -> str:
        """The path under which readers find us, with a slash at both ends."""
        return urlsplit(self.settings.public_url).path or "/"

    @property
    def texts(self) -> Texts:
        """The words of pages that belong to no edition and no reader."""
        return texts.best(self.settings.site.language)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that readers are written to in, the site's own first."""
        places = (*self.lists.values(), *self.messengers.values())
        every = dict.fromkeys(lang for langs in places for lang in langs)
        return tuple(sorted(every, key=lambda lang: lang != self.settings.site.language))

    def edition_path(self, issue: str, lang: str) -> str:
        return f"{self.prefix}issues/{quote(issue)}/{quote(lang)}"


def page(
    web: Web,
    template: str,
    *,
    words: Texts | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """A page from a template, in `words` or else the site's language."""
    return HTMLResponse(rendered(web, template, words=words, **values), status, headers=headers)


def rendered(web: Web, template: str, *, words: Texts | None = None, **values: Any) -> str:
    """The HTML of a page."""
    words = words or web.texts
    return web.theme.templates.get_template(template).render(
        {"lang": words.lang, **values}, web=web, site=web.settings.site, t=words, asset=asset(web)
    )


def failure(
    web: Web, request: Request, status: int, *, headers: Mapping[str, str] | None = None
) -> HTMLResponse:
    """Say plainly that there is no such page, or what else went wrong, and where to go on."""
    words = browsers_words(web, request)
    title, advice = words.failures.get(status) or words.failures[404 if status < 500 else 500]
    return page(
        web,
        "failure.html",
        words=words,
        status=status,
        headers={"Cache-Control": "no-store", "Vary": "Accept-Language", **(headers or {})},
        title=title,
        advice=advice,
    )


def browsers_words(web: Web, request: Request) -> Texts:
    """In the language that the address names with `?lang=`, else the browser's, else the site's."""
    named = request.query_params.get("lang", "")[:20]
    if texts.knows(named):
        return texts.best(named)
    accepted = request.headers.get("accept-language", "")
    return texts.wanted(accepted, web.settings.site.language)


def readers_words(web: Web, request: Request, reader: Any) -> Texts:
    """In the first of a reader's languages that we know, else the browser's, else the site's."""
    known = filter(texts.knows, reader.languages if reader else ())
    lang = next(iter(known), None)
    return texts.best(lang) if lang else browsers_words(web, request)


def masked(address: str) -> str:
    """An address that its owner recognises and nobody else can write to: a•••@e•••.org."""
    local, _, domain = address.rpartition("@")
    name, dot, ending = domain.rpartition(".")
    host = f"{name[:1]}{DOTS}.{ending}" if dot else f"{domain[:1]}{DOTS}"
    return f"{local[:1]}{DOTS}@{host}"


def router(web: Web) -> APIRouter:
    """The files that pages are made up with. Their addresses change whenever they do."""
    routes = APIRouter()
    for name in ASSETS:
        routes.add_route(f"/{name}", _serving(_file(name)), methods=READING)
    if web.theme.style:
        theirs = _asset(web.theme.style, "text/css")
        routes.add_route(f"/{STYLE}", _serving(theirs), methods=READING)
    return routes


def _serving(file: Content) -> Any:
    async def served(request: Request) -> Response:
        return answer(request, file, headers=LASTING)

    return served


def asset(web: Web) -> Callable[[str], str]:
    """What gives a file of ours its address, which changes whenever the file does."""

    def address(name: str) -> str:
        body = web.theme.style if name == STYLE else _content(name)
        return f"{web.prefix}{name}?{_mark(body)}"

    return address


@cache
def _file(name: str) -> Content:
    return _asset(_content(name), ASSETS[name])


def _asset(body: bytes, media_type: str) -> Content:
    begun = utcnow().replace(microsecond=0)
    return Content(body=body, media_type=media_type, changed=begun)


@cache
def _content(name: str) -> bytes:
    if name in LIBRARY:
        place = files("django_htmx").joinpath("static", "django_htmx", *LIBRARY[name])
    else:
        place = files("publisher.web").joinpath("pages", name)
    return place.read_bytes()


@cache
def _mark(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:12]
