"""From where a request comes: a network, for a single address of one says little."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from fastapi import Request

from publisher.config import Network

PREFIXES = {4: 24, 6: 64}  # what one subscriber of a provider has for themselves
UNKNOWN = "unknown"  # a socket without an address
Address = IPv4Address | IPv6Address


def network(request: Request, trusted: Sequence[Network]) -> str:
    """The network of whoever asks, such as 192.0.2.0/24 or 2001:db8::/64.

    `X-Forwarded-For` is read from its end, as far as it was written by `trusted` proxies;
    what stands before that is whatever the asker liked to write.
    """
    last = asker(request, trusted)
    if last is None:
        return UNKNOWN
    return str(ip_network(f"{last}/{PREFIXES[last.version]}", strict=False))


def asker(request: Request, trusted: Sequence[Network]) -> Address | None:
    """The address of whoever asks, as far as `trusted` proxies are to be believed."""
    last = _address(request.client.host if request.client else "")
    said = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    while last and said and any(last in proxies for proxies in trusted):
        before = _address(said.pop())
        if before is None:
            break
        last = before
    return last


def is_passed_on(request: Request) -> bool:
    """Whether somebody says that they ask for somebody else."""
    return any(name in request.headers for name in ("x-forwarded-for", "forwarded", "via"))


def _address(said: str) -> Address | None:
    """An address, with or without a port; None for anything else."""
    said = said.strip()
    host = said[1:].partition("]")[0] if said.startswith("[") else said
    if host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        found = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return (found.version == 6 and found.ipv4_mapped) or found
