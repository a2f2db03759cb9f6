"""What a reader receives: languages and lists, chosen by the token that is in their mails."""

from typing import Any

from fastapi import APIRouter, Request, Response

from publisher import choosing
from publisher.domain.subscriber import Standing, can_wait, days_of
from publisher.web import forms
from publisher.web.forms import Submitted
from publisher.web.headers import READING
from publisher.web.leaving import reader_of
from publisher.web.network import network
from publisher.web.showing import Web, browsers_words, masked, page, readers_words

_UNSAID = {"saved": False, "nothing": False, "wrong": False, "idle": False}


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
        days = forms.first(form, "else_after")
        if len(web.lists) > 1 and not lists:
            return _page(web, request, token, status=422, nothing=True)
        try:
            else_after = days_of(days)
        except ValueError:
            return _page(web, request, token, status=422, wrong=True, else_after=days)
        theirs = [web.lists[name] for name in lists or web.lists]
        means = can_wait(languages, lists=theirs, site=web.settings.site.language)
        choosing.choose(
            token,
            engine=web.engine,
            languages=languages if len(web.languages) > 1 else (),
            lists=lists if len(web.lists) > 1 else (),
            else_after=else_after if means else None,
            place=network(request, web.settings.proxies),
            at=web.now(),
        )
        return _page(web, request, token, saved=True, idle=bool(else_after) and not means)

    return routes


def _instead(web: Web) -> str:
    """The site's language, where a list has it and others, so that it can come instead; or ""."""
    site = web.settings.site.language
    return site if can_wait({*web.languages} - {site}, lists=web.lists.values(), site=site) else ""


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
        instead=_instead(web),
        **{**_UNSAID, "else_after": reader.else_after or "", **said},
    )
