"""GET /images/…: the pictures of editions, from here alone."""

import logging
from functools import cache

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from publisher.web.album import Album, NoPicture
from publisher.web.conditional import Content, answer
from publisher.web.headers import READING
from publisher.web.pictures import Picture, key_of, meant
from publisher.web.showing import LASTING, Web

AT_ONCE = 4  # pictures that are looked for at the same time; all other pages go on meanwhile
HEADERS = LASTING | {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}
MISSING = {"Cache-Control": "public, max-age=60"}

log = logging.getLogger(__name__)


def router(web: Web) -> APIRouter:
    """GET /images/MARK/NAME."""
    routes = APIRouter()
    album = Album(folder=web.settings.state / "pictures", settings=web.settings)

    secret = key_of(web.engine)

    @cache
    def turns() -> CapacityLimiter:
        return CapacityLimiter(AT_ONCE)

    def known(mark: str, name: str) -> tuple[Picture | None, Content | None]:
        picture = meant(mark, name, secret())
        return picture, album.kept(picture) if picture else None

    async def image(request: Request) -> Response:
        picture, found = await run_in_threadpool(known, **request.path_params)
        if picture and not found:
            found = await to_thread.run_sync(_looked_for, album, picture, limiter=turns())
        if found is None:
            return Response(status_code=404, headers=MISSING)
        return answer(request, found, headers=HEADERS)

    routes.add_route("/images/{mark}/{name}", image, methods=READING)
    return routes


def _looked_for(album: Album, picture: Picture) -> Content | None:
    try:
        return album.find(picture)
    except NoPicture as error:
        log.warning("a picture cannot be shown: %s: %s", picture.src, error)
        return None
