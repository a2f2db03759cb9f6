"""A way out to the public internet alone: what a name stands for is looked at, then spoken to."""

import socket
from ipaddress import ip_address

import httpx

from channels._http import trust
from publisher.domain.channel import Disconnected, TryLater
from publisher.domain.internet import is_public


class Guarded(httpx.HTTPTransport):
    """Connects to the very address that was looked at, so that no other answer of DNS can come.

    Raises Disconnected for a name with any address that is not public, and TryLater for one that
    DNS does not know.
    """

    def __init__(self) -> None:
        super().__init__(verify=trust(), trust_env=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        address = _public(host, request.url.port)
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.url = request.url.copy_with(host=address)  # its Host header stays as it was
        return super().handle_request(request)


def _public(host: str, port: int | None) -> str:
    try:
        found = socket.getaddrinfo(host, port or 443, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise TryLater(f"{host} cannot be reached: {error}") from error
    known = [ip_address(str(one[4][0]).partition("%")[0]) for one in found]
    for address in known:
        if not is_public(address):
            why = f"{host} is {address}, an address inside a network and not of the internet"
            raise Disconnected(f"{why}; where that is meant, set internal = true")
    return str(known[0])
