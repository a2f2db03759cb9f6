"""Discord's webhooks, API version 10: one request, and what its answers ask for.

Source: https://docs.discord.com/developers/resources/webhook
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from channels._http import call_unseen, failure, nothing_posted, plain, retry_after, trust
from publisher.domain.channel import ChannelError, Disconnected, Refused, TryLater, Unsure

WEBHOOK = re.compile(r"(https?://[^/?#\s]+)/api(?:/v\d+)?/webhooks/(\d+)/([\w-]+)/?")
INCOMING = 1  # the type of a webhook that posts
UNKNOWN_MESSAGE = 10008

# Codes that stop the channel, and the remedy.
# https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
DISCONNECTED = {
    10003: "the channel or thread is gone: mend `thread_id`, or make a new webhook",
    10015: "the webhook was deleted: make a new one and mend `webhook`",
    40001: "make a new webhook and mend `webhook`",
    50001: "see to the webhook's channel, or make a new webhook",
    50013: "see to the webhook's channel, or make a new webhook",
    50027: "the webhook's token is no longer good: copy its address again into `webhook`",
    50083: "the thread is archived: open it again, or mend `thread_id`",
    160005: "the thread is locked: unlock it, or mend `thread_id`",
    220001: "the channel is a forum: name one of its threads in `thread_id`",
    220003: "take `thread_id` out, or name a thread of the webhook's channel",
}
PAUSES = {20016, 20022, 20028, 20029, 30046, 40004, 40006, 130000}
BANNED = timedelta(hours=1)  # Cloudflare names no time

Json = dict[str, Any]


class Gone(Refused):
    """There is no such message any more."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One webhook. `path` holds the `token`, which is a secret; `timeout` is in seconds."""

    origin: str
    path: str
    token: str
    thread_id: str
    timeout: float

    def about(self) -> Json:
        """What the webhook is and where it posts. Posts nothing."""
        with nothing_posted():
            return self._ask("GET", "", {})

    def ask(self, method: str, path: str = "", *, wait: str = "", **kwargs: Any) -> Json:
        """Ask once for a JSON object. Raises the four failures; Unsure where it is no such thing.

        What is deleted answers with {}.
        """
        named = {"wait": wait, "thread_id": self.thread_id}
        return self._ask(method, path, {k: value for k, value in named.items() if value}, **kwargs)

    def address(self, about: Json, channel: str = "", message: str = "") -> str:
        """Where a person looks: at the channel or thread, or at one message in it."""
        channel = channel or self.thread_id or str(about.get("channel_id"))
        place = f"{self.origin}/channels/{about.get('guild_id')}/{channel}"
        return f"{place}/{message}" if message else place

    def _ask(self, method: str, path: str, params: Mapping[str, str], **kwargs: Any) -> Json:
        place, wait = self.path + path, httpx.Timeout(self.timeout, connect=3.05)
        more = {"params": params, "secret": self.token, "named": _decision, **kwargs}
        with httpx.Client(base_url=self.origin, timeout=wait, verify=trust()) as http:
            answer = call_unseen(http, method, place, **more)
        try:
            return {} if method == "DELETE" else dict(answer.json())
        except (ValueError, TypeError) as error:
            words = plain(answer.text) or answer.status_code
            raise Unsure(f"Discord answered with something else: {words}") from error


def line(address: str, *, thread_id: str, timeout: float) -> Line | None:
    """Read a webhook's address; None where it is none. Whatever version it names, 10 is spoken."""
    found = WEBHOOK.fullmatch(address)
    if not found:
        return None
    origin, id, token = found.groups()
    path = f"/api/v10/webhooks/{id}/{token}"
    return Line(origin=origin, path=path, token=token, thread_id=thread_id, timeout=timeout)


def _decision(response: httpx.Response) -> ChannelError | None:
    status = response.status_code
    try:
        body = dict(response.json())
        code, words = int(body.get("code") or 0), _words(body)
    except (ValueError, TypeError, AttributeError):
        return _from_the_gate(response)
    reason = f"{status} {words}" + (f" ({code})" if code else "")
    if status == 429 or code in PAUSES:
        return TryLater(reason, _pause(response, body))
    if code in DISCONNECTED:
        return Disconnected(f"{reason}: {DISCONNECTED[code]}")
    return Gone(reason) if code == UNKNOWN_MESSAGE else failure(status, reason)


def _from_the_gate(response: httpx.Response) -> ChannelError:
    """Name an answer of Cloudflare's, in front of Discord: a page, or a few words."""
    status = response.status_code
    reason = f"{status} {response.reason_phrase}: {plain(response.text)}".rstrip(": ")
    if status in (403, 429):
        named = retry_after(response.headers.get("Retry-After"))
        words = "Discord's gate takes no requests from this machine for a while"
        return TryLater(f"{words}: {reason}", named or BANNED)
    return failure(status, reason)


def _pause(response: httpx.Response, body: Json) -> timedelta | None:
    """Read how long to wait: seconds with a fraction in the body, whole ones in the header."""
    try:
        return timedelta(seconds=float(body["retry_after"]))
    except (KeyError, ValueError, TypeError, OverflowError):
        return retry_after(response.headers.get("Retry-After"))


def _words(body: Json) -> str:
    told = "; ".join(_nested(body.get("errors") or {}))
    message = str(body.get("message") or "")
    return (f"{message}: {told}" if told else message)[:300]


def _nested(errors: Any, place: str = "") -> Iterator[str]:
    """Each of `{"embeds": {"0": {"title": {"_errors": [{"code", "message"}]}}}}` as a line."""
    if not isinstance(errors, Mapping):
        return
    for one in errors.get("_errors", ()):
        yield f"{place or 'the message'}: {one.get('message') or one.get('code')}"
    for name, below in errors.items():
        yield from _nested(below, f"{place}.{name}" if place else str(name))
