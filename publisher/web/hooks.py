"""POST /hooks/SOURCE: a forge says that there is something to see; what it is, the source tells."""

import asyncio
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from publisher.sources.hooks import Call, Forged, marks
from publisher.storage import hooks
from publisher.web.showing import Web

LARGEST = 1024 * 1024  # bytes; all of them are needed, for they are signed
PATIENCE = 10.0  # seconds for a body to arrive; GitHub, too, gives up after ten


def router(web: Web) -> APIRouter:
    """202 for a call that leads to a look, 200 for one that was heard before.

    404 where no source of that name takes hooks, 403 without a signature of its secret, 413 over
    1 MB, 408 for a body that does not come. Nothing of a body is believed.
    """
    routes = APIRouter()

    @routes.post("/hooks/{source}", max_body_size=LARGEST)
    async def hook(source: str, request: Request) -> PlainTextResponse:
        secret = _secret(web, source)
        at = web.now()
        try:
            async with asyncio.timeout(PATIENCE):
                call = Call(headers=request.headers, body=await request.body())
            heard = marks(call, secret, at)
        except TimeoutError:
            return PlainTextResponse("The body did not come in time.\n", 408)
        except Forged:
            return PlainTextResponse("This is not signed as it should be.\n", 403)
        is_new, is_first = await run_in_threadpool(_note, web, heard, at)
        if not is_new:
            return PlainTextResponse("This was heard before; nothing was done.\n")
        soon = BackgroundTask(web.look) if is_first else None
        return PlainTextResponse("There will be a look.\n", 202, background=soon)

    return routes


def _secret(web: Web, name: str) -> str:
    """The secret of a source that takes hooks. Raises HTTPException."""
    for one in web.settings.each:
        source = one.source
        names = {one.name} if one.name else {"source", source.kind if source else ""}
        if source and source.hook_secret and name in names:
            return source.hook_secret
    raise HTTPException(404)


def _note(web: Web, heard: tuple[str, ...], at: datetime) -> tuple[bool, bool]:
    """Whether a call is new, and whether it is the first to ask for the next look."""
    with web.engine.begin() as db:
        is_new = hooks.is_new(db, "source", heard, at=at)
        return is_new, is_new and hooks.ask(db, "source", at=at)
