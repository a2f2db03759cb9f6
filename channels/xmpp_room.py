"""XMPP rooms: one message an issue in a group chat, confirmed by its reflection.

XEP-0045 https://xmpp.org/extensions/xep-0045.html · XEP-0313 · XEP-0308 · XEP-0424
"""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from slixmpp import JID

from channels._http import nothing_posted
from channels._settings import require
from channels._templates import Wording, filled, links_to, wording
from channels._text import post_key
from channels._xml import clean
from channels._xmpp import Line, visit
from channels._xmppaccount import account_of, account_rules, is_bare
from channels._xmppchat import PLUGINS, Room
from publisher.domain.channel import Post, Receipt, Refused
from publisher.domain.issue import Edition

WORDS = "{{ title }}\n\n{{ summary }}\n\n{{ url }}"
GONE = "The announcement before was taken back."  # for clients that know no retraction


@dataclass(frozen=True, kw_only=True)
class XmppRoom:
    """A room where the account is `nick`. `limit` is the most characters, `timeout` in seconds."""

    jid: str
    password: str = field(repr=False)
    room: str
    nick: str = "Newsletter"
    room_password: str = field(default="", repr=False)
    template: Path | None = None
    limit: int = 1000
    host: str = ""
    port: int = 5222
    tls: str = "starttls"
    timeout: float = 15
    network: ClassVar[str] = "XMPP"

    def __post_init__(self) -> None:
        rules = [
            *account_rules(self),
            ("room", is_bare(self.room), "a room's address, name@rooms.example.org"),
            ("nick", self.nick.strip(), "a name to be seen under"),
            ("limit", self.limit >= 100, "100 characters or more"),
        ]
        require(self, rules)
        _ = self._wording  # a broken template is a mistake in the configuration

    def render(self, edition: Edition) -> Post:
        """Title, as much of the summary as fits, and the link.

        Raises Refused where the link alone is too long, or a template fails.
        """
        words = filled(self._wording, edition, limit=self.limit, cost=len, spelled=clean)
        if not links_to(words, edition.url):
            raise Refused(f"{self._wording.place}: leaves out the link, or writes on to its end")
        return Post(
            key=post_key(edition, words, self.room),
            lang=edition.lang,
            title=edition.title,
            text=words,
            url=edition.url,
            length=len(words),
            limit=self.limit,
        )

    def deliver(self, post: Post) -> Receipt:
        """Join, say it, and leave once the room has said it to everybody."""
        return self._receipt(self._say(post.key, post.text), post.key)

    def find_existing(self, post: Post) -> Receipt | None:
        """Look through the room's archive of the last days for the very message.

        Raises NotImplementedError where the room keeps none.
        """

        async def look(line: Line) -> str | None:
            async with self._place.joined(line):
                return await self._place.heard(line, post.key)

        with nothing_posted():
            found = visit(account_of(self), look, *PLUGINS)
        return None if found is None else self._receipt(found, post.key)

    def update(self, receipt: Receipt, post: Post) -> Receipt:
        """Correct the message (XEP-0308); clients that do not know how show both."""
        key = receipt.id.partition(" ")[2]
        self._say(f"{post.key}.{len(post.text)}", post.text, replace=key)
        return receipt

    def retract(self, receipt: Receipt) -> None:
        """Take the message back (XEP-0424); clients that do not know how show a remark."""
        number, _, key = receipt.id.partition(" ")
        if not number:
            raise Refused("the room gave the message no id: ask one of its moderators")
        self._say(f"{key}.retracted", GONE, retract=number)

    def check(self) -> list[str]:
        """Sign in, join the room, and ask it for its archive."""

        async def look(line: Line) -> str:
            async with self._place.joined(line):
                try:
                    await self._place.heard(line, "")
                except NotImplementedError as error:
                    return f"warning: {error}; a lost answer would be left to a person"
                return "the room keeps an archive to look a message up in"

        with nothing_posted():
            found = visit(account_of(self), look, *PLUGINS)
        return [f"signed in as {self.jid}", f"joined {self.room} as {self.nick}", found]

    @cached_property
    def _wording(self) -> Wording:
        return wording(self.template, WORDS, needs=frozenset({"url"}))

    @property
    def _place(self) -> Room:
        return Room(jid=self.room, nick=self.nick, password=self.room_password)

    def _receipt(self, number: str, key: str) -> Receipt:
        return Receipt(id=f"{number} {key}", url=f"xmpp:{self.room}?join")

    def _say(self, key: str, text: str, *, replace: str = "", retract: str = "") -> str:
        async def speak(line: Line) -> str:
            message: Any = line.client.make_message(
                mto=JID(self.room), mbody=text, mtype="groupchat"
            )
            message["id"] = message["origin_id"]["id"] = key
            if replace:
                message["replace"]["id"] = replace
            if retract:
                message["retract"]["id"] = retract
            return await self._spoken(line, message)

        return visit(account_of(self), speak, *PLUGINS)

    async def _spoken(self, line: Line, message: Any) -> str:
        async with self._place.joined(line):
            return await self._place.say(line, message)
