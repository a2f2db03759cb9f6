"""A stand-in of a mail server: it writes down what it takes before it says so, and fails on demand.

    python -m tests.proofs.receipts PORT FILE

FILE gets a line for each mail taken, its Message-ID and its recipient with a tab between, in one
write(2) before the 250 is sent: whoever is killed after that, the line is there. What an address
begins with decides what its mail meets (`FATES`).
"""

import asyncio
import os
import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import cast

import uvloop

END = b"\r\n.\r\n"
SLOW = 0.5  # seconds
DISTANCE = 0.05
NOBODY = b"554 5.5.1 no valid recipients"
_MESSAGE_ID = re.compile(rb"^Message-ID: (<[^>\r\n]+>)", re.MULTILINE)
_PATH = re.compile(rb"<([^>]*)>")


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What a mail meets. `always` or only at the first try; `rcpt` is the answer to RCPT.

    The line is cut at the first bytes of the body, or after the final dot: before the mail was
    taken, or when it was. `pause` is in seconds, before the answer to the dot.
    """

    always: bool = False
    rcpt: bytes = b""
    cut_in_body: bool = False
    cut_untaken: bool = False
    cut_taken: bool = False
    pause: float = 0


USUAL = Fate()
FATES = {
    "refused": Fate(always=True, rcpt=b"550 5.1.1 no such user here"),
    "deferred": Fate(rcpt=b"451 4.7.1 greylisted, come again"),
    "cut": Fate(cut_in_body=True),
    "lost": Fate(cut_untaken=True),
    "taken": Fate(cut_taken=True),
    "slow": Fate(always=True, pause=SLOW),
    "distant": Fate(always=True, pause=DISTANCE),
}


@dataclass
class Book:
    """What was taken, in a file, and how often each recipient was named."""

    file: int
    named: Counter[str] = field(default_factory=Counter)

    def fate(self, recipient: str) -> Fate:
        fate = FATES.get(recipient.partition(".")[0], USUAL)
        return fate if fate.always or self.named[recipient] == 1 else USUAL

    def take(self, body: bytes, recipient: str) -> None:
        found = _MESSAGE_ID.search(body)
        id = found[1].decode() if found else "<none>"
        os.write(self.file, f"{id}\t{recipient}\n".encode())


@dataclass
class Talk:
    """One connection. asyncio calls it a protocol."""

    book: Book
    buffer: bytearray = field(default_factory=bytearray)
    searched: int = 0
    recipient: str = ""
    in_body: bool = False
    resting: bool = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(b"220 stand-in\r\n")

    def connection_lost(self, _: Exception | None) -> None:
        self.resting = True

    def eof_received(self) -> None:
        """Nothing more comes: asyncio closes the connection."""

    def pause_writing(self) -> None:
        """Answers are short."""

    def resume_writing(self) -> None:
        """Answers are short."""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self._go_on()

    def _go_on(self) -> None:
        while not self.resting and (self._body() if self.in_body else self._command()):
            pass

    def _command(self) -> bool:
        end = self.buffer.find(b"\r\n")
        if end < 0:
            return False
        line = bytes(self.buffer[:end])
        del self.buffer[: end + 2]
        self._answer(self._reply(line[:4].upper(), line))
        if line[:4].upper() == b"QUIT":
            self.transport.close()
        return True

    def _reply(self, verb: bytes, line: bytes) -> bytes:
        if verb == b"EHLO":
            return b"250-stand-in\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250 8BITMIME"
        if verb == b"MAIL":
            self.recipient = ""
        if verb == b"RCPT":
            return self._named(line)
        if verb == b"DATA":
            self.in_body = bool(self.recipient)
            return b"354 go on" if self.in_body else NOBODY
        return b"221 bye" if verb == b"QUIT" else b"250 2.0.0 fine"

    def _named(self, line: bytes) -> bytes:
        found = _PATH.search(line)
        recipient = found[1].decode() if found else ""
        self.book.named[recipient] += 1
        reply = self.book.fate(recipient).rcpt
        if not reply:
            self.recipient = recipient
        return reply or b"250 2.1.5 fine"

    def _body(self) -> bool:
        fate = self.book.fate(self.recipient)
        if fate.cut_in_body and self.buffer:
            return self._cut()
        end = self.buffer.find(END, self.searched)
        if end < 0:
            self.searched = max(0, len(self.buffer) - len(END))
            return False
        body = bytes(self.buffer[:end])
        del self.buffer[: end + len(END)]
        self.searched, self.in_body = 0, False
        return self._dot(body, fate)

    def _dot(self, body: bytes, fate: Fate) -> bool:
        if fate.cut_untaken:
            return self._cut()
        self.book.take(body, self.recipient)
        if fate.cut_taken:
            return self._cut()
        if fate.pause:
            self.resting = True
            asyncio.get_running_loop().call_later(fate.pause, self._late)
            return False
        self._answer(b"250 2.0.0 taken")
        return True

    def _late(self) -> None:
        self.resting = False
        self._answer(b"250 2.0.0 taken, after a while")
        self._go_on()

    def _cut(self) -> bool:
        self.resting = True
        self.transport.abort()
        return False

    def _answer(self, reply: bytes) -> None:
        self.transport.write(reply + b"\r\n")


async def serve(port: int, path: str) -> None:
    """Take mail until ended."""
    book = Book(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600))

    def talk() -> asyncio.BaseProtocol:
        return cast(asyncio.BaseProtocol, Talk(book))

    server = await asyncio.get_running_loop().create_server(talk, "127.0.0.1", port, backlog=1000)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), sys.argv[2]))
