"""Matrix: one message an issue in a room, under a transaction of its own.

API: https://spec.matrix.org/latest/client-server-api/#sending-events-to-a-room
"""

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from channels._http import nothing_posted
from channels._matrixapi import KEY, Line, entered, line
from channels._matrixlogin import signed_in
from channels._matrixtext import cost, formatted, said
from channels._settings import require
from channels._templates import Wording, filled, links_to, wording
from channels._text import post_key, unlinked
from publisher.domain.channel import Post, Receipt, Refused, Talk
from publisher.domain.issue import Edition

WORDS = "{{ title }}\n\n{{ summary }}\n\n{{ url }}"
ROOM = re.compile(r"[!#][^\s:]+(:[^\s/]+)?")


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """One account, and the room it writes to. `limit` is in characters, `timeout` in seconds."""

    homeserver: str
    access_token: str = field(repr=False)
    room: str
    notice: bool = False
    template: Path | None = None
    limit: int = 4000
    timeout: float = 15
    network: ClassVar[str] = "Matrix"

    def __post_init__(self) -> None:
        web = self.homeserver.startswith(("https://", "http://"))
        rules = [
            ("homeserver", web, "an http(s) address"),
            ("access_token", self.access_token, "the token of a session of the account"),
            ("room", ROOM.fullmatch(self.room), "#alias:server or !id:server"),
            ("limit", 100 <= self.limit <= 4000, "100 to 4,000 characters"),
            ("timeout", self.timeout > 0, "more than 0 seconds"),
        ]
        require(self, rules)
        _ = self._wording  # a broken template is a mistake in the configuration

    @classmethod
    def connect(cls, known: Mapping[str, Any], talk: Talk) -> dict[str, str]:
        """Sign in by browser or password, as a session of Publisher's own."""
        return signed_in(known, talk)

    def render(self, edition: Edition) -> Post:
        """The title in bold, as much of the summary as fits, and the link.

        Raises Refused where the link alone is too long, or a template fails.
        """
        text = filled(self._wording, edition, limit=self.limit, cost=cost, spelled=unlinked)
        if not links_to(text, edition.url):
            raise Refused(f"{self._wording.place}: leaves out the link, or writes on to its end")
        return Post(
            key=post_key(edition, text, self.room),
            lang=edition.lang,
            title=edition.title,
            text=text,
            html=formatted(text, edition),
            url=edition.url,
            length=cost(text),
            limit=self.limit,
            details={"type": "m.notice" if self.notice else "m.text"},
        )

    def deliver(self, post: Post) -> Receipt:
        """Send it under the post's key: a server that remembers it drops a repeat."""
        with self._line() as line, entered(line, self.room) as room:
            return self._receipt(room, line.send(room, post.key, {**said(post), KEY: post.key}))

    def find_existing(self, post: Post) -> Receipt | None:
        """Look through what the account wrote to the room in the last two weeks."""
        with nothing_posted(), self._line() as line:
            room = line.enter(self.room)
            event = line.find(room, post.key)
        return self._receipt(room, event) if event else None

    def search_url(self, post: Post) -> str:  # noqa: ARG002  a room has no address of a search
        """The room: https://spec.matrix.org/v1.11/appendices/#matrixto-navigation"""
        return f"https://matrix.to/#/{quote(self.room)}"

    def update(self, receipt: Receipt, post: Post) -> Receipt:
        """Replace the message (m.replace); clients show that it was edited."""
        room, _, event = receipt.id.partition(" ")
        new = said(post)
        relation = {"rel_type": "m.replace", "event_id": event}
        old = {**new, "body": f"* {new['body']}", "formatted_body": f"* {new['formatted_body']}"}
        mark = sha256(f"{event} {post.text}".encode()).hexdigest()[:32]
        with self._line() as line:
            line.send(room, mark, {**old, "m.new_content": new, "m.relates_to": relation})
        return receipt

    def retract(self, receipt: Receipt) -> None:
        """Redact the message: its words are gone, its place remains."""
        room, _, event = receipt.id.partition(" ")
        with self._line() as line:
            line.redact(room, event)

    def check(self) -> list[str]:
        """Ask who we are, and look for the room. It is entered by the first post."""
        with nothing_posted(), self._line() as line:
            me, room = line.me(), line.room(self.room)
            there = line.is_in(room)
            if there:
                line.enter(self.room)
        found = f"{self.room} is {room}" + ("" if there else ", and will be joined")
        return [f"signed in at {self.homeserver} as {me}", found]

    @cached_property
    def _wording(self) -> Wording:
        return wording(self.template, WORDS, needs=frozenset({"url"}))

    def _line(self) -> AbstractContextManager[Line]:
        return line(self.homeserver.rstrip("/"), self.access_token, self.timeout)

    def _receipt(self, room: str, event: str) -> Receipt:
        url = f"https://matrix.to/#/{quote(room, safe='!:')}/{quote(event, safe='$:')}"
        return Receipt(id=f"{room} {event}", url=url)
