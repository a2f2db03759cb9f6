"""Visits to an XMPP server as an account (RFC 6120), their failures named once.

slixmpp would go on trying to connect for ever, and waits two minutes for an answer; here each
visit is one connection, with an end.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from slixmpp import ClientXMPP
from slixmpp.exceptions import XMPPError
from slixmpp.jid import JID

from channels._xmppaccount import Account
from channels._xmpperrors import named
from publisher.domain.channel import ChannelError, Disconnected, TryLater, Unsure

# At DEBUG it logs passwords, in base64; its errors are named here, and more than once by itself.
logging.getLogger("slixmpp").setLevel(logging.CRITICAL)

GOODBYE = 0.5  # seconds to take leave in

Told = TypeVar("Told")


@dataclass(frozen=True, kw_only=True)
class Line:
    """A connection that is signed in."""

    client: ClientXMPP
    timeout: float

    async def ask(self, answer: Awaitable[Told]) -> Told:
        """Wait for an answer, no longer than the line lasts. Raises the four failures."""
        asked = asyncio.ensure_future(answer)
        lost = asyncio.ensure_future(_lost(self.client))
        try:
            await asyncio.wait(
                {asked, lost}, timeout=self.timeout, return_when=asyncio.FIRST_COMPLETED
            )
            if asked.done():
                return asked.result()
        except XMPPError as error:
            raise named(error) from error
        finally:
            for one in (asked, lost):
                one.cancel()
        what = "the line was lost" if self.client.transport is None else "the server kept silent"
        raise Unsure(f"{what} before it answered")


def visit(
    account: Account, act: Callable[[Line], Coroutine[Any, Any, Told]], *plugins: str
) -> Told:
    """Sign in, act, and leave. Raises the four failures; TryLater before anything was done."""

    async def go() -> Told:
        async with signed_in(account, plugins) as line:
            return await act(line)

    return asyncio.run(go())


@asynccontextmanager
async def signed_in(account: Account, plugins: Iterable[str] = ()) -> AsyncIterator[Line]:
    """A line, with plugins such as "xep_0060". Nothing is posted on the way."""
    client = ClientXMPP(account.jid, account.password)
    for plugin in plugins:
        client.register_plugin(plugin)
    client.enable_starttls = account.tls == "starttls"
    client.enable_direct_tls = account.tls == "implicit"
    client.enable_plaintext = account.tls == "none"
    mechanisms = client.plugin["feature_mechanisms"]
    mechanisms.unencrypted_plain = mechanisms.unencrypted_scram = account.tls == "none"
    signed = asyncio.get_running_loop().create_future()
    _listen(client, signed, account)
    try:
        client.connect(*((account.host, account.port) if account.host else ()))
        try:
            await asyncio.wait_for(signed, account.timeout)
        except TimeoutError:
            raise TryLater(f"{_place(account)} does not answer: nobody signed in") from None
        yield Line(client=client, timeout=account.timeout)
    finally:
        client.cancel_connection_attempt()
        if client.transport is not None:
            await client.disconnect(wait=GOODBYE, ignore_send_queue=True)
        client.abort()
        sending = client._run_out_filters  # the library leaves it under way
        if sending is not None:
            sending.cancel()


def _listen(client: ClientXMPP, signed: asyncio.Future[None], account: Account) -> None:
    """Have the events of the connection decide whether the sign-in came to anything."""

    def fail(error: ChannelError) -> None:
        if not signed.done():
            client.cancel_connection_attempt()
            signed.set_exception(error)

    def go_on(_: Any) -> None:
        if not signed.done():
            signed.set_result(None)

    def refused(_: Any) -> None:
        fail(Disconnected(f"{account.jid} is not let in: mend `jid` and `password`"))

    place = _place(account)
    client.add_event_handler("session_start", go_on)
    client.add_event_handler("failed_all_auth", refused)
    client.add_event_handler("no_auth", refused)
    for event in ("connection_failed", "ssl_invalid_cert", "ssl_invalid_chain"):
        client.add_event_handler(
            event, lambda why: fail(TryLater(f"{place} cannot be reached: {why}"))
        )
    client.add_event_handler(
        "disconnected",
        lambda why: fail(TryLater(f"{place} hung up before we were signed in: {why or 'no word'}")),
    )


def _place(account: Account) -> str:
    host = account.host or JID(account.jid).domain
    return f"{host}:{account.port}" if account.host else str(host)


async def _lost(client: ClientXMPP) -> None:
    await asyncio.shield(client.disconnected)
