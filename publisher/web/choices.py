"""What a reader receives: languages and lists, chosen by the token that is in their mails."""

from typing import Any

from fastapi import APIRouter, Request, Response

from publisher import choosing
from publisher.domain.subscriber import Standing
from publisher.web import forms
from publisher.web.forms import Submitted
from publisher.web.headers import READING
from publisher.web.leaving import reader_of
from publisher.web.network import network
from publisher.web.showing import Web, browsers_words, masked, page, readers_words


def router(web: Web) -> APIRouter:
    """GET and POST /preferences/TOKEN."""
    routes = APIRouter()

    @routes.api_route("/preferences/{token}", methods=READING)
    def look(token: str, request: Request) -> Response:
        return _page(web, request, token)

    @routes.post("/preferences/{token}")
    def choose(token: str, request: Request, form: Submitted) -> Response:
        languages = forms.chosen(form, "languages", web.languages)
        lists = forms.chosen(form, "lists", list(web.lists))
        if len(web.lists) > 1 and not lists:
            return _page(web, request, token, status=422, nothing=True)
        choosing.choose(
            token,
            engine=web.engine,
            languages=languages if len(web.languages) > 1 else (),
            lists=lists if len(web.lists) > 1 else (),
            place=network(request, web.settings.proxies),
            at=web.now(),
        )
        return _page(web, request, token, saved=True)

    return routes


def _page(web: Web, request: Request, token: str, *, status: int = 200, **said: Any) -> Response:
    reader = reader_of(web, token)
    if reader is None or reader.state != Standing.CONFIRMED:
        return page(web, "stale.html", words=browsers_words(web, request), status=404)
    return page(
        web,
        "preferences.html",
        words=readers_words(web, request, reader),
        status=status,
        address=masked(reader.address),
        languages=reader.languages or web.languages[:1],
        lists=reader.lists or tuple(web.lists),
        leave=f"{web.prefix}unsubscribe/{token}",
        **{"saved": False, "nothing": False, **said},
    )
