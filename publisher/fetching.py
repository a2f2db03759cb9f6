"""Getting a page from the outside, and from nowhere inside: an address may be anybody's."""

import socket
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from functools import partial
from ipaddress import ip_address
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpcore

from publisher.domain.internet import is_public

LARGEST = 5_000_000  # bytes
PATIENCE = 10.0  # seconds for all of it
REDIRECTS = 3
MOVED = {301, 302, 303, 307, 308}
PORTS = {"http": 80, "https": 443}


class Unfetchable(Exception):
    """An address that gave nothing; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """What came: the status, the address in the end, the headers in lower case, the body."""

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body in the charset that its header tells, or else UTF-8."""
        told = Message()
        told["content-type"] = self.headers.get("content-type", "")
        charset = told.get_content_charset("utf-8")
        try:
            return self.body.decode(charset, errors="replace")
        except LookupError:
            return self.body.decode(errors="replace")


def fetch(
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    allow_private: bool = False,
    inside: Collection[tuple[str, int]] = (),
    largest: int = LARGEST,
    patience: float = PATIENCE,
) -> Fetched:
    """GET an address, following a few redirects, in `patience` seconds and `largest` bytes at most.

    Every address that a name stands for must be public, at each redirect anew, unless
    `allow_private` or the name and port are among those `inside`; the one that was looked at is
    the one that is spoken to. No proxy of the environment is used. Raises Unfetchable.
    """
    way = _Guarded(allow_private=allow_private, inside=inside)
    end = time.monotonic() + patience
    try:
        for _ in range(REDIRECTS + 1):
            found = _once(url, headers or {}, way, largest, end)
            place = found.headers.get("location")
            if found.status not in MOVED or not place:
                return found
            url = urljoin(url, place)
    except (httpcore.TimeoutException, TimeoutError) as error:
        raise Unfetchable(f"no answer within {patience:g} seconds") from error
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError, ValueError) as error:
        raise Unfetchable(str(error) or type(error).__name__) from error
    raise Unfetchable(f"more than {REDIRECTS} redirects")


def _once(
    url: str, headers: Mapping[str, str], way: "_Guarded", largest: int, end: float
) -> Fetched:
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise Unfetchable(f"{url}: no address of a web page")
    sent = [*{"User-Agent": "Publisher", "Accept-Encoding": "identity", **headers}.items()]
    left = dict.fromkeys(("connect", "read", "write", "pool"), _left(end))
    with (
        httpcore.ConnectionPool(network_backend=way) as pool,
        pool.stream("GET", url, headers=sent, extensions={"timeout": left}) as response,
    ):
        told = {key.decode().lower(): value.decode("latin-1") for key, value in response.headers}
        body = b"".join(_bounded(response.iter_stream(), largest, end))
        return Fetched(status=response.status, url=url, headers=told, body=body)


def _bounded(chunks: Iterable[bytes], largest: int, end: float) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > largest:
            raise Unfetchable(f"is larger than {largest} bytes")
        _left(end)
        yield chunk


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _Guarded(httpcore.SyncBackend):
    """httpcore's only way in to where a connection goes."""

    def __init__(self, *, allow_private: bool, inside: Collection[tuple[str, int]]) -> None:
        self._anywhere = allow_private
        self._inside = inside

    def connect_tcp(self, host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        known = [ip_address(found[4][0].partition("%")[0]) for found in _resolved(host, port)]
        anywhere = self._anywhere or (host, port) in self._inside
        for address in known:
            if not (anywhere or is_public(address)):
                raise Unfetchable(f"{host} is {address}, which is no public address")
        connect = partial(super().connect_tcp, port=port)
        return connect(str(known[0]), *args, **kwargs)


def _resolved(host: str, port: int) -> list[Any]:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise Unfetchable(f"{host}: {error}") from error
