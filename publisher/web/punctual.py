"""Clients that take their time: whoever does not say what they want is not waited for.

A request's head has to be there within `HEAD` seconds, each piece of its body within `PIECE`, and
on the whole a body may take that long and a second more for each `SLOWEST` bytes that came.
How slowly an answer is read is the kernel's matter: it waits in a small buffer.
"""

import asyncio
from asyncio import TimerHandle
from time import monotonic

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD = 10.0  # seconds for the head of a request
PIECE = 20.0  # seconds between two pieces of its body
SLOWEST = 1000  # bytes a second


class Punctual(H11Protocol):
    """uvicorn's protocol, which by itself waits for a head for ever."""

    late: TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.late = self.loop.call_later(HEAD, self._give_up)

    def data_received(self, data: bytes) -> None:
        if self.late is None and not self._is_answering:
            self.late = self.loop.call_later(HEAD, self._give_up)
        super().data_received(data)
        if self._is_answering:
            self._be_calm()

    def connection_lost(self, exc: Exception | None) -> None:
        self._be_calm()
        super().connection_lost(exc)

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _be_calm(self) -> None:
        if self.late is not None:
            self.late.cancel()
            self.late = None

    def _give_up(self) -> None:
        if not self._is_answering:
            self.transport.close()


class Prompt:
    """ASGI middleware: whoever pauses in the middle of a body, or drips it, counts as gone."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        whole, waited, heard = False, 0.0, 0

        async def soon() -> Message:
            nonlocal whole, waited, heard
            if whole:
                return await receive()
            began = monotonic()
            try:
                left = PIECE + heard / SLOWEST - waited
                message = await asyncio.wait_for(receive(), min(PIECE, left))
            except TimeoutError:
                return {"type": "http.disconnect"}
            waited += monotonic() - began  # not what we ourselves took meanwhile
            heard += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            return message

        await self.app(scope, soon if scope["type"] == "http" else receive, send)
