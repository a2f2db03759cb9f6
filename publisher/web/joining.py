"""Joining the mailing list: a form that tells nothing of anybody, and the link in the mail."""

from datetime import datetime
from functools import cache
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.background import BackgroundTask
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from publisher import asking, subscribing
from publisher.asking import Invitation
from publisher.floods import TooMany
from publisher.storage import secrets
from publisher.storage.waiting import Hint
from publisher.subscribing import Address, BadAddress
from publisher.web import forms, texts
from publisher.web.forms import Submitted
from publisher.web.headers import READING
from publisher.web.network import network
from publisher.web.showing import Web, browsers_words, masked, page
from publisher.web.texts.words import Texts

FRESH = {"Cache-Control": "no-store", "Vary": "Accept-Language"}  # each form has a mark of its own
TRAP = "website"  # a field that people do not see, and programs fill in


def router(web: Web) -> APIRouter:
    """GET and POST /subscribe, GET and POST /confirm/TOKEN."""
    routes = APIRouter()

    @cache
    def secret() -> bytes:
        with web.engine.begin() as db:
            return secrets.key(db, "forms")

    @routes.api_route("/subscribe", methods=READING)
    def subscribe(request: Request) -> Response:
        _require_lists(web)
        words = browsers_words(web, request)
        return _form(web, words, mark=forms.mark(secret(), web.now()), **_suggested(web, words))

    @routes.post("/subscribe")
    def ask(request: Request, form: Submitted) -> Response:
        _require_lists(web)
        return _asked(web, request, form, secret())

    @routes.api_route("/confirm/{token}", methods=READING)
    def look(token: str, request: Request) -> Response:
        found = asking.invitation(token, engine=web.engine, at=web.now()) if _whole(token) else None
        return _invited(web, request, found)

    @routes.post("/confirm/{token}")
    def confirm(token: str, request: Request) -> Response:
        place = network(request, web.settings.proxies)
        found = (
            asking.confirm(token, engine=web.engine, place=place, at=web.now())
            if _whole(token)
            else None
        )
        return _invited(web, request, found)

    return routes


def _require_lists(web: Web) -> None:
    if not (web.lists or web.messengers):
        raise HTTPException(404)


def _suggested(web: Web, words: Texts) -> dict[str, Any]:
    """What is ticked before anybody has chosen: the page's language where there is mail in it."""
    spoken = [lang for lang in web.languages if texts.same(lang, words.lang)]
    return {"languages": tuple(spoken[:1] or web.languages[:1]), "lists": tuple(web.lists)}


def _form(
    web: Web, words: Texts, *, mark: str, address: str = "", status: int = 200, **values: Any
) -> Response:
    filled = {"wrong": False, "nothing": False, "once_more": False, **values}
    return page(
        web,
        "subscribe.html",
        words=words,
        status=status,
        headers=FRESH,
        address=address,
        mark=mark,
        trap=TRAP,
        spoken=texts.KNOWN,
        **filled,
    )


def _asked(web: Web, request: Request, form: FormData, secret: bytes) -> Response:
    words = browsers_words(web, request)
    typed = ", ".join(forms.values(form, "address"))[:400]
    choice = {
        "languages": forms.chosen(form, "languages", web.languages),
        "lists": forms.chosen(form, "lists", list(web.lists)),
    }
    address = _parsed(web, typed)
    by_mail = address is not None and not address.scheme
    wrong, nothing = address is None, by_mail and len(web.lists) > 1 and not choice["lists"]
    mark = "".join(forms.values(form, "mark"))
    timely = forms.is_timely(mark, secret, web.now())
    if address is None or nothing or not timely:
        kept = mark if _too_soon(mark, secret, web.now()) else forms.mark(secret, web.now())
        slips = {"wrong": wrong, "nothing": nothing, "once_more": not (wrong or nothing)}
        return _form(web, words, mark=kept, address=typed, status=422, **slips, **choice)
    question = None
    if not "".join(forms.values(form, TRAP)):
        question = _ask(web, request, address, words, choice)
    told: dict[str, Any] = {"address": address.typed, "by_mail": by_mail}
    answer = page(web, "asked.html", words=words, headers=FRESH, **told)
    if question:  # only once the answer is out: it must not tell by its delay
        answer.background = BackgroundTask(web.hint, Hint(ask=question))
    return answer


def _parsed(web: Web, typed: str) -> Address | None:
    """The address, if it is one that some channel reaches."""
    try:
        found = subscribing.parse(typed)
    except BadAddress:
        return None
    return found if (web.messengers if found.scheme else web.lists) else None


def _too_soon(mark: str, secret: bytes, at: datetime) -> bool:
    """A form that came back at once may come again with the same mark, now old enough."""
    shown = forms.shown_at(mark, secret)
    return shown is not None and at - shown < forms.AT_LEAST


def _ask(
    web: Web, request: Request, address: Address, words: Texts, choice: dict[str, tuple[str, ...]]
) -> int | None:
    lists = web.messengers if address.scheme else web.lists
    several = not address.scheme and len(lists) > 1
    wish = {
        "languages": choice["languages"] if len(web.languages) > 1 else (),
        "lists": choice["lists"] if several else (),
        "channel": choice["lists"][0] if several else next(iter(lists)),
        "lang": words.lang,
    }
    try:
        with web.engine.begin() as db:
            return asking.ask_stranger(
                db,
                address.typed,
                address.key,
                network=network(request, web.settings.proxies),
                everybody=web.settings.confirmations_an_hour,
                at=web.now(),
                **wish,
            )
    except TooMany as error:
        wait = str(int(error.retry_after.total_seconds()))
        raise HTTPException(429, headers={"Retry-After": wait}) from error


def _whole(token: str) -> bool:
    return forms.TOKEN.fullmatch(token) is not None


def _invited(web: Web, request: Request, found: Invitation | None) -> Response:
    if found is None:
        words = browsers_words(web, request)
        return page(web, "stale.html", words=words, status=404)
    template = "confirmed.html" if found.done else "confirm.html"
    return page(
        web,
        template,
        words=texts.best(found.lang),
        address=masked(found.address),
        languages=found.languages,
        lists=found.lists,
    )
