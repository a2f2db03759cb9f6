"""Webhook: a signed JSON message for each issue, to a program of your own.

Notation: Standard Webhooks 1.0.0 (https://www.standardwebhooks.com).
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from channels._guarded import Guarded
from channels._http import call_unseen, nothing_posted, plain, trust
from channels._settings import require
from channels._signing import is_secret, message_id, new_secret, signed
from channels._text import post_key
from channels._webhookdata import about
from publisher.domain.channel import (
    EVENTS,
    ChannelError,
    Disconnected,
    Notice,
    Post,
    Receipt,
    Talk,
    TryLater,
)
from publisher.domain.issue import Edition

WHOLE = "an https URL, or an http one with internal = true"
GONE = 410
SHORT = 8  # characters of a path that nobody calls a secret

Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """One receiver. `secret` signs, `content` sends the whole issue with it, not only the summary.

    `internal` allows addresses of one's own network. `deduplicates` says that the receiver takes
    each webhook-id once, as the standard asks of it. `events` are what it hears of besides issues:
    what becomes of deliveries, and who leaves. `timeout` is in seconds.
    """

    url: str = field(repr=False)
    secret: str = field(repr=False)
    content: bool = False
    internal: bool = False
    deduplicates: bool = False
    events: tuple[str, ...] = ()
    timeout: float = 15

    def __post_init__(self) -> None:
        scheme = urlsplit(self.url).scheme
        web = scheme == "https" or (self.internal and scheme == "http")
        rules = [
            ("url", web and urlsplit(self.url).hostname, WHOLE),
            ("secret", is_secret(self.secret), "whsec_ and 24 to 64 random bytes as Base64"),
            ("events", {*self.events} <= {*EVENTS}, f"some of {', '.join(EVENTS)}"),
            ("timeout", self.timeout > 0, "more than 0 seconds"),
        ]
        require(self, rules)

    @classmethod
    def connect(cls, known: Mapping[str, Any], talk: Talk) -> Mapping[str, Any]:
        """Make a secret, and show it to who has to tell the receiver."""
        url = talk.secret("Address of the receiver", str(known.get("url", "")))
        secret = str(known.get("secret", "")) or new_secret()
        talk.say(
            f"The receiver has to know this secret, to tell our messages from others: {secret}"
        )
        return {"url": url, "secret": secret}

    def render(self, edition: Edition) -> Post:
        data = {**about(edition), **({"html": edition.html} if self.content else {})}
        said = json.dumps(data)
        return Post(
            key=post_key(edition, said),
            lang=edition.lang,
            title=edition.title,
            text=edition.summary,
            url=edition.url,
            length=len(said.encode()),
            details={"data": data},
        )

    def deliver(self, post: Post) -> Receipt:
        """Send issue.published, under an id that is the same for every attempt."""
        data = post.details["data"]
        return self._send("issue.published", data, message_id(post.key))

    def find_existing(self, post: Post) -> Receipt | None:
        """A receiver tells nothing. One that takes each id once may be told again."""
        if self.deduplicates:
            return None
        raise NotImplementedError(
            "a webhook cannot look: see whether the receiver has "
            f"{message_id(post.key)}; with deduplicates = true it would be sent again"
        )

    def update(self, receipt: Receipt, post: Post) -> Receipt:
        """Send issue.corrected, with all that it says now."""
        return self._send("issue.corrected", {**post.details["data"], "id": receipt.id})

    def retract(self, receipt: Receipt) -> None:
        """Send issue.retracted."""
        self._send("issue.retracted", {"id": receipt.id})

    def notify(self, notice: Notice) -> None:
        """Send delivery.delivered and the like, under an id that is the same for every attempt."""
        about = "reader" if notice.event == "unsubscribed" else "delivery"
        said = {"timestamp": notice.at.isoformat(), "data": notice.data}
        self._post({"type": f"{about}.{notice.event}", **said}, message_id(notice.id))

    def check(self) -> list[str]:
        """Nothing is sent: only whether somebody is there is looked at, whatever they say to it."""
        with suppress(_There), nothing_posted():
            self._ask("HEAD", named=_there)
        return [
            f"{urlsplit(self.url).hostname} answers",
            "whether the receiver takes messages and knows the secret shows with the first",
        ]

    def _send(self, event: str, data: Json, id: str = "") -> Receipt:
        now = datetime.now(UTC)
        id = id or message_id(event, data["id"], str(now))
        said = {"type": event, "timestamp": data.get("date", now.isoformat()), "data": data}
        return Receipt(id=data["id"], note=f"{event} as {id}: {self._post(said, id)}")

    def _post(self, said: Json, id: str) -> int:
        """Send a message, signed; what the receiver answers."""
        body, headers = signed(id, said, self.secret)
        return self._ask("POST", content=body, headers=headers, named=_named).status_code

    def _ask(self, method: str, **kwargs: Any) -> httpx.Response:
        parts = urlsplit(self.url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        way = httpx.HTTPTransport(verify=trust()) if self.internal else Guarded()
        base = f"{parts.scheme}://{parts.netloc}"
        secret = path if len(path) > SHORT else "\0"
        with httpx.Client(base_url=base, transport=way, timeout=self.timeout) as client:
            return call_unseen(client, method, path, secret=secret, **kwargs)


class _There(TryLater):
    """Somebody answered."""


def _there(response: httpx.Response) -> ChannelError | None:
    code = response.status_code
    return _named(response) if code == GONE else _There(str(code))


def _named(response: httpx.Response) -> ChannelError | None:
    code, words = response.status_code, plain(response.text)
    remedies = {
        401: "the receiver does not know this secret: give both the same",
        403: "the receiver does not know this secret: give both the same",
        404: "nobody takes messages at that address: mend url",
        405: "nobody takes messages at that address: mend url",
        GONE: "the receiver wants no more messages: mend url, or take the channel away",
    }
    return Disconnected(f"{code} {words}; {remedies[code]}") if code in remedies else None
