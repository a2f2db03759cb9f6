"""Matrix's client-server API, version 3: a room, entered, looked into, written to.

Source: https://spec.matrix.org/latest/client-server-api/
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from channels._http import call, nothing_posted, plain, trust
from channels._matrixwords import decision
from publisher.domain.channel import Disconnected, Refused, Unsure

V3 = "/_matrix/client/v3"
KEY = "publisher.post_key"  # of an event's content: by it a message is found again
PAGES, PAGE = 10, 100  # of a room's timeline that are looked through, and the events of each
LOOK_BACK = 14 * 24 * 3600 * 1000  # milliseconds

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One account on one server. Everything it asks raises the four failures."""

    http: httpx.Client

    def ask(self, method: str, path: str, **kwargs: Any) -> Json:
        """Ask once for a JSON object; Unsure where it is no such thing."""
        answer = call(self.http, method, f"{V3}/{path}", named=decision, **kwargs)
        try:
            return dict(answer.json())
        except (ValueError, TypeError) as error:
            words = plain(answer.text) or answer.status_code
            raise Unsure(f"the server answered with something else: {words}") from error

    def me(self) -> str:
        """The account's own id."""
        return str(self.ask("GET", "account/whoami").get("user_id"))

    def room(self, name: str) -> str:
        """The id of a room by its `!id` or `#alias`. Raises Disconnected where there is none."""
        if name.startswith("!"):
            return name
        try:
            return str(self.ask("GET", f"directory/room/{quote(name)}")["room_id"])
        except (Refused, KeyError) as error:
            raise Disconnected(f"there is no room {name}: mend `room`") from error

    def is_in(self, room: str) -> bool:
        """Whether the account has joined a room."""
        return room in (self.ask("GET", "joined_rooms").get("joined_rooms") or [])

    def enter(self, name: str) -> str:
        """The id of a room that the account is in by now, and may write to in the clear."""
        room = self.room(name)
        if not self.is_in(room):
            self.ask("POST", f"join/{quote(name)}", json={})
        if moved := self._state(room, "m.room.tombstone"):
            where = moved.get("replacement_room")
            raise Disconnected(f"{name} was given up: set `room` to {where}")
        if self._state(room, "m.room.encryption"):
            raise Disconnected(f"{name} is encrypted, which this cannot do: name another `room`")
        return room

    def _state(self, room: str, kind: str) -> Json:
        try:
            return self.ask("GET", f"rooms/{quote(room)}/state/{kind}/")
        except Refused as refusal:
            if "M_NOT_FOUND" in str(refusal):
                return {}
            raise

    def send(self, room: str, transaction: str, content: Json) -> str:
        """Write an event; its id. The same transaction again, by this session, changes nothing."""
        path = f"rooms/{quote(room)}/send/m.room.message/{quote(transaction, safe='')}"
        return _event_id(self.ask("PUT", path, json=content))

    def redact(self, room: str, event: str) -> None:
        """Take an event back; one that was taken back stays so."""
        path = f"rooms/{quote(room)}/redact/{quote(event)}/{quote('redact-' + event, safe='')}"
        self.ask("PUT", path, json={})

    def find(self, room: str, key: str) -> str | None:
        """The event of ours whose content has a post's key, among those of the last two weeks.

        Raises NotImplementedError where more was said than is looked through.
        """
        mine, since, at = self.me(), time.time() * 1000 - LOOK_BACK, ""
        only = f'{{"types":["m.room.message"],"senders":["{mine}"]}}'
        for _ in range(PAGES):
            asked = {"dir": "b", "limit": str(PAGE), "filter": only, **({"from": at} if at else {})}
            page = self.ask("GET", f"rooms/{quote(room)}/messages", params=asked)
            for event in page.get("chunk") or []:
                if (event.get("content") or {}).get(KEY) == key:
                    return str(event["event_id"])
                if event.get("origin_server_ts", since) < since:
                    return None
            at = str(page.get("end") or "")
            if not at:
                return None
        raise NotImplementedError("too much was written to the room to look through: look there")


@contextmanager
def line(homeserver: str, token: str, timeout: float) -> Iterator[Line]:
    """An open line, as the account whose token it is."""
    wait, who = httpx.Timeout(timeout, connect=3.05), {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=homeserver, headers=who, timeout=wait, verify=trust()) as http:
        yield Line(http=http)


@contextmanager
def entered(line: Line, name: str) -> Iterator[str]:
    """The id of a room, once the account is in. Nothing is posted on the way."""
    with nothing_posted():
        room = line.enter(name)
    yield room


def _event_id(answer: Json) -> str:
    try:
        return str(answer["event_id"])
    except KeyError as error:
        raise Unsure(f"the server answered with something else: {answer!r:.200}") from error
