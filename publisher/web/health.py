"""For whoever watches over the service: is it alive, and can it work."""

import logging

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from sqlalchemy.exc import SQLAlchemyError

from publisher.storage import engine as storage
from publisher.storage.engine import BadStore
from publisher.web.headers import READING
from publisher.web.showing import Web

log = logging.getLogger(__name__)

FRESH = {"Cache-Control": "no-store"}


def router(web: Web) -> APIRouter:
    """GET /healthz and GET /readyz."""
    routes = APIRouter()

    @routes.api_route("/healthz", methods=READING)
    def healthz() -> Response:
        return PlainTextResponse("alive\n", headers=FRESH)

    @routes.api_route("/readyz", methods=READING)
    def readyz() -> Response:
        try:
            storage.require_current(web.engine)
        except (BadStore, SQLAlchemyError) as error:
            log.warning("not ready: %s", error)
            return PlainTextResponse(f"not ready: {_reason(web, error)}\n", 503, headers=FRESH)
        return PlainTextResponse("ready\n", headers=FRESH)

    return routes


def _reason(web: Web, error: Exception) -> str:
    """What anybody may know: nothing of addresses, names or the server's own words."""
    if isinstance(error, BadStore) and error.__cause__ is None:
        return str(error).replace(storage.name(web.engine), "the store")
    return "the store does not answer; the log says why"
