"""A TCP proxy that can delay, cut, swallow and answer for the server behind it."""

import asyncio
import re
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

KEPT = 300  # bytes of what was said before, in which a trap's words may have begun
TRICKLE = 0.05  # seconds between the bytes of a tarpit


@dataclass(frozen=True, kw_only=True)
class Trap:
    """What becomes of the next conversation in which a client says `after`.

    `do` names one of ACTS. `answer` is what the client hears instead of the server, `seconds` how
    long it waits. `then` is told the client's port, at the moment of "strike".
    """

    after: re.Pattern[bytes]
    do: str
    answer: bytes = b""
    seconds: float = 0.0
    then: Callable[[int], object] = lambda _: None


@dataclass(eq=False)
class Line:
    """One connection. `due` awaits the server's next words, `cut` the client's."""

    port: int
    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    said: bytes = b""
    due: deque[Trap] = field(default_factory=deque)
    cut: bool = False
    slow: bool = False

    def abort(self) -> None:
        for side in (self.client, self.server):
            side.transport.abort()


@dataclass(eq=False)
class Proxy:
    """One way through. `rewrite` is said to the server for what the client says, length kept."""

    name: str
    host: str
    target: tuple[str, int]
    rewrite: Mapping[bytes, bytes] = field(default_factory=dict)
    port: int = 0
    traps: list[Trap] = field(default_factory=list)
    lines: set[Line] = field(default_factory=set)
    sprung: list[str] = field(default_factory=list)
    closed: deque[float] = field(default_factory=lambda: deque(maxlen=100))
    blocked: bool = False
    loop: asyncio.AbstractEventLoop | None = field(default=None, repr=False)

    def set(self, trap: Trap) -> None:
        """Lie in wait, once."""
        self.traps.append(trap)

    def clear(self) -> None:
        """Take away the traps that nobody met, and let connections through again."""
        self.traps.clear()
        self.open()

    def open(self) -> None:
        """Let connections through again."""
        self.blocked = False

    def block(self) -> None:
        """Cut every connection, and take no new one until `open`."""
        self.blocked = True
        self.cut()

    def cut(self) -> None:
        """Cut every connection that is open now."""
        if self.loop is not None:
            self.loop.call_soon_threadsafe(self._cut)

    def _cut(self) -> None:
        for line in list(self.lines):
            line.abort()

    def ports(self) -> list[int]:
        """The client's port of every open connection."""
        return [line.port for line in list(self.lines)]

    def closed_just_now(self) -> int:
        """How many connections ended within the last second."""
        return sum(at > time.monotonic() - 1 for at in list(self.closed))

    async def carry(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        """Carry one connection to its end."""
        if self.blocked:
            client.transport.abort()
            return
        try:
            answers, server = await asyncio.open_connection(*self.target)
        except OSError:
            client.transport.abort()
            return
        except asyncio.CancelledError:  # the proxy ends
            client.transport.abort()
            raise
        line = Line(port=client.get_extra_info("peername")[1], client=client, server=server)
        self.lines.add(line)
        ways = [
            asyncio.create_task(self._pump(reader, line, self._asked)),
            asyncio.create_task(self._pump(answers, line, self._answered)),
        ]
        with suppress(asyncio.CancelledError):  # the proxy ends
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        self.lines.discard(line)
        self.closed.append(time.monotonic())
        for side in (client, server):
            side.close()

    async def _pump(
        self, source: asyncio.StreamReader, line: Line, pass_on: Callable[..., Awaitable[bool]]
    ) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                if not await pass_on(line, data):
                    return

    async def _asked(self, line: Line, data: bytes) -> bool:
        """The client speaks; whether the connection goes on."""
        if line.cut:
            return await _half(line, data)
        for words, instead in self.rewrite.items():
            data = data.replace(words, instead)
        trap = self._trapped(line, data)
        return await (ACTS[trap.do](line, trap, data) if trap else _forward(line, data))

    def _trapped(self, line: Line, data: bytes) -> Trap | None:
        said = line.said + data
        for trap in list(self.traps):
            if trap.after.search(said):
                self.traps.remove(trap)
                self.sprung.append(trap.do)
                line.said = b""
                return trap
        line.said = said[-KEPT:]
        return None

    async def _answered(self, line: Line, data: bytes) -> bool:
        """The server speaks; whether the connection goes on."""
        if not line.due:
            return await _tell(line, data)
        trap = line.due.popleft()
        return await ANSWERS[trap.do](line, trap, data)


async def _forward(line: Line, data: bytes) -> bool:
    line.server.write(data)
    await line.server.drain()
    return True


async def _tell(line: Line, data: bytes) -> bool:
    if not line.slow:
        line.client.write(data)
        await line.client.drain()
        return True
    for number in range(len(data)):
        line.client.write(data[number : number + 1])
        await asyncio.sleep(TRICKLE)
    return True


async def _half(line: Line, data: bytes) -> bool:
    line.server.write(data[: len(data) // 2])
    with suppress(OSError):
        await line.server.drain()
    line.abort()
    return False


async def _cut_before(line: Line, trap: Trap, data: bytes) -> bool:
    line.abort()
    return False


async def _cut_in_the_next(line: Line, trap: Trap, data: bytes) -> bool:
    line.cut = True
    return await _forward(line, data)


async def _answer_instead(line: Line, trap: Trap, data: bytes) -> bool:
    return await _last_words(line, trap)


async def _dawdle(line: Line, trap: Trap, data: bytes) -> bool:
    line.slow = True
    return await _forward(line, data)


async def _await_answer(line: Line, trap: Trap, data: bytes) -> bool:
    line.due.append(trap)
    return await _forward(line, data)


async def _swallow(line: Line, trap: Trap, data: bytes) -> bool:
    line.abort()
    return False


async def _answer_otherwise(line: Line, trap: Trap, data: bytes) -> bool:
    return await _last_words(line, trap)


async def _last_words(line: Line, trap: Trap) -> bool:
    line.client.write(trap.answer)
    with suppress(OSError):
        await line.client.drain()
    await asyncio.sleep(0.02)  # a reset right behind could overtake the words
    return False


async def _delay(line: Line, trap: Trap, data: bytes) -> bool:
    await asyncio.sleep(trap.seconds)
    return await _tell(line, data)


async def _strike(line: Line, trap: Trap, data: bytes) -> bool:
    await asyncio.to_thread(trap.then, line.port)
    line.abort()
    return False


Act = Callable[[Line, Trap, bytes], Awaitable[bool]]
ACTS: dict[str, Act] = {  # what is done when the client has said the words
    "cut before": _cut_before,
    "cut in the next": _cut_in_the_next,
    "answer instead": _answer_instead,
    "dawdle": _dawdle,
    "swallow": _await_answer,
    "answer otherwise": _await_answer,
    "delay": _await_answer,
    "strike": _await_answer,
}
ANSWERS: dict[str, Act] = {  # and what, for some, when the server answers: it has taken the post
    "swallow": _swallow,
    "answer otherwise": _answer_otherwise,
    "delay": _delay,
    "strike": _strike,
}


@contextmanager
def proxies(
    ways: Mapping[str, tuple[str, int]], **rewrite: Mapping[bytes, bytes]
) -> Iterator[dict[str, Proxy]]:
    """Proxies to these addresses (host, port), by name, served by one thread until the block ends.

    `rewrite` has, by name, what is replaced in the client's words.
    """
    loop = asyncio.new_event_loop()
    found = {
        name: Proxy(
            name=name, host="127.0.0.1", target=at, rewrite=rewrite.get(name, {}), loop=loop
        )
        for name, at in ways.items()
    }
    servers = [loop.run_until_complete(_listening(proxy)) for proxy in found.values()]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        closing = _close(servers, list(found.values()))
        asyncio.run_coroutine_threadsafe(closing, loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=5)
        loop.close()


async def _listening(proxy: Proxy) -> asyncio.Server:
    server = await asyncio.start_server(proxy.carry, proxy.host, 0)
    proxy.port = server.sockets[0].getsockname()[1]
    return server


async def _close(servers: list[asyncio.Server], found: list[Proxy]) -> None:
    for server in servers:
        server.close()
    for proxy in found:
        proxy.blocked = True
        for line in list(proxy.lines):
            line.abort()
    end = time.monotonic() + 3
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        for task in others:
            task.cancel()
        await asyncio.wait(others, timeout=1)
        if time.monotonic() > end:
            break
    await asyncio.sleep(0.01)  # what was aborted is closed by the loop
