"""What X's errors ask for, by their own words.

Source: https://docs.x.com/x-api/fundamentals/response-codes-and-errors
"""

import time
from datetime import timedelta
from typing import Any

import httpx

from channels._http import failure, plain, retry_after
from publisher.domain.channel import ChannelError, Disconnected, Refused, TryLater, Unsure

BARRED = timedelta(hours=1)  # X's gate names no time
CONSOLE = "https://console.x.com"
WRITE = f"give the app Read and write at {CONSOLE}, then `publisher connect x`"

# What stops the channel, by words of title, type and detail, and the remedy.
DISCONNECTED = {
    "timestamp out of bounds": "set this machine's clock",
    "suspended": "sign in at x.com and appeal",
    "temporarily locked": "sign in at x.com and unlock the account",
    "credits": f"buy credits at {CONSOLE}",
    "usage-capped": f"raise the cap at {CONSOLE}",
    "usagecapexceeded": f"raise the cap at {CONSOLE}",
    "spend cap": f"raise the cap at {CONSOLE}",
    "oauth1-permissions": WRITE,
    "client-not-enrolled": f"put the app into a project at {CONSOLE}",
    "client-forbidden": f"put the app into a project at {CONSOLE}",
}
BY_STATUS = {
    401: "`publisher connect x` gets new tokens",
    402: f"buy credits at {CONSOLE}",
    403: f"look at the account and at the app, {CONSOLE}",
}
TEXT = (  # what X answers 403 to, and yet means this one post
    "too long",
    "a bit shorter",
    "malware",
    "harmful",
    "deleted or not visible",
    "only reply to",
    "reply to this conversation",
)
TWICE = "duplicate content"

Json = dict[str, Any]


class Gone(Refused):
    """There is no such post any more."""


def decision(response: httpx.Response) -> ChannelError | None:
    """Name what an error asks for, by X's own words; None where X itself did not answer."""
    status = response.status_code
    try:
        body = dict(response.json())
    except (ValueError, TypeError):
        return _from_the_gate(response)
    reason = f"{status} {_words(body)}".strip()
    if status >= 500:
        return Unsure(reason)
    told = f"{reason} {body.get('title')} {body.get('type')}".lower()
    if TWICE in told:
        return Unsure(f"X says that this very text is there already: {reason}")
    for phrase, remedy in DISCONNECTED.items():
        if phrase in told:
            return Disconnected(f"{reason}: {remedy}")
    return _by_status(response, reason, told)


def _by_status(response: httpx.Response, reason: str, told: str) -> ChannelError:
    status = response.status_code
    if status == 429:
        return TryLater(reason, _pause(response))
    if status == 404:
        return Gone(reason)
    if status in BY_STATUS and not any(phrase in told for phrase in TEXT):
        return Disconnected(f"{reason}: {BY_STATUS[status]}")
    return Refused(reason) if status in BY_STATUS else failure(status, reason)


def _words(body: Json) -> str:
    """Detail, and the errors below it, of which some answers have only one and some the other."""
    below = [one.get("message") or one.get("detail") for one in body.get("errors") or () if one]
    said = [body.get("detail") or body.get("title") or "", *below]
    return "; ".join(dict.fromkeys(str(one) for one in said if one))[:300]


def _from_the_gate(response: httpx.Response) -> ChannelError | None:
    """A page of the gate before X's API, which turns machines away for a while."""
    if response.status_code not in (403, 429):
        return None
    words = "X's gate takes no requests from this machine for a while"
    pause = _pause(response) or retry_after(response.headers.get("Retry-After")) or BARRED
    return TryLater(f"{words}: {response.status_code} {plain(response.text)}".rstrip(), pause)


def _pause(response: httpx.Response) -> timedelta | None:
    """Until all that is used up is there again: epoch seconds, of 15 minutes or of a day."""
    names = ("x-rate-limit", "x-app-limit-24hour", "x-user-limit-24hour")
    told = response.headers
    resets = [
        int(told[f"{name}-reset"])
        for name in names
        if told.get(f"{name}-remaining", "0") == "0" and told.get(f"{name}-reset", "").isdecimal()
    ]
    if not resets:
        return retry_after(told.get("Retry-After"))
    return timedelta(seconds=max(1, max(resets) - int(time.time())))
