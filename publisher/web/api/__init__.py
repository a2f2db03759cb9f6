"""/api/v1: what operators do by commands and pages, for programs with a token."""

import re
from collections.abc import Iterator

from fastapi import APIRouter, FastAPI
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from publisher import __version__
from publisher.web.api import channels, house, issues, moving, problems, readers, returns, sending
from publisher.web.api.described import ABOUT, describe
from publisher.web.showing import Web

ANY = 2**62  # bytes; each operation measures its own, and tells it as all failures are told


def mount(app: FastAPI, web: Web) -> None:
    """Serve the API below /api, where whatever goes wrong is told to programs."""
    measured = RequestBodyLimitMiddleware(build(web), max_body_size=ANY)
    below = Mount("/api", Below(measured, prefix=web.prefix.rstrip("/")))
    below.path_regex = re.compile(below.path_regex.pattern, re.DOTALL)  # an address may have lines
    app.router.routes.append(below)


def build(web: Web) -> FastAPI:
    """The API as an application of its own."""
    app = FastAPI(
        title="Publisher",
        version=__version__,
        description=ABOUT,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        servers=[{"url": f"{web.settings.public_url}api"}],
        root_path_in_servers=False,
        generate_unique_id_function=lambda route: route.name,
    )
    for routes in _routers(web):
        app.include_router(routes, prefix="/v1")
    problems.add_to(app)
    describe(app)
    return app


def _routers(web: Web) -> Iterator[APIRouter]:
    yield issues.router(web)
    yield sending.router(web)
    yield from channels.routers(web)
    yield from moving.routers(web)  # before the readers, whose addresses may be anything
    yield from readers.routers(web)
    yield from returns.routers(web)
    yield from house.routers(web)


class Below:
    """ASGI: an application below a path, whether or not a proxy took the `prefix` off it.

    HEAD is answered as GET is, without the body (RFC 9110 §9.3.2).
    """

    def __init__(self, app: ASGIApp, *, prefix: str) -> None:
        self.app = app
        self.prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_head = scope["method"] == "HEAD"

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        path = scope["path"]
        if not path.startswith(f"{scope['root_path']}/"):
            path = f"{self.prefix}{path}"
        method = "GET" if is_head else scope["method"]
        inner = {**scope, "path": path, "method": method}
        await self.app(inner, receive, headed if is_head else send)
