"""A mail server that says what a test tells it, and remembers every byte it was sent."""

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

DROP = "drop"  # cut the line instead of answering
SILENCE = "silence"  # never answer
END = b"\r\n.\r\n"

Answer = bytes | str
Answers = Callable[[str, int], Answer | None]
Talking = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

USUAL: dict[str, bytes] = {
    "BANNER": b"220 here",
    "EHLO": b"250-here\r\n250-SIZE 1000000\r\n250 8BITMIME",
    "DATA": b"354 go on",
    "DOT": b"250 2.0.0 taken",
    "QUIT": b"221 bye",
}
PIPELINING = b"250-here\r\n250-SIZE 1000000\r\n250-PIPELINING\r\n250 8BITMIME"


@dataclass
class Script:
    """`says(command, how often it was given)` answers, or None for the usual answer.

    Commands are SMTP's verbs, and BANNER, DOT (the end of a message) and BODY (the first bytes
    of one; only DROP makes sense there). `bodies` are whole messages as sent, without the end;
    `early` are commands behind which another one had come already.
    """

    says: Answers = lambda _command, _count: None
    port: int = 0
    lines: int = 0
    commands: list[str] = field(default_factory=list)
    early: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    unended: bytes = b""
    counts: dict[str, int] = field(default_factory=dict)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One conversation, until somebody hangs up."""
        self.lines += 1
        await self._answer("BANNER", writer)
        while line := await reader.readline():
            command = line.split()[0].decode().upper() if line.split() else ""
            self.commands.append(line.decode("utf-8").strip())
            if reader._buffer:  # type: ignore[attr-defined]
                self.early.append(command)
            if (await self._answer(command, writer)).startswith(b"354"):
                await self._body(reader, writer)

    async def _body(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = bytearray()
        while (line := await reader.readline()) != END[2:]:
            if not line:
                raise ConnectionError
            body += line
            self.unended = bytes(body)
            if self.says("BODY", len(self.bodies) + 1) == DROP:
                writer.transport.abort()
                raise ConnectionError
        if reader._buffer:  # type: ignore[attr-defined]
            self.early.append("DOT")
        self.unended = b""
        self.bodies.append(bytes(body))
        await self._answer("DOT", writer)

    async def _answer(self, command: str, writer: asyncio.StreamWriter) -> bytes:
        self.counts[command] = self.counts.get(command, 0) + 1
        answer = self.says(command, self.counts[command])
        if answer == DROP:
            writer.transport.abort()
            raise ConnectionError
        if answer == SILENCE:
            await asyncio.Event().wait()
        if not isinstance(answer, bytes):
            answer = USUAL.get(command, b"250 fine")
        writer.write(answer + b"\r\n")
        await writer.drain()
        if answer.split(b"\r\n")[-1].startswith(b"421"):
            raise ConnectionError  # 421 closes the line (RFC 5321 §3.8)
        return answer


def always(command: str, answer: Answer) -> Answers:
    """One command is always answered so."""
    return lambda asked, _count: answer if asked == command else None


def offering_pipelining(says: Answers = lambda _command, _count: None) -> Answers:
    """The same, by a server that takes commands together."""

    def answers(command: str, count: int) -> Answer | None:
        return says(command, count) or (PIPELINING if command == "EHLO" else None)

    return answers


@contextmanager
def scripted(
    says: Answers = lambda _command, _count: None, *, tls: ssl.SSLContext | None = None
) -> Iterator[Script]:
    """Serve a script on this machine from a thread, encrypted from the beginning with `tls`."""
    script = Script(says)
    with serving_with(script.talk, tls=tls) as script.port:
        yield script


@contextmanager
def serving_with(talk: Talking, *, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve each connection so, on this machine, from a thread. Gives the port."""

    talks: set[asyncio.Task[None] | None] = set()  # else a silent one, left alone, is collected

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.current_task())
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await talk(reader, writer)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
        except asyncio.CancelledError:
            writer.transport.abort()

    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(served, "127.0.0.1", 0, ssl=tls))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(_stop(server), loop).result(timeout=5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=5)
        loop.close()


async def _stop(server: asyncio.Server) -> None:
    server.close()
    await asyncio.sleep(0)  # a line that was just taken begins to talk
    while talks := asyncio.all_tasks() - {asyncio.current_task()}:
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        await asyncio.sleep(0.001)  # time for what was cut to be closed
