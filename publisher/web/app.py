"""The web application: every page, with the headers and limits they have in common."""

import logging
from collections.abc import Callable, Mapping
from functools import partial

from fastapi import FastAPI, Request, Response
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect

from publisher import registry, wiring
from publisher.addresses import XMPP
from publisher.config import Settings
from publisher.operating import Desk
from publisher.publishing import Clock, utcnow
from publisher.storage.waiting import Hint
from publisher.web import (
    admin,
    api,
    archive,
    choices,
    feeds,
    health,
    hooks,
    images,
    joining,
    leaving,
    metrics,
    searching,
    series,
    showing,
)
from publisher.web.headers import Guarded, page_headers, without_token
from publisher.web.punctual import Prompt
from publisher.web.showing import Web
from publisher.web.themes import theme_of

LARGEST_BODY = 64 * 1024  # bytes; no page takes more than a short form

log = logging.getLogger(__name__)


def create() -> FastAPI:
    """The application of this process's configuration. Raises BadConfig, BadStore."""
    logging.getLogger("uvicorn.access").addFilter(without_token)
    return build(
        wiring.settings(),
        wiring.engine(),
        hint=wiring.give,
        broker=wiring.broker_trouble,
        queues=wiring.queue_lengths,
        look=wiring.look_soon,
        desk=wiring.desk,
    )


def build(
    settings: Settings,
    engine: Engine,
    *,
    hint: Callable[[Hint], object] = lambda _: False,
    now: Clock = utcnow,
    broker: Callable[[], str] = lambda: "",
    queues: Callable[[], Mapping[str, int]] = dict,
    look: Callable[[], object] = lambda: None,
    desk: Callable[[], Desk] = showing.no_desk,
) -> FastAPI:
    """The application over a store. Raises BadConfig for a feed or a theme that is none.

    It answers under the path of `public_url`, whether or not a proxy in front takes that off,
    and never builds an address from what a request says about its host.
    """
    lists = partial(registry.lists, settings.channels, language=settings.site.language)
    web = Web(
        settings=settings,
        engine=engine,
        feeds=series.configured(settings),
        lists=lists(scheme=""),
        messengers=lists(scheme=XMPP),
        hint=hint,
        now=now,
        broker=broker,
        queues=queues,
        look=look,
        desk=desk,
        theme=theme_of(settings),
    )
    headers = page_headers()
    app = FastAPI(
        title=settings.site.name,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,  # a redirect would repeat the request's Host
        max_body_size=LARGEST_BODY,
        middleware=[
            Middleware(Guarded, root=web.prefix.rstrip("/"), headers=headers),
            Middleware(Prompt),
        ],
    )
    for routes in (feeds.router(web.feeds), showing.router(web)):
        app.include_router(routes)
    for family in (
        archive,
        images,
        searching,
        joining,
        leaving,
        choices,
        health,
        hooks,
        metrics,
        admin,
    ):
        app.include_router(family.router(web))
    api.mount(app, web)
    _add_failures(app, web)
    return app


def _add_failures(app: FastAPI, web: Web) -> None:
    def expected(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        headers = getattr(error, "headers", None)
        return showing.failure(web, request, status, headers=headers)

    def store_trouble(request: Request, error: Exception) -> Response:
        log.error("the store failed under a page", exc_info=error)
        return showing.failure(web, request, 503, headers={"Retry-After": "10"})

    def cut_off(_request: Request, _error: Exception) -> Response:
        return Response(
            status_code=408, headers={"Connection": "close", "Cache-Control": "no-store"}
        )

    def bug(request: Request, _error: Exception) -> Response:
        # this answer is made outside the middleware, so it brings the headers itself
        headers = page_headers()
        return showing.failure(web, request, 500, headers=headers | {"Cache-Control": "no-store"})

    app.add_exception_handler(HTTPException, expected)
    app.add_exception_handler(DBAPIError, store_trouble)
    app.add_exception_handler(ClientDisconnect, cut_off)
    app.add_exception_handler(Exception, bug)
