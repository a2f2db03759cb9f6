"""One SMTP connection: opened, secured and signed in, and what the server offers on it."""

import asyncio
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

import aiosmtplib

from publisher.domain.channel import Disconnected, TryLater

MAILS_A_LINE = 100  # then a new line: servers cut at limits of their own


@dataclass(frozen=True, kw_only=True)
class Server:
    """The mail server we hand over to. `timeout`: seconds for each answer. `tls` as configured."""

    host: str
    port: int
    tls: str
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""
    timeout: float = 30


@dataclass(kw_only=True)
class Line:
    """An open connection, and how many mails were begun on it."""

    smtp: aiosmtplib.SMTP
    begun: int = 0

    @property
    def in_step(self) -> bool:
        """Whether the next answer will be to the next command.

        The library takes what is left in its buffer for the answer to come, so a server that
        answers too much could have a mail booked as taken before its dot.
        """
        protocol = self.smtp.protocol
        return protocol is not None and protocol.is_connected and not protocol._buffer

    @property
    def usable(self) -> bool:
        return self.in_step and self.begun < MAILS_A_LINE

    def cut(self) -> None:
        """Hang up at once, whatever is still unsent."""
        if self.smtp.transport is not None:
            cast(asyncio.WriteTransport, self.smtp.transport).abort()
        self.smtp.close()


async def open_line(server: Server) -> Line:
    """Connect, encrypt, sign in. Raises TryLater or Disconnected; nothing was sent."""
    smtp = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        username=server.username or None,
        password=server.password or None,
        use_tls=server.tls == "implicit",
        start_tls=server.tls == "starttls",
        cert_bundle=server.ca_file or None,
        timeout=server.timeout,
    )
    try:
        await smtp.connect()
        if smtp.is_ehlo_or_helo_needed:
            await smtp.ehlo()
    except (aiosmtplib.SMTPException, OSError) as error:
        smtp.close()
        raise not_opened(server, error) from error
    return Line(smtp=smtp)


async def close_line(line: Line) -> None:
    """Say goodbye; hang up if that is not answered."""
    try:
        if line.smtp.is_connected:
            await line.smtp.quit()
    except (aiosmtplib.SMTPException, OSError):
        pass  # nothing was under way
    finally:
        line.cut()


async def tried(server: Server) -> list[str]:
    """Open a line and say what the server offers. Raises as `open_line`."""
    line = await open_line(server)
    found = [*_offers(server, line.smtp)]
    await close_line(line)
    return found


def _offers(server: Server, smtp: aiosmtplib.SMTP) -> Iterator[str]:
    secured = "without encryption" if server.tls == "none" else "with TLS"
    size = largest(smtp)
    yield f"{server.host}:{server.port} answers {secured}"
    yield f"signed in as {server.username}" if server.username else "no sign-in"
    yield f"takes messages of up to {size} bytes" if size else "names no limit of size"
    for named, extension in (("addresses beyond ASCII", "smtputf8"), ("pipelining", "pipelining")):
        yield f"{named}: {'yes' if smtp.supports_extension(extension) else 'no'}"
    if server.username and server.tls == "none":
        yield "the password travels unencrypted: set tls to starttls or implicit"


def not_opened(server: Server, error: Exception) -> TryLater | Disconnected:
    """Name a failure to connect, encrypt or sign in: 5xx is for a person, most else passes."""
    reason = f"{server.host}:{server.port}: {in_words(error)}"
    certificate = (error, error.__cause__, error.__context__)
    if any(isinstance(e, ssl.SSLCertVerificationError) for e in certificate):
        return Disconnected(reason)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return Disconnected(reason) if 500 <= error.code < 600 else TryLater(reason)
    if isinstance(error, OSError):
        return TryLater(reason)
    return Disconnected(reason)  # no STARTTLS, no AUTH: the server is not what was configured


def largest(smtp: aiosmtplib.SMTP) -> int:
    """The bytes of the largest message the server takes (RFC 1870); 0: it does not say."""
    limit = smtp.esmtp_extensions.get("size", "").strip()
    return int(limit) if limit.isdecimal() else 0


def said(code: int, message: str) -> str:
    """A reply on one line, as the log shows it."""
    words = " ".join(message.split())[:300]
    return f"{code} {words}" if code > 0 else f"no SMTP reply: {words}"


def in_words(error: Exception) -> str:
    """What went wrong, in the server's words where it spoke."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return said(error.code, error.message)
    return str(error) or type(error).__name__
