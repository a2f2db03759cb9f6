"""One HTTP request, its failures turned into the decisions they call for."""

import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import httpx

from publisher.domain.channel import ChannelError, Disconnected, Refused, TryLater, Unsure

REMOVED = "[secret]"
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@cache
def trust() -> ssl.SSLContext:
    """The certificates that are trusted, read once: it takes longer than many a request."""
    return httpx.create_ssl_context()


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
    reason = f"{response.status_code} {plain(response.text)}".strip()
    pause = retry_after(response.headers.get("Retry-After"))
    raise named(response) or failure(response.status_code, reason, pause)


def call_unseen(
    client: httpx.Client,
    method: str,
    path: str,
    *,
    secret: str,
    params: Mapping[str, str] | None = None,
    **kwargs: Any,
) -> httpx.Response:
    """Ask once, as `call` does, at a path that holds a `secret`: no log and no failure shows it.

    httpx logs every address, so it is told one without it; the true one goes out as the extension
    "target" (https://www.python-httpx.org/advanced/extensions/#target).
    """
    target = httpx.URL("http://localhost" + path, params=params or {}).raw_path
    try:
        shown = path.replace(secret, REMOVED)
        return call(client, method, shown, extensions={"target": target}, **kwargs)
    except ChannelError as error:  # a redirect, for one, names its place
        error.args = (str(error).replace(secret, REMOVED),)
        raise


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


def plain(text: str) -> str:
    """The first words of an answer; of a page, as proxies send them, without its markup."""
    if "<html" in text[:1000].lower():
        text = re.sub(r"(?is)<(script|style)\b.*?</\1>|<[^>]*>?", " ", text[:5000])
    return " ".join(text[:5000].split())[:200]


def retry_after(value: str | None) -> timedelta | None:
    """Read a Retry-After header (RFC 9110 §10.2.3), seconds or a date; None for anything else."""
    value = (value or "").strip()
    if value.isdecimal():
        return timedelta(seconds=int(value[:9]))
    try:
        return max(parsedate_to_datetime(value) - datetime.now(UTC), timedelta(0))
    except (ValueError, TypeError):
        return None
