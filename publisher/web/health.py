"""For whoever watches over the service: is it alive, and can it work."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from sqlalchemy.exc import SQLAlchemyError

from publisher import signs
from publisher.storage import engine as storage
from publisher.storage import identity, workers
from publisher.storage.engine import BadStore, reading
from publisher.web.headers import READING
from publisher.web.showing import Web

log = logging.getLogger(__name__)

FRESH = {"Cache-Control": "no-store"}
PATIENCE = 5.0  # seconds that store and broker have to answer
Reasons = list[str]


def router(web: Web) -> APIRouter:
    """GET /healthz and GET /readyz."""
    routes = APIRouter()
    asking = ThreadPoolExecutor(max_workers=4, thread_name_prefix="ready")

    @routes.api_route("/healthz", methods=READING)
    def healthz() -> Response:
        return PlainTextResponse("alive\n", headers=FRESH)

    @routes.api_route("/readyz", methods=READING)
    def readyz() -> Response:
        store, broker = asking.submit(_of_store, web), asking.submit(_of_broker, web)
        reasons = [*_heard(store, "the store"), *_heard(broker, "the broker")]
        if not reasons:
            return PlainTextResponse("ready\n", headers=FRESH)
        log.warning("not ready: %s", "; ".join(reasons))
        return PlainTextResponse("".join(f"not ready: {why}\n" for why in reasons), 503, FRESH)

    return routes


def _heard(answer: "Future[Reasons]", what: str) -> Reasons:
    """What was answered, or that it takes too long: whoever asks is not kept waiting."""
    try:
        return answer.result(PATIENCE)
    except TooSlow:
        return [f"{what} does not answer in {PATIENCE:.0f} seconds"]


def _of_store(web: Web) -> Reasons:
    try:
        storage.require_current(web.engine)
        return list(_of_its_content(web))
    except (BadStore, SQLAlchemyError) as error:
        log.warning("not ready: %s", error)
        return [_reason(web, error)]


def _of_its_content(web: Web) -> Iterator[str]:
    with reading(web.engine) as db:
        me, known, busy = identity.known(db), workers.known(db), workers.is_busy(db)
    if me is not None and me.fenced_at:
        yield "the store sends nothing until somebody says that it is the one"
    if signs.nobody_works(known, at=web.now(), busy=busy):
        yield "no worker gives signs of life"


def _of_broker(web: Web) -> Reasons:
    trouble: Callable[[], str] = web.broker
    if words := trouble():
        log.warning("not ready: the broker: %s", words)
        return ["the broker does not answer; the log says why"]
    return []


def _reason(web: Web, error: Exception) -> str:
    """What anybody may know: nothing of addresses, names or the server's own words."""
    if isinstance(error, BadStore) and error.__cause__ is None:
        return str(error).replace(storage.name(web.engine), "the store")
    return "the store does not answer; the log says why"
