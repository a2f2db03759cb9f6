"""A PubSub node (XEP-0060): made, filled, looked into."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from slixmpp import JID

from channels._xmpp import Line
from publisher.domain.channel import Disconnected, Refused

PUBSUB = "xep_0060"
CONFIG = "http://jabber.org/protocol/pubsub#node_config"
NODE_WISHES = {  # XEP-0060 §16.4.4; the first value that a node may have is what is asked for
    "pubsub#persist_items": ("1", "true"),
    "pubsub#access_model": ("open",),
    "pubsub#max_items": ("max",),
}
FEWEST = 200  # items that a node must keep, or else earlier issues go missing


@dataclass(frozen=True, kw_only=True)
class Node:
    """A node of a service, or without one of the account that signs in."""

    service: str
    name: str

    async def furnish(self, line: Line) -> None:
        """Have a node that keeps every item, for everybody to read; one that suits is left alone.

        Raises the four failures. Who may publish need not be who may configure: then to publish
        will tell whether it works.
        """
        act = self._pubsub(line).create_node
        with suppress(Disconnected):
            if (now := await self._configuration(line)) is not None:
                if suits(now):
                    return
                act = self._pubsub(line).set_node_config
        form: Any = line.client.plugin["xep_0004"]
        wishes = form.make_form(ftype="submit")
        wishes.add_field("FORM_TYPE", "hidden", value=CONFIG)
        for name, wanted in NODE_WISHES.items():
            wishes.add_field(name, value=wanted[0])
        try:
            await line.ask(act(self._place, self.name, wishes))
        except Disconnected:
            return
        except Refused as refusal:
            if "conflict" not in str(refusal):  # else somebody made it meanwhile
                raise

    async def put(self, line: Line, id: str, item: ET.Element) -> None:
        """Publish an item, or replace the one of the same id. Raises the four failures."""
        await line.ask(self._pubsub(line).publish(self._place, self.name, id=id, payload=item))

    async def holds(self, line: Line, id: str) -> bool:
        """Whether an item is there. Raises the four failures."""
        try:
            found = await line.ask(self._pubsub(line).get_item(self._place, self.name, id))
        except Refused as refusal:
            return not _missing(refusal)
        return any(item["id"] == id for item in found["pubsub"]["items"])

    async def take(self, line: Line, id: str) -> None:
        """Retract an item; one that is not there needs nothing. Raises the four failures."""
        try:
            gone = self._pubsub(line).retract(self._place, self.name, id, notify="true")
            await line.ask(gone)
        except Refused as refusal:
            _missing(refusal)

    async def described(self, line: Line) -> str:
        """What there is to say of it. Raises the four failures."""
        try:
            now = await self._configuration(line)
        except Disconnected:
            return "may not be configured by the account: have its owner let it publish there"
        if now is None:
            return "is not there yet: the first issue makes it"
        return "suits" if suits(now) else "will be told to keep every item, for everybody to read"

    async def _configuration(self, line: Line) -> Mapping[str, Any] | None:
        try:
            found = await line.ask(self._pubsub(line).get_node_config(self._place, self.name))
        except Refused as refusal:
            _missing(refusal)
            return None
        values: Mapping[str, Any] = found["pubsub_owner"]["configure"]["form"].get_values()
        return values

    @property
    def _place(self) -> JID | None:
        return JID(self.service) if self.service else None

    def _pubsub(self, line: Line) -> Any:
        plugins: Any = line.client.plugin
        return plugins[PUBSUB]


def _missing(refusal: Refused) -> bool:
    """True for what says that there is no such node or item. Raises any other."""
    if "item-not-found" in str(refusal):
        return True
    raise refusal


def suits(now: Mapping[str, Any]) -> bool:
    """Whether a node keeps what it is given, enough of it, for everybody to read."""
    return all(
        _enough(str(now.get(name))) if name.endswith("max_items") else now.get(name) in right
        for name, right in _truths(now).items()
    )


def _truths(now: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    wanted: dict[str, tuple[Any, ...]] = {**NODE_WISHES}
    wanted["pubsub#persist_items"] = ("1", "true", True)
    return {name: right for name, right in wanted.items() if name in now}


def _enough(kept: str) -> bool:
    return kept == "max" or (kept.isdecimal() and int(kept) >= FEWEST)
