"""Leaving the mailing list: a page that asks, and the one click of RFC 8058."""

from typing import Any

from fastapi import APIRouter, Request, Response

from publisher import choosing, subscribing
from publisher.domain.subscriber import Standing
from publisher.web import forms
from publisher.web.forms import Submitted
from publisher.web.headers import READING
from publisher.web.network import network
from publisher.web.showing import Web, masked, page, readers_words

ONE_CLICK = ("List-Unsubscribe", "One-Click")  # RFC 8058 §3.2


def router(web: Web) -> APIRouter:
    """GET and POST /unsubscribe/TOKEN.

    GET changes nothing: mail scanners follow every link. POST takes the reader off the list,
    whatever the body says, and answers alike whether or not the token is anybody's.
    """
    routes = APIRouter()

    @routes.api_route("/unsubscribe/{token}", methods=READING)
    def ask(token: str, request: Request) -> Response:
        reader = reader_of(web, token)
        words = readers_words(web, request, reader)
        address = masked(reader.address) if reader else ""
        choose = f"{web.prefix}preferences/{token}" if _may_choose(web, reader) else ""
        return page(web, "unsubscribe.html", words=words, address=address, choose=choose)

    @routes.post("/unsubscribe/{token}")
    def leave(token: str, request: Request, form: Submitted) -> Response:
        name, value = ONE_CLICK
        how = "one click" if value in forms.values(form, name) else "page"
        reader = reader_of(web, token)
        if reader:
            place = network(request, web.settings.proxies)
            subscribing.leave(token, engine=web.engine, how=how, place=place, at=web.now())
        return page(web, "unsubscribed.html", words=readers_words(web, request, reader))

    return routes


def reader_of(web: Web, token: str) -> Any:
    """The reader whom a token belongs to, or None."""
    if not forms.TOKEN.fullmatch(token):
        return None
    return choosing.found(token, engine=web.engine)


def _may_choose(web: Web, reader: Any) -> bool:
    several = len(web.lists) > 1 or len(web.languages) > 1
    return several and reader is not None and reader.state == Standing.CONFIRMED
