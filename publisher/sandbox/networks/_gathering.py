"""What a pretend XMPP server does with stanzas: PubSub, rooms with an archive, messages."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from xml.etree import ElementTree as ET

from publisher.sandbox.networks._stanzas import (
    CLIENT,
    Client,
    Stanza,
    element,
    error,
    reply,
)
from publisher.sandbox.outside import Kept, Outside

NETWORK = "xmpp"
PUBSUB, OWNER = "http://jabber.org/protocol/pubsub", "http://jabber.org/protocol/pubsub#owner"
ERRORS = "http://jabber.org/protocol/pubsub#errors"
MUC, MUC_USER = "http://jabber.org/protocol/muc", "http://jabber.org/protocol/muc#user"
DISCO, FORM = "http://jabber.org/protocol/disco#info", "jabber:x:data"
MAM, FORWARD, DELAY = "urn:xmpp:mam:2", "urn:xmpp:forward:0", "urn:xmpp:delay"
SID, REPLACE = "urn:xmpp:sid:0", "urn:xmpp:message-correct:0"
RETRACT, RSM = "urn:xmpp:message-retract:1", "http://jabber.org/protocol/rsm"
PAGE = 50  # messages of an archive in one answer
ATOM = "{http://www.w3.org/2005/Atom}"
REFUSALS = {
    "refuse": ("modify", "not-acceptable"),
    "rate_limit": ("wait", "resource-constraint"),
    "unauthorized": ("auth", "forbidden"),
    "error": ("cancel", "internal-server-error"),
}
Keep = Callable[[], None]


@dataclass(kw_only=True)
class Gathering:
    """Who is in which room, and what was ever said there. `closed` rooms need membership."""

    outside: Outside
    rooms: str
    closed: tuple[str, ...] = ()
    archives: bool = True
    nodes: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    said: dict[str, list[tuple[str, Stanza]]] = field(default_factory=dict)
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def hear(self, client: Client, stanza: Stanza) -> None:
        """Act on one stanza of a client."""
        name = stanza.tag.rpartition("}")[2]
        if name == "iq":
            await self._iq(client, stanza)
        elif name == "presence":
            self._presence(client, stanza)
        elif name == "message" and stanza.get("type") == "groupchat":
            await self._groupchat(client, stanza)
        elif name == "message":
            await self._message(client, stanza)

    async def _iq(self, client: Client, stanza: Stanza) -> None:
        if stanza.get("type") not in ("get", "set"):
            return
        answers = {
            f"{{{PUBSUB}}}pubsub": self._pubsub,
            f"{{{OWNER}}}pubsub": self._owner,
            f"{{{DISCO}}}query": self._disco,
            f"{{{MAM}}}query": self._archive,
            "{urn:xmpp:ping}ping": self._ping,
        }
        for child in stanza:
            if child.tag in answers:
                await answers[child.tag](client, stanza, child)
                return
        error(client, stanza, "cancel", "service-unavailable")

    async def _ping(self, client: Client, stanza: Stanza, _: Stanza) -> None:
        reply(client, stanza)

    async def _disco(self, client: Client, stanza: Stanza, _: Stanza) -> None:
        answer = element("query", DISCO)
        archive = [MAM, SID, RETRACT] if self.archives else []
        for feature in (PUBSUB, MUC, *archive):
            ET.SubElement(answer, f"{{{DISCO}}}feature", {"var": feature})
        reply(client, stanza, answer)

    # --- PubSub

    async def _pubsub(self, client: Client, stanza: Stanza, asked: Stanza) -> None:
        place, act = stanza.get("to") or client.bare, asked[0]
        node = (place, act.get("node", ""))
        name = act.tag.rpartition("}")[2]
        if name == "create":
            wishes = asked.find(f"{{{PUBSUB}}}configure")
            self.nodes.setdefault(node, {}).update(_values(wishes))
            reply(client, stanza)
        elif name == "publish":
            await self._publish(client, stanza, node, act[0])
        elif name == "items":
            self._items(client, stanza, node, [one.get("id", "") for one in act])
        elif name == "retract":
            self._take(client, stanza, node, act[0].get("id", ""))

    async def _publish(
        self, client: Client, stanza: Stanza, node: tuple[str, str], item: Stanza
    ) -> None:
        def keep() -> None:
            self.nodes.setdefault(node, {"pubsub#max_items": "20"})
            self._keep(f"{node[0]}/{node[1]}/{item.get('id')}", "item", node[0], item)

        if await self._met(client, stanza, keep):
            reply(client, stanza)

    def _items(self, client: Client, stanza: Stanza, node: tuple[str, str], ids: list[str]) -> None:
        if node not in self.nodes:
            error(client, stanza, "cancel", "item-not-found")
            return
        answer = element("pubsub", PUBSUB)
        items = ET.SubElement(answer, f"{{{PUBSUB}}}items", {"node": node[1]})
        for id in ids:
            kept = self.outside.get(NETWORK, f"{node[0]}/{node[1]}/{id}")
            if kept:
                items.append(ET.fromstring(kept.fields["xml"]))  # noqa: S314  our own
        reply(client, stanza, answer)

    def _take(self, client: Client, stanza: Stanza, node: tuple[str, str], id: str) -> None:
        where = f"{node[0]}/{node[1]}/{id}"
        if self.outside.get(NETWORK, where) is None:
            error(client, stanza, "cancel", "item-not-found")
            return
        self.outside.remove(NETWORK, where)
        reply(client, stanza)

    async def _owner(self, client: Client, stanza: Stanza, asked: Stanza) -> None:
        node = (stanza.get("to") or client.bare, asked[0].get("node", ""))
        if node not in self.nodes:
            error(client, stanza, "cancel", "item-not-found")
            return
        self.nodes[node].update(_values(asked[0]))
        answer = element("pubsub", OWNER)
        configure = ET.SubElement(answer, f"{{{OWNER}}}configure", {"node": node[1]})
        form = ET.SubElement(configure, f"{{{FORM}}}x", {"type": "form"})
        for name, value in self.nodes[node].items():
            one = ET.SubElement(form, f"{{{FORM}}}field", {"var": name, "type": "text-single"})
            ET.SubElement(one, f"{{{FORM}}}value").text = value
        reply(client, stanza, answer)

    # --- rooms

    def _presence(self, client: Client, stanza: Stanza) -> None:
        room, _, nick = (stanza.get("to") or "").partition("/")
        if not room.endswith(f"@{self.rooms}"):
            return
        if room.partition("@")[0] in self.closed:
            error(client, stanza, "auth", "registration-required")
            return
        leaves = stanza.get("type") == "unavailable"
        client.rooms.pop(room, None) if leaves else client.rooms.update({room: nick})
        kind = {"type": "unavailable"} if leaves else {}
        me = element("presence", from_=f"{room}/{nick}", to=client.jid, **kind)
        x = ET.SubElement(me, f"{{{MUC_USER}}}x")
        about = {"affiliation": "member", "role": "none" if leaves else "participant"}
        ET.SubElement(x, f"{{{MUC_USER}}}item", about)
        ET.SubElement(x, f"{{{MUC_USER}}}status", {"code": "110"})
        client.say(me)
        if not leaves:
            subject = element("message", from_=room, to=client.jid, type="groupchat")
            ET.SubElement(subject, f"{{{CLIENT}}}subject").text = "Stand-in"
            client.say(subject)

    async def _groupchat(self, client: Client, stanza: Stanza) -> None:
        room = stanza.get("to") or ""
        if room not in client.rooms:
            error(client, stanza, "modify", "not-acceptable", "join first")
            return
        number = f"archive-{next(self.numbers)}"

        def keep() -> None:
            self._reflected(client, room, stanza, number)
            self._note(room, stanza, number)

        if await self._met(client, stanza, keep):
            client.say(stanza)

    def _reflected(self, client: Client, room: str, stanza: Stanza, number: str) -> None:
        stanza.set("from", f"{room}/{client.rooms[room]}")
        stanza.set("to", client.jid)
        ET.SubElement(stanza, f"{{{SID}}}stanza-id", {"id": number, "by": room})
        self.said.setdefault(room, []).append((number, stanza))

    def _note(self, room: str, stanza: Stanza, number: str) -> None:
        """Show what is said: an old message as it was corrected, and none that was retracted."""
        replaced, gone = stanza.find(f"{{{REPLACE}}}replace"), stanza.find(f"{{{RETRACT}}}retract")
        if gone is not None:
            self.outside.remove(NETWORK, f"{room}/{gone.get('id')}")
        elif replaced is not None:
            older = self._by_message(room, replaced.get("id", ""))
            self._keep(older.id if older else f"{room}/{number}", "room", room, stanza)
        else:
            self._keep(f"{room}/{number}", "room", room, stanza)

    def _by_message(self, room: str, id: str) -> Kept | None:
        found = [kept for kept in self.outside.posts(NETWORK) if kept.fields["place"] == room]
        return next((kept for kept in found if kept.fields["message"] == id), None)

    async def _archive(self, client: Client, stanza: Stanza, asked: Stanza) -> None:
        room = stanza.get("to") or client.bare
        if not self.archives:
            error(client, stanza, "cancel", "service-unavailable")
            return
        after = asked.findtext(f"{{{RSM}}}set/{{{RSM}}}after", "")
        numbers = [number for number, _ in self.said.get(room, [])]
        start = numbers.index(after) + 1 if after in numbers else 0
        page = self.said.get(room, [])[start : start + PAGE]
        for number, said in page:
            found = element("message", from_=room, to=client.jid)
            known = {"id": number, "queryid": asked.get("queryid", "")}
            result = ET.SubElement(found, f"{{{MAM}}}result", known)
            forwarded = ET.SubElement(result, f"{{{FORWARD}}}forwarded")
            ET.SubElement(forwarded, f"{{{DELAY}}}delay", {"stamp": _now()})
            forwarded.append(said)
            client.say(found)
        fin = element("fin", MAM, **({"complete": "true"} if start + PAGE >= len(numbers) else {}))
        about = ET.SubElement(fin, f"{{{RSM}}}set")
        for name, one in (("first", 0), ("last", -1)) if page else ():
            ET.SubElement(about, f"{{{RSM}}}{name}").text = page[one][0]
        ET.SubElement(about, f"{{{RSM}}}count").text = str(len(numbers))
        reply(client, stanza, fin)

    # --- messages

    async def _message(self, client: Client, stanza: Stanza) -> None:
        to, number = (stanza.get("to") or "").partition("/")[0], next(self.numbers)
        if stanza.find(f"{{{CLIENT}}}body") is not None:
            await self._met(
                client, stanza, lambda: self._keep(f"{to}/{number}", "chat", to, stanza)
            )

    # --- all of them

    async def _met(self, client: Client, stanza: Stanza, keep: Keep) -> bool:
        """Keep what was sent, or do what the next planned fault says; whether to answer."""
        fault = self.outside.next_fault(NETWORK)
        if fault is None:
            keep()
            return True
        if fault.do in REFUSALS:
            error(client, stanza, *REFUSALS[fault.do])
            return False
        if fault.do == "timeout":
            await asyncio.sleep(fault.seconds)
            client.hang_up()
        keep()
        if fault.do == "error_after":
            error(client, stanza, *REFUSALS["error"])
            return False
        if fault.do == "malformed":
            client.say("<oops")
            await client.writer.drain()
        client.hang_up()
        return False

    def _keep(self, id: str, how: str, place: str, stanza: Stanza) -> None:
        entry, body = stanza.find(f"{ATOM}entry"), stanza.findtext(f"{{{CLIENT}}}body", "")
        about = {} if entry is None else _entry(entry)
        xml = ET.tostring(stanza, encoding="unicode")
        known = {"how": how, "place": place, "xml": xml, "message": stanza.get("id", "")}
        self.outside.keep(NETWORK, id, **{"title": "", "text": body, "url": "", **known, **about})


def _entry(entry: Stanza) -> dict[str, str]:
    link = entry.find(f"{ATOM}link")
    return {
        "title": entry.findtext(f"{ATOM}title", ""),
        "text": entry.findtext(f"{ATOM}summary", ""),
        "url": "" if link is None else link.get("href", ""),
    }


def _values(configure: Stanza | None) -> dict[str, str]:
    fields = [] if configure is None else list(configure.iter(f"{{{FORM}}}field"))
    named = {one.get("var", ""): one.findtext(f"{{{FORM}}}value", "") for one in fields}
    return {name: value for name, value in named.items() if name != "FORM_TYPE"}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
