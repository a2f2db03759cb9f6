"""The SMTP conversation: kept lines, the final dot, and what each failure means.

connect, TLS, AUTH    5xx Disconnected, all else TryLater (channels.email.line)
MAIL                  5xx Disconnected (552: Refused), all else TryLater
RCPT, DATA, body      5xx Refused (530 to 538: Disconnected), all else TryLater
after the final dot   250 Receipt, 4xx TryLater, 5xx Refused; no clear answer: Unsure
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import cast

import aiosmtplib

from channels.email.line import Line, Server, close_line, in_words, largest, open_line, said
from channels.email.message import Parcel
from publisher.domain.channel import (
    ChannelError,
    Copy,
    Disconnected,
    Post,
    Receipt,
    Refused,
    TryLater,
    Unsure,
)

SIGN_IN_FIRST = range(530, 539)

Pack = Callable[[Post], Parcel]
Mark = Callable[[Copy], Awaitable[bool]]
Settle = Callable[[Copy, Receipt | Exception], Awaitable[None]]


@dataclass(kw_only=True)
class Round:
    """One run over copies, shared by its lines. After the first `failure` no copy is begun."""

    server: Server
    copies: AsyncIterator[Copy]
    pack: Pack
    mark: Mark
    settle: Settle
    failure: Exception | None = None
    taking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def next_copy(self) -> Copy | None:
        async with self.taking:
            if self.failure is not None:
                return None
            return await anext(self.copies, None)


async def offer(line: Line, parcel: Parcel) -> None:
    """Send everything but the final dot.

    Raises TryLater, Refused or Disconnected: without the dot nothing was taken.
    """
    line.begun += 1
    options = _mail_options(line.smtp, parcel)
    encoding = "utf-8" if parcel.needs_utf8 else "ascii"
    try:
        await line.smtp.mail(parcel.envelope_from, options=options, encoding=encoding)
        await line.smtp.rcpt(parcel.envelope_to, encoding=encoding)
        start = await line.smtp.execute_command(b"DATA")
        if start.code != 354:
            raise aiosmtplib.SMTPDataError(start.code, start.message)
        await _write(line, parcel.sent)
    except (aiosmtplib.SMTPException, OSError) as error:
        await _begin_anew(line, error)
        raise not_taken(error) from error


async def finish(line: Line, parcel: Parcel) -> Receipt:
    """Send the final dot, and hear whether the mail was taken.

    Raises TryLater or Refused when the server said so, Unsure when no clear answer came.
    """
    if not line.in_step:
        line.cut()
        raise TryLater("the line was lost or out of step before the end of the message")
    try:
        # a line with a dot is an SMTP command to the library: one write, one reply
        reply = await line.smtp.execute_command(b".")
    except Exception as error:
        line.cut()
        raise Unsure(f"after the end of {parcel.message_id}: {in_words(error)}") from error
    words = said(reply.code, reply.message)
    match reply.code // 100:
        case 2 if reply.code == 250:
            return Receipt(id=parcel.message_id, note=words)
        case 4:
            raise TryLater(words)
        case 5:
            raise Refused(words)
    line.cut()
    raise Unsure(f"after the end of {parcel.message_id}: a reply that is none, {words!r}")


async def send_one(server: Server, parcel: Parcel) -> Receipt:
    """Send one mail over a line of its own. Raises as `open_line`, `offer` and `finish` do."""
    line = await open_line(server)
    try:
        await offer(line, parcel)
        return await finish(line, parcel)
    except asyncio.CancelledError:
        line.cut()
        raise
    finally:
        await close_line(line)


async def send_each(
    server: Server,
    copies: AsyncIterator[Copy],
    *,
    connections: int,
    pack: Pack,
    mark: Mark,
    settle: Settle,
) -> None:
    """Send copies over up to `connections` lines; see `Mailing.deliver_each`.

    A line that cannot be opened settles the copy in hand as TryLater and is given up; when all
    are, this returns and leaves the other copies where they are. After a failure (Disconnected,
    or whatever `mark` and `settle` raise) copies under way are finished, then it is raised.
    """
    round_ = Round(server=server, copies=copies, pack=pack, mark=mark, settle=settle)
    await asyncio.gather(*(_carry(round_) for _ in range(connections)))
    if round_.failure is not None:
        raise round_.failure


async def _carry(round_: Round) -> None:
    line: Line | None = None
    try:
        while copy := await round_.next_copy():
            try:
                line = await _usable(line, round_.server)
            except TryLater as error:
                await round_.settle(copy, error)
                return
            await _carry_one(round_, line, copy)
    except BaseException as error:
        if line is not None:
            line.cut()
        if not isinstance(error, Exception):
            raise
        round_.failure = round_.failure or error  # send_each raises it once all lines rest
    finally:
        if line is not None:
            await close_line(line)


async def _usable(line: Line | None, server: Server) -> Line:
    if line is not None and line.usable:
        return line
    if line is not None:
        await close_line(line)
    return await open_line(server)


async def _carry_one(round_: Round, line: Line, copy: Copy) -> None:
    try:
        parcel = round_.pack(copy.post)
        await offer(line, parcel)
    except Disconnected:
        raise
    except Exception as error:  # noqa: BLE001  the caller names what is no ChannelError a bug
        await round_.settle(copy, error)
        return
    if round_.failure is not None or not await round_.mark(copy):
        line.cut()
        return
    await round_.settle(copy, await _outcome(line, parcel))


async def _outcome(line: Line, parcel: Parcel) -> Receipt | ChannelError:
    try:
        return await finish(line, parcel)
    except ChannelError as error:
        return error


def not_taken(error: Exception) -> TryLater | Refused | Disconnected:
    """Name a failure before the final dot."""
    if not isinstance(error, aiosmtplib.SMTPResponseException):
        return TryLater(f"before the end of the message: {in_words(error)}")
    words = said(error.code, error.message)
    if not 500 <= error.code < 600:
        return TryLater(words)
    whole_account = isinstance(error, aiosmtplib.SMTPSenderRefused) and error.code != 552
    if whole_account or error.code in SIGN_IN_FIRST:
        return Disconnected(words)
    return Refused(words)


def _mail_options(smtp: aiosmtplib.SMTP, parcel: Parcel) -> list[str]:
    size, limit = parcel.size, largest(smtp)
    if 0 < limit < size:
        raise Refused(f"{size} bytes, but the mail server takes {limit} at most")
    options = [f"SIZE={size}"] if smtp.supports_extension("size") else []
    if not parcel.needs_utf8:
        return options
    if not smtp.supports_extension("smtputf8"):
        raise Refused("the mail server takes no address with other than ASCII characters")
    return [*options, "SMTPUTF8"]


async def _write(line: Line, content: bytes) -> None:
    """Hand the body to the network, so that only the dot is left to go."""
    if line.smtp.protocol is None:
        raise aiosmtplib.SMTPServerDisconnected("Connection lost")
    line.smtp.protocol.write(content)
    transport = cast(asyncio.WriteTransport, line.smtp.transport)
    async with asyncio.timeout(line.smtp.timeout):
        while line.smtp.is_connected and transport.get_write_buffer_size():
            await asyncio.sleep(0.005)
    if not line.smtp.is_connected:
        raise aiosmtplib.SMTPServerDisconnected("Connection lost")


async def _begin_anew(line: Line, error: Exception) -> None:
    """After a reply that turned a mail down the line may serve the next; after all else not."""
    if not isinstance(error, aiosmtplib.SMTPResponseException) or error.code < 400:
        line.cut()
        return
    try:
        await line.smtp.rset()
    except (aiosmtplib.SMTPException, OSError):
        line.cut()
