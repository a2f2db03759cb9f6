"""A room (XEP-0045) for the length of a visit: joined, spoken in, its archive looked through."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from slixmpp import JID
from slixmpp.exceptions import XMPPError

from channels._xmpp import Line
from channels._xmpparchive import said_of_late
from channels._xmpperrors import named
from publisher.domain.channel import ChannelError, Disconnected, TryLater, Unsure

PLUGINS = ("xep_0045", "xep_0308", "xep_0313", "xep_0359", "xep_0424")
MADE = 201  # the status code of a room that did not exist
LET_IN: dict[str, tuple[type[ChannelError], str]] = {  # by condition, XEP-0045 §7.2
    "registration-required": (Disconnected, "it is for members only: have an owner add {jid}"),
    "forbidden": (Disconnected, "{jid} is banned there: ask its owners"),
    "not-authorized": (Disconnected, "it wants a password: mend `room_password`"),
    "item-not-found": (Disconnected, "it does not exist: mend `room`, or make it"),
    "not-allowed": (Disconnected, "it does not exist, and may not be made: mend `room`"),
    "remote-server-not-found": (Disconnected, "its server does not exist: mend `room`"),
    "conflict": (TryLater, "somebody has the name {nick}: choose another `nick`"),
    "service-unavailable": (TryLater, "it is full, or its server is away"),
}


@dataclass(frozen=True, kw_only=True)
class Room:
    """A room, and under which name to be there."""

    jid: str
    nick: str
    password: str = ""

    @asynccontextmanager
    async def joined(self, line: Line) -> AsyncIterator[None]:
        """Be in the room meanwhile. Raises Disconnected or TryLater with the remedy."""
        muc = _plugin(line, "xep_0045")
        try:
            me = await self._join(line, muc)
        except TimeoutError:
            raise TryLater(f"{self.jid} does not answer") from None
        except XMPPError as error:
            raise self._shut(error, line) from error
        try:
            if MADE in me["muc"]["status_codes"]:
                raise Disconnected(f"{self.jid} did not exist: mend `room`, or make it first")
            yield
        finally:
            if line.client.transport is not None:
                muc.leave_muc(JID(self.jid), self.nick)

    async def _join(self, line: Line, muc: Any) -> Any:
        """Our presence in the room. The library overlooks errors that do not repeat its `x`."""
        shut = asyncio.get_running_loop().create_future()

        def hear(presence: Any) -> None:
            if presence["from"].bare == self.jid and not shut.done():
                shut.set_exception(_error(presence))

        known = {"password": self.password or None, "maxstanzas": 0, "timeout": line.timeout}
        line.client.add_event_handler("presence_error", hear)
        joining = asyncio.ensure_future(muc.join_muc_wait(JID(self.jid), self.nick, **known))
        try:
            await asyncio.wait({joining, shut}, return_when=asyncio.FIRST_COMPLETED)
            return shut.result() if shut.done() else joining.result()[0]
        finally:
            joining.cancel()
            line.client.del_event_handler("presence_error", hear)

    def _shut(self, error: XMPPError, line: Line) -> ChannelError:
        jid = line.client.boundjid.bare
        if error.condition in LET_IN:
            kind, remedy = LET_IN[error.condition]
            words = remedy.format(jid=jid, nick=self.nick)
            return kind(f"{self.jid} lets nobody in ({error.condition}): {words}")
        found = named(error)
        return TryLater(str(found)) if isinstance(found, Unsure) else found

    async def say(self, line: Line, message: Any) -> str:
        """Say it, and wait for its reflection; the id that the room gave it, or "".

        Raises the four failures.
        """
        heard = asyncio.get_running_loop().create_future()

        def listen(stanza: Any) -> None:
            if stanza["id"] == message["id"] and not heard.done():
                failed = stanza["type"] == "error"
                heard.set_exception(_error(stanza)) if failed else heard.set_result(stanza)

        events = ("groupchat_message", "groupchat_message_error", "message_error")
        for event in events:
            line.client.add_event_handler(event, listen)
        message.send()
        try:
            return _given(await line.ask(heard), self.jid)
        finally:
            for event in events:
                line.client.del_event_handler(event, listen)

    async def heard(self, line: Line, key: str) -> str | None:
        """The id in the archive of what was said under a key and stands; None if nothing does.

        Raises NotImplementedError where that cannot be told, and the four failures.
        """
        number, gone = None, set[str]()
        async for one in said_of_late(line, self.jid):
            said = one["mam_result"]["forwarded"]["stanza"]
            gone.add(str(said["retract"]["id"]))
            if said["id"] == key:
                number = number or str(one["mam_result"]["id"])
        return None if number in gone else number


def _plugin(line: Line, name: str) -> Any:
    plugins: Any = line.client.plugin
    return plugins[name]


def _error(stanza: Any) -> XMPPError:
    said = stanza["error"]
    return XMPPError(condition=said["condition"], text=said["text"], etype=said["type"])


def _given(stanza: Any, room: str) -> str:
    given = stanza["stanza_id"]
    return str(given["id"]) if str(given["by"]) == room else ""
