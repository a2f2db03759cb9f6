"""From where somebody asks: some proxies are believed, and no stranger is."""

from ipaddress import ip_network

import pytest
from fastapi import Request

from publisher.web.network import network

TRUSTED = [ip_network("127.0.0.1"), ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


def asked(peer: str | None, *forwarded: str) -> str:
    headers = [(b"x-forwarded-for", said.encode()) for said in forwarded]
    client = (peer, 50000) if peer is not None else None
    return network(Request({"type": "http", "headers": headers, "client": client}), TRUSTED)


@pytest.mark.parametrize(
    "peer, found",
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("fe80::1%eth0", "fe80::/64"),
        (None, "unknown"),
        ("", "unknown"),
    ],
)
def test_an_address_stands_for_its_network(peer: str | None, found: str) -> None:
    assert asked(peer) == found


def test_what_a_stranger_says_about_themselves_is_not_believed() -> None:
    assert asked("203.0.113.7", "198.51.100.1") == "203.0.113.0/24"


@pytest.mark.parametrize(
    "forwarded, found",
    [
        (["198.51.100.1"], "198.51.100.0/24"),
        (["192.0.2.9, 198.51.100.1"], "198.51.100.0/24"),  # the first was written by the asker
        (["192.0.2.9", "198.51.100.1, 10.1.1.1"], "198.51.100.0/24"),
        (["198.51.100.1:4711"], "198.51.100.0/24"),
        (["[2001:db8::1]:4711"], "2001:db8::/64"),
        (["nonsense"], "127.0.0.0/24"),
        (["198.51.100.1, "], "127.0.0.0/24"),
        (["10.1.1.1"], "10.1.1.0/24"),
        ([], "127.0.0.0/24"),
    ],
)
def test_proxies_are_believed_from_the_nearest_on(forwarded: list[str], found: str) -> None:
    assert asked("127.0.0.1", *forwarded) == found
