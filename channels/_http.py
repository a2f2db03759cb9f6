"""One HTTP request, its failures turned into the decisions they call for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from publisher.domain.channel import ChannelError, Disconnected, Refused, TryLater, Unsure

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def call(
    client: httpx.Client,
    method: str,
    url: str,
    *,
    named: Callable[[httpx.Response], ChannelError | None] = lambda _: None,
    **kwargs: Any,
) -> httpx.Response:
    """Ask once. Raises TryLater, Unsure, Refused or Disconnected with the server's own words.

    `named` may know better what an answer means than its status tells; None leaves it to that.
    """
    try:
        response = client.request(method, url, **kwargs)
    except NEVER_SENT as error:
        raise TryLater(f"{client.base_url.host or url} cannot be reached: {error}") from error
    except httpx.TransportError as error:
        raise Unsure(f"no answer to {method} {url}: {error!r}") from error
    if response.is_success:
        return response
    if response.has_redirect_location:
        place = response.headers["Location"]
        raise Disconnected(f"redirected to {place}: use the final address")
    reason = f"{response.status_code} {response.text[:200]}".strip()
    pause = retry_after(response.headers.get("Retry-After"))
    raise named(response) or failure(response.status_code, reason, pause)


@contextmanager
def nothing_posted() -> Iterator[None]:
    """Only ask in here: a lost answer loses nothing, so Unsure becomes TryLater."""
    try:
        yield
    except Unsure as error:
        raise TryLater(str(error), error.retry_after) from error


def failure(status: int, reason: str, pause: timedelta | None = None) -> ChannelError:
    """Name what an HTTP status asks for, where a network has no better word."""
    match status:
        case 401 | 403:
            return Disconnected(reason)
        case 429:
            return TryLater(reason, pause)
        case 408:
            return Unsure(reason)
        case code if 300 <= code < 500:
            return Refused(reason)
        case _:
            return Unsure(reason)


def retry_after(value: str | None) -> timedelta | None:
    """Read a Retry-After header (RFC 9110 §10.2.3), seconds or a date; None for anything else."""
    value = (value or "").strip()
    if value.isdecimal():
        return timedelta(seconds=int(value[:9]))
    try:
        return max(parsedate_to_datetime(value) - datetime.now(UTC), timedelta(0))
    except (ValueError, TypeError):
        return None
