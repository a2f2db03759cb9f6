"""What a Matrix server's errors ask for.

Source: https://spec.matrix.org/latest/client-server-api/#standard-error-response
"""

from datetime import timedelta
from typing import Any

import httpx

from channels._http import failure, retry_after
from publisher.domain.channel import ChannelError, Disconnected, TryLater

# What stops the channel, and the remedy.
DISCONNECTED = {
    "M_FORBIDDEN": "invite the account, unban it, or give it the right to write there",
    "M_GUEST_ACCESS_FORBIDDEN": "use an account that is no guest",
    "M_MISSING_TOKEN": "mend `access_token`",
    "M_UNKNOWN_TOKEN": "sign in anew: publisher connect matrix",
    "M_USER_DEACTIVATED": "the account was closed: use another",
    "M_USER_LOCKED": "the account is locked: ask who runs the server",
    "M_USER_SUSPENDED": "the account is suspended: ask who runs the server",
}


def decision(response: httpx.Response) -> ChannelError | None:
    """What an answer asks for; None where it has no code of Matrix's."""
    try:
        body = dict(response.json())
        code, words = str(body["errcode"]), str(body.get("error") or "")[:200]
    except (ValueError, KeyError, TypeError):
        return None
    status = response.status_code
    reason = f"{status} {code} {words}".strip()
    if code == "M_LIMIT_EXCEEDED" or status == 429:
        return TryLater(reason, _pause(response, body))
    if code in DISCONNECTED:
        return Disconnected(f"{reason}: {DISCONNECTED[code]}")
    return failure(status, reason)


def _pause(response: httpx.Response, body: dict[str, Any]) -> timedelta | None:
    named = retry_after(response.headers.get("Retry-After"))
    told = body.get("retry_after_ms")
    return timedelta(milliseconds=told) if isinstance(told, int) and not named else named
