"""Loopback servers for the stand-ins, able to drop a line without an answer."""

import asyncio
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, cast

import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from publisher.sandbox.outside import Outside

Accept = Callable[[], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


class DroppableProtocol(H11Protocol):
    """HTTP/1.1 whose application can reach its transport, to cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        app: Any = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, "transport": transport}, receive, send)

        self.app = with_transport


def base(request: Request) -> str:
    """Where the asked server listens, as its client calls it; no trailing slash."""
    return str(request.base_url).rstrip("/")


async def drop(request: Request) -> Response:
    """Cut the line under a request: its client hears nothing at all."""
    request.scope["transport"].abort()
    await asyncio.sleep(0.05)  # until the server has noticed; nothing is sent after that
    return Response()


async def accept_or_fail(
    outside: Outside,
    network: str,
    request: Request,
    accept: Accept,
    refusals: Mapping[str, Callable[[int], Response]],
) -> Response:
    """Accept a post, or do what the next planned fault says.

    `refusals` gives a network's own answers to "refuse", "rate_limit" and "unauthorized";
    each takes the fault's seconds.
    """
    fault = outside.next_fault(network)
    if fault is None:
        return await accept()
    if fault.do in refusals:
        return refusals[fault.do](fault.seconds)
    match fault.do:
        case "error":
            return PlainTextResponse("stand-in: told to fail", 500)
        case "timeout":
            with suppress(asyncio.CancelledError):  # stopped meanwhile: that is no answer either
                await asyncio.sleep(fault.seconds)
        case _:
            await accept()
    answers = {
        "error_after": PlainTextResponse("stand-in: bad gateway", 502),
        "malformed": Response("{oops", 200, media_type="application/json"),
    }
    return answers.get(fault.do) or await drop(request)


@contextmanager
def serving(app: ASGIApp, *, port: int = 0, host: str = "127.0.0.1") -> Iterator[str]:
    """Serve `app` from a thread; yields its URL, without a trailing slash.

    Raises OSError when the port is taken.
    """
    listener = socket.create_server((host, port), backlog=128)
    config = uvicorn.Config(
        app, http=DroppableProtocol, ws="none", lifespan="off", log_level="warning"
    )
    loop = (config.get_loop_factory() or asyncio.new_event_loop)()
    server, over = uvicorn.Server(config), asyncio.Event()
    serve = partial(loop.run_until_complete, _serve(server, listener, over))
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.002)
    try:
        yield f"http://{host}:{listener.getsockname()[1]}"
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(timeout=5)
        listener.close()
        loop.close()


async def _serve(server: uvicorn.Server, listener: socket.socket, over: asyncio.Event) -> None:
    """Serve until it is over, then go at once: uvicorn itself would take two tenths of a second."""
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup(sockets=[listener])
    await over.wait()
    for waiting in server.servers:
        waiting.close()
    answering = list(server.server_state.tasks)
    for task in answering:
        task.cancel()
    for line in list(server.server_state.connections):
        cast(H11Protocol, line).transport.abort()
    await asyncio.gather(*answering, return_exceptions=True)
    await asyncio.sleep(0)  # one turn for their lines to close
