"""A stand-in of a mail server: takes every mail over real SMTP and delivers none."""

import asyncio
import itertools
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import NoReturn

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from publisher.sandbox.outside import Fault, Outside

REVOKED = b"revoked"  # the one password that is not accepted


@dataclass
class Mailbox:
    """What the server does with each mail: keeps it, or meets the next fault of "email".

    A fault is taken at MAIL, one a mail. "unauthorized" answers 530 there, "rate_limit" 451 to
    RCPT, and "error" drops the line at RCPT, before any body. The others strike after the final
    dot: "refuse" answers 550; "timeout" keeps nothing, is silent for the fault's seconds and
    hangs up; "lose_answer" and "error_after" keep the mail and hang up, the latter in the middle
    of an answer; "malformed" keeps it and answers what is no SMTP.
    """

    outside: Outside
    copies: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    faults: dict[Session, Fault | None] = field(default_factory=dict)

    async def handle_MAIL(  # noqa: N802  aiosmtpd names its hooks after SMTP's commands
        self, _: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.faults[session] = self.outside.next_fault("email")
        if self._met(session) == "unauthorized":
            return "530 5.7.0 stand-in: sign in first"
        envelope.mail_from, envelope.mail_options = address, options
        return "250 2.1.0 stand-in: go on"

    async def handle_RCPT(  # noqa: N802  as above
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._met(session) == "rate_limit":
            return "451 4.7.1 stand-in: come back later"
        if self._met(session) == "error":
            await _hang_up(server)
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 stand-in: go on"

    async def handle_DATA(  # noqa: N802  as above
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        fault = self.faults.pop(session, None)
        match fault.do if fault else "":
            case "refuse":
                return "550 5.7.1 stand-in: not wanted here"
            case "timeout":
                await asyncio.sleep(fault.seconds if fault else 0)
                await _hang_up(server)
        number = self._keep(envelope)
        match fault.do if fault else "":
            case "lose_answer":
                await _hang_up(server)
            case "error_after":
                await _hang_up(server, last_words=b"25")
            case "malformed":
                return "{oops"
        return f"250 2.0.0 stand-in: kept as {number}"

    def _met(self, session: Session) -> str:
        fault = self.faults.get(session)
        return fault.do if fault else ""

    def _keep(self, envelope: Envelope) -> int:
        source = bytes(envelope.original_content or b"")
        message = message_from_bytes(source, policy=policy.default)
        number = next(self.copies)
        for recipient in envelope.rcpt_tos:
            self.outside.keep(
                "email",
                f"{message['Message-ID']}/{recipient}/{number}",
                mail_from=envelope.mail_from,
                rcpt_to=recipient,
                subject=str(message["Subject"] or ""),
                raw=source.decode("utf-8", "surrogateescape"),
            )
        return number


async def _hang_up(server: SMTP, *, last_words: bytes = b"") -> NoReturn:
    transport = server.transport
    if isinstance(transport, asyncio.Transport):
        transport.write(last_words)
        transport.close() if last_words else transport.abort()
    await asyncio.Event().wait()  # the lost line cancels this conversation
    raise AssertionError("a conversation outlived its line")


def _sign_in(_: SMTP, __: Session, ___: Envelope, ____: str, login: LoginPassword) -> AuthResult:
    return AuthResult(success=login.password != REVOKED, handled=False)


@contextmanager
def serving_smtp(
    outside: Outside, *, port: int = 0, host: str = "127.0.0.1"
) -> Iterator[tuple[str, int]]:
    """Take mail in a thread; yields host and port. Any login does, except with REVOKED.

    Each mail is held as network "email" before it is answered, once a recipient, under
    Message-ID/recipient/number: a second copy of the same mail shows as a second one.
    `raw` is the message as it came, bytes above 127 by surrogateescape. Raises OSError when
    the port is taken.
    """
    listener = socket.create_server((host, port))
    loop = asyncio.new_event_loop()
    mailbox = Mailbox(outside)

    def conversation() -> SMTP:
        return SMTP(
            mailbox,
            hostname="stand-in.invalid",
            loop=loop,
            enable_SMTPUTF8=True,
            auth_require_tls=False,
            authenticator=_sign_in,
        )

    server = loop.run_until_complete(loop.create_server(conversation, sock=listener))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield host, listener.getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(_close(server), loop).result(timeout=5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=5)
        loop.close()


async def _close(server: asyncio.Server) -> None:
    server.close()
    conversations = asyncio.all_tasks() - {asyncio.current_task()}
    for conversation in conversations:
        conversation.cancel()
    await asyncio.wait(conversations, timeout=2) if conversations else None
    await asyncio.sleep(0)  # one turn for their lines to close
