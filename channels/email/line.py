"""One SMTP connection: opened, secured and signed in, and what the server offers on it."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

import aiosmtplib

from channels.email.encoding import one_line
from channels.email.talk import WORDS, Gone, Talk
from publisher.domain.channel import Disconnected, TryLater

STEPS = 4  # times its limit is what opening may take in all: connect, TLS, EHLO, sign in
GOODBYE = 5.0  # seconds at most that a QUIT waits for its answer


@dataclass(frozen=True, kw_only=True)
class Server:
    """The mail server we hand over to. `tls` as configured.

    `timeout`: seconds for each answer, but for that to a message's end, which has `end_timeout`.
    `mails` are sent on a line before it is renewed; `idle`: seconds after which it is, too.
    `slowest`: bytes a second that the server has to take of a message, beyond `timeout`.
    """

    host: str
    port: int
    tls: str
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""
    timeout: float = 30
    end_timeout: float = 120
    mails: int = 100
    idle: float = 30
    slowest: int = 10_000


@dataclass(frozen=True, kw_only=True)
class Offers:
    """What the server said in answer to the last EHLO. `largest` in bytes, 0: it does not say."""

    pipelining: bool
    smtputf8: bool
    size: bool
    largest: int


@dataclass(kw_only=True)
class Line:
    """An open connection, how many mails were begun on it, and when it last was in use.

    `unclean`: a mail that was turned down may have left its sender behind, so RSET is due.
    """

    talk: Talk
    server: Server
    offers: Offers
    begun: int = 0
    unclean: bool = False
    used: float = 0

    @property
    def usable(self) -> bool:
        """Whether it may serve one more mail."""
        return not self.talk.ended and self.begun < self.server.mails

    @property
    def rested(self) -> bool:
        """Whether it was silent for so long that it is better opened anew."""
        return asyncio.get_running_loop().time() - self.used > self.server.idle


async def open_line(server: Server) -> Line:
    """Connect, encrypt, sign in. Raises TryLater or Disconnected; nothing was sent."""
    smtp = _smtp(server)
    try:
        async with asyncio.timeout(STEPS * server.timeout):
            await smtp.connect()
            if smtp.is_ehlo_or_helo_needed:
                await smtp.ehlo()
        return _taken_over(smtp, server)
    except (aiosmtplib.SMTPException, OSError) as error:  # TimeoutError is one
        _hang_up(smtp)
        raise not_opened(server, error) from error
    except BaseException:
        _hang_up(smtp)
        raise


def _smtp(server: Server) -> aiosmtplib.SMTP:
    return aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        username=server.username or None,
        password=server.password or None,
        use_tls=server.tls == "implicit",
        start_tls=server.tls == "starttls",
        cert_bundle=server.ca_file or None,
        timeout=server.timeout,
    )


def _taken_over(smtp: aiosmtplib.SMTP, server: Server) -> Line:
    """Go on without the library, which sends one command at a time."""
    if smtp.protocol is None or smtp.transport is None:
        raise aiosmtplib.SMTPServerDisconnected("the line was lost")
    if smtp.protocol._buffer:
        raise aiosmtplib.SMTPServerDisconnected("out of step: the server said too much")
    transport = cast(asyncio.Transport, smtp.transport)
    transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    talk = Talk(transport)
    transport.set_protocol(talk)
    now = asyncio.get_running_loop().time()
    return Line(talk=talk, server=server, offers=_offers(smtp), used=now)


def _offers(smtp: aiosmtplib.SMTP) -> Offers:
    largest = smtp.esmtp_extensions.get("size", "").strip()  # RFC 1870
    return Offers(
        pipelining=smtp.supports_extension("pipelining"),
        smtputf8=smtp.supports_extension("smtputf8"),
        size=smtp.supports_extension("size"),
        largest=int(largest) if largest.isdecimal() else 0,
    )


def _hang_up(smtp: aiosmtplib.SMTP) -> None:
    if smtp.transport is not None:
        cast(asyncio.Transport, smtp.transport).abort()
    smtp.close()


async def close_line(line: Line) -> None:
    """Say goodbye; hang up if that is not answered."""
    try:
        line.talk.say(b"QUIT\r\n", replies=1)
        await line.talk.hear(within=min(GOODBYE, line.server.timeout))
    except Gone:
        pass  # nothing was under way
    finally:
        line.talk.end("closed by us")


async def tried(server: Server) -> list[str]:
    """Open a line and say what the server offers. Raises as `open_line`."""
    line = await open_line(server)
    found = [*_told(server, line.offers)]
    await close_line(line)
    return found


def _told(server: Server, offers: Offers) -> Iterator[str]:
    secured = "without encryption" if server.tls == "none" else "with TLS"
    size = offers.largest
    yield f"{server.host}:{server.port} answers {secured}"
    yield f"signed in as {server.username}" if server.username else "no sign-in"
    yield f"takes messages of up to {size} bytes" if size else "names no limit of size"
    yield f"addresses beyond ASCII: {'yes' if offers.smtputf8 else 'no'}"
    yield f"pipelining: {'yes' if offers.pipelining else 'no'}"
    if server.username and server.tls == "none":
        yield "the password travels unencrypted: set tls to starttls or implicit"


def not_opened(server: Server, error: Exception) -> TryLater | Disconnected:
    """Name a failure to connect, encrypt or sign in: 5xx is for a person, most else passes."""
    reason = f"{server.host}:{server.port}: {_in_words(error)}"
    certificate = (error, error.__cause__, error.__context__)
    if any(isinstance(e, ssl.SSLCertVerificationError) for e in certificate):
        return Disconnected(reason)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return Disconnected(reason) if 500 <= error.code < 600 else TryLater(reason)
    if isinstance(error, OSError):
        return TryLater(reason)
    return Disconnected(reason)  # no STARTTLS, no AUTH: the server is not what was configured


def _in_words(error: Exception) -> str:
    """What went wrong, in the server's words where it spoke."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        words = one_line(error.message)[:WORDS]
        return f"{error.code} {words}" if error.code > 0 else f"no SMTP reply: {words}"
    if isinstance(error, TimeoutError) and not str(error):
        return "it took too long to open a line"
    return str(error) or type(error).__name__
