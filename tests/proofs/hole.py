"""A way to a server that can swallow everything for a while, as a network does that is cut."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

Place = tuple[str, int] | Path  # host and port, or a socket file


@dataclass
class Hole:
    """Ways to servers, all cut and mended at once. `ports` has one for each, on 127.0.0.1.

    While it is cut no byte gets through, either way, and nobody is told: connections stay open,
    and what was said is heard when it is mended.
    """

    loop: asyncio.AbstractEventLoop
    ports: list[int] = field(default_factory=list)
    through: asyncio.Event = field(default_factory=asyncio.Event)

    def cut(self) -> None:
        self.loop.call_soon_threadsafe(self.through.clear)

    def mend(self) -> None:
        self.loop.call_soon_threadsafe(self.through.set)

    async def listen(self, place: Place) -> asyncio.Server:
        """A way to this place."""

        async def carry(near: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
            far, ask = await (
                asyncio.open_unix_connection(place)
                if isinstance(place, Path)
                else asyncio.open_connection(*place)
            )
            try:
                await asyncio.gather(self._pump(near, ask), self._pump(far, answer))
            except asyncio.CancelledError:
                pass  # the block ends
            finally:
                ask.transport.abort()
                answer.transport.abort()

        server = await asyncio.start_server(carry, "127.0.0.1", 0)
        self.ports.append(server.sockets[0].getsockname()[1])
        return server

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while words := await source.read(65536):
                await self.through.wait()
                target.write(words)
                await target.drain()
        await self.through.wait()
        target.close()


@contextmanager
def hole(places: Sequence[Place]) -> Iterator[Hole]:
    """Ways to these places, in order, until the block ends."""
    loop = asyncio.new_event_loop()
    made = Hole(loop=loop)
    made.through.set()
    servers = [loop.run_until_complete(made.listen(place)) for place in places]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        asyncio.run_coroutine_threadsafe(_close(servers), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=5)
        loop.close()


async def _close(servers: Sequence[asyncio.Server]) -> None:
    for server in servers:
        server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.wait(others, timeout=3) if others else None
