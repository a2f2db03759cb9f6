"""The failures of the atproto library, named by what to do (https://atproto.com/specs/xrpc)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from channels._http import failure, retry_after
from publisher.domain.channel import ChannelError, Disconnected, TryLater, Unsure

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
DOWN = "Bluesky has closed the account: its mail says why, and how to appeal"
ASLEEP = "sign in to the app, and activate the account again"
PASSWORD = "make a new app password, and mend `app_password`"  # noqa: S105  no password itself
# What stops the channel, and the remedy.
REMEDIES = {
    "AccountDeactivated": ASLEEP,
    "AccountSuspended": DOWN,
    "AccountTakedown": DOWN,
    "AuthFactorTokenRequired": "use an app password, not the account's own",
    "AuthMissing": PASSWORD,
    "AuthenticationRequired": PASSWORD,
    "ExpiredToken": PASSWORD,
    "InvalidToken": PASSWORD,
    "RepoDeactivated": ASLEEP,
    "RepoNotFound": "the account has moved to another server: mend `service`",
    "RepoSuspended": DOWN,
    "RepoTakendown": DOWN,
}


@contextmanager
def named() -> Iterator[None]:
    """Name the library's failures. An answer of another form than its lexicon's is no answer."""
    from atproto import exceptions  # noqa: PLC0415  as above
    from pydantic import ValidationError  # noqa: PLC0415  as above

    odd = (
        ValidationError,
        exceptions.ModelError,
        ValueError,
        LookupError,
        AttributeError,
        TypeError,
    )
    try:
        yield
    except exceptions.RequestErrorBase as error:
        raise _decision(error) from error
    except httpx.TooManyRedirects as error:
        raise Disconnected("redirected: mend `service`, use the final address") from error
    except NEVER_SENT as error:
        raise TryLater(f"the server cannot be reached: {error}") from error
    except httpx.TransportError as error:
        raise Unsure(f"no answer: {error!r}") from error
    except exceptions.AtProtocolError as error:
        raise Unsure(f"an answer that says something else: {type(error).__name__}") from error
    except odd as error:
        raise Unsure(f"the server answered with something else: {type(error).__name__}") from error


def _decision(error: Any) -> ChannelError:
    answer = error.response
    if answer is None:
        if isinstance(error.__cause__, NEVER_SENT):
            return TryLater(f"the server cannot be reached: {error.__cause__}")
        return Unsure(f"no answer: {error.__cause__!r}")
    word = str(getattr(answer.content, "error", "") or "")
    said = str(getattr(answer.content, "message", "") or "the server failed")
    reason = " ".join(filter(None, (str(answer.status_code), word, said[:200])))
    if word in REMEDIES or answer.status_code in (401, 403):
        return Disconnected(f"{reason}; {REMEDIES.get(word, PASSWORD)}")
    return failure(answer.status_code, reason, _pause(answer.headers))


def _pause(headers: Any) -> timedelta | None:
    """When a rate limit ends: `ratelimit-reset` is an epoch, `retry-after` as everywhere."""
    reset = str(headers.get("ratelimit-reset", ""))
    if reset.isdecimal():
        return max(timedelta(0), datetime.fromtimestamp(int(reset), UTC) - datetime.now(UTC))
    return retry_after(headers.get("retry-after"))
