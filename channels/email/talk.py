"""What a mail server says on one line: whole replies, in step with what was asked of it.

A reply that nobody waits for, one without an end, and one that is no SMTP end the line at once:
after them no answer can be told from the answer to something else.
"""

import asyncio
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from channels.email.encoding import one_line

LONGEST_REPLY = 32 * 1024  # bytes, all its lines together
CLOSING = 421  # may come at any time (RFC 5321 §3.8)
WORDS = 300  # characters of a reply that the log keeps

_LINE = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?", re.DOTALL)
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?= |\Z)")  # RFC 3463 §2


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the server: its code, and what follows that on each line. `str` is one line."""

    code: int
    lines: tuple[bytes, ...]

    def __str__(self) -> str:
        return f"{self.code} {_in_words(self.lines)}".strip()


class Gone(Exception):
    """The line is of no more use, and why."""


class Talk(asyncio.Protocol):
    """Both directions of one line. `ended` is why nothing more can be said on it, or ""."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.ended = ""
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._unread = b""
        self._lines: list[bytes] = []  # of a reply that goes on
        self._code = b""
        self._length = 0
        self._replies: deque[Reply] = deque()
        self._awaited = 0
        self._full = False
        self._waiting: asyncio.Future[None] | None = None
        # The program keeps nothing back: what `drained` has waited for is the network's.
        transport.set_write_buffer_limits(high=1, low=0)  # 0 would stop TLS before it begins

    def say(self, words: bytes, *, replies: int) -> None:
        """Send, and expect so many replies more. Raises Gone, and then nothing was sent."""
        if self.ended:
            raise Gone(self.ended)
        self._awaited += replies
        self._transport.write(words)

    async def hear(self, *, within: float) -> Reply:
        """The next reply, whole within so many seconds. Raises Gone."""
        if not self._replies:
            end = self._loop.time() + within
            while not self._replies:
                await self._stirred(end, within)
        return self._replies.popleft()

    async def drained(self, *, within: float) -> None:
        """Wait until the network has all that was said. Raises Gone."""
        if self._full:
            end = self._loop.time() + within
            while self._full:
                await self._stirred(end, within)
        if self.ended:
            raise Gone(self.ended)

    def end(self, why: str) -> None:
        """Hang up at once, whatever is still unsent, and believe nothing more that was said."""
        self._replies.clear()
        self._end(why)

    def _end(self, why: str) -> None:
        self.ended = self.ended or why
        self._transport.abort()
        self._stir()

    async def _stirred(self, end: float, within: float) -> None:
        if self.ended:
            raise Gone(self.ended)
        self._waiting = self._loop.create_future()
        late = self._loop.call_at(end, self.end, f"timed out after {within:g} s")
        try:
            await self._waiting
        finally:
            late.cancel()
            self._waiting = None

    def _stir(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def data_received(self, data: bytes) -> None:
        *lines, rest = (self._unread + data).split(b"\n")
        self._unread = rest
        for line in lines:
            if self.ended:
                return
            self._take(line.removesuffix(b"\r"))
        self._bound(len(rest))

    def _bound(self, more: int) -> None:
        if self._length + more > LONGEST_REPLY:
            self._end("a reply too long to be one")

    def _take(self, line: bytes) -> None:
        read = _LINE.fullmatch(line)
        if read is None or (self._lines and self._code != read[1]):
            self._end(f"no SMTP reply: {_in_words([line])!r}")
            return
        code, dash, words = read.groups(b"")
        self._lines.append(words)
        if dash == b"-":
            self._code = code
            self._length += len(line) + 2
            self._bound(0)
            return
        self._answer(Reply(int(code), tuple(self._lines)))
        self._lines.clear()
        self._length = 0

    def _answer(self, reply: Reply) -> None:
        if self._awaited:
            self._awaited -= 1
            self._replies.append(reply)
            self._stir()
        elif reply.code == CLOSING:
            self._end(f"the server closes the line: {reply}")
        else:
            self._end(f"out of step, an answer to nothing: {reply}")

    def eof_received(self) -> None:
        self._end("the server hung up")

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(f"the line was lost: {exc}" if exc else "the line was lost")

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._stir()


def _in_words(lines: Sequence[bytes]) -> str:
    """The lines of a reply as one; an enhanced status, repeated on each, stands in front once."""
    first, *others = [one_line(line[:LONGEST_REPLY].decode("utf-8", "replace")) for line in lines]
    if status := _ENHANCED.match(first):
        others = [line.removeprefix(status[0]).strip() for line in others]
    return " ".join(filter(None, [first, *others]))[:WORDS]
