"""Leaving the mailing list: a page that asks, and the one click of RFC 8058."""

import re
from typing import Any

from fastapi import APIRouter, Request, Response

from publisher import subscribing
from publisher.storage import subscribers
from publisher.storage.engine import reading
from publisher.web import texts
from publisher.web.headers import READING
from publisher.web.showing import Web, page
from publisher.web.texts import Texts

TOKEN = re.compile(r"[A-Za-z0-9_-]{16,128}")  # anything else cannot be one
DOTS = "•••"  # as many for every address: their number would tell its length


def router(web: Web) -> APIRouter:
    """GET and POST /unsubscribe/TOKEN.

    GET changes nothing: mail scanners follow every link. POST takes the reader off the list,
    whatever the body says, and answers alike whether or not the token is anybody's.
    """
    routes = APIRouter()

    @routes.api_route("/unsubscribe/{token}", methods=READING)
    def ask(token: str, request: Request) -> Response:
        reader = _reader(web, token)
        words = _words(web, request, reader)
        address = masked(reader.address) if reader else ""
        return page(web, "unsubscribe.html", words=words, address=address)

    @routes.post("/unsubscribe/{token}")
    def leave(token: str, request: Request) -> Response:
        reader = _reader(web, token)
        if reader:
            subscribing.leave(token, engine=web.engine)
        return page(web, "unsubscribed.html", words=_words(web, request, reader))

    return routes


def _reader(web: Web, token: str) -> Any:
    if not TOKEN.fullmatch(token):
        return None
    with reading(web.engine) as db:
        return subscribers.by_token(db, token)


def _words(web: Web, request: Request, reader: Any) -> Texts:
    """In the reader's language, else the browser's, else the site's."""
    site = web.settings.site.language
    known = filter(texts.knows, reader.languages if reader else ())
    if lang := next(iter(known), None):
        return texts.best(lang)
    return texts.wanted(request.headers.get("accept-language", ""), site)


def masked(address: str) -> str:
    """An address that its owner recognises and nobody else can write to: a•••@e•••.org."""
    local, _, domain = address.rpartition("@")
    name, dot, ending = domain.rpartition(".")
    host = f"{name[:1]}{DOTS}.{ending}" if dot else f"{domain[:1]}{DOTS}"
    return f"{local[:1]}{DOTS}@{host}"
