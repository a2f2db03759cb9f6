"""A small pretend outside for a channel: it remembers, and it can break."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from publisher.domain.channel import (
    Channel,
    ChannelError,
    Disconnected,
    Refused,
    TryLater,
    Unsure,
)

SECRET = "s3cret-canary"  # noqa: S105  what every World uses as password, token or key
REVOKED = "revoked"  # the one that no network accepts any more

Expected = tuple[type[ChannelError], int]

# What a fault asks of the caller, and how many posts are out there after it.
EXPECTED: dict[str, Expected] = {
    "refuse": (Refused, 0),
    "rate_limit": (TryLater, 0),
    "unauthorized": (Disconnected, 0),
    "error": (Unsure, 0),
    "timeout": (Unsure, 0),
    "lose_answer": (Unsure, 1),
    "error_after": (Unsure, 1),
    "malformed": (Unsure, 1),
}
# The same of two things that no fault is: nobody at the address, and REVOKED as the secret.
ALSO: dict[str, Expected] = {"unplugged": (TryLater, 0), "revoked": (Disconnected, 0)}
KEPT = [fault for fault, (_, posts) in EXPECTED.items() if posts]


class World(Protocol):
    """One channel, and what is out there for it. Made with an empty folder of its own."""

    channel: Channel

    def visible(self) -> list[str]:
        """What a reader out there can see now: one string a post, with its title and text."""

    def stop(self) -> None:
        """Close servers and connections."""


class NetworkWorld(World, Protocol):
    """A World reached over the network, which can fail.

    Where the network's protocol makes a failure mean something else than EXPECTED says, the World
    has `expects`, with the faults that differ, and "unplugged" and "revoked" where these do; its
    `faults` names those that it can do, if not all. Where the channel has a secret, SECRET is
    accepted and REVOKED is not.
    """

    def fail(self, do: str, *, seconds: int = 1) -> None:
        """Make the next post fail.

        * refuse: turn the post down for good
        * rate_limit: ask to come back in `seconds`
        * unauthorized: do not accept the credentials
        * error: answer that the server failed, and keep nothing
        * timeout: keep nothing, and do not answer for `seconds`
        * lose_answer: keep the post, then drop the line without an answer
        * error_after: keep the post, then answer that a server on the way failed
        * malformed: keep the post, then answer with what cannot be read
        """

    def unplug(self) -> None:
        """Stop listening: nobody answers at the address any more."""


def each_world(**makers: Callable[[Path], World]) -> Any:
    """The fixture `world` that the questions ask for: each of these in turn, by its kind."""

    @pytest.fixture(params=sorted(makers))
    def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
        folder = tmp_path / "world"
        folder.mkdir()
        made = makers[request.param](folder)
        yield made
        made.stop()

    return world


def expected(world: NetworkWorld, fault: str) -> Expected:
    """What a fault, or one of ALSO, comes to in this World. Skips faults that it cannot do."""
    if fault not in {*getattr(world, "faults", EXPECTED), *ALSO}:
        pytest.skip(f"this World cannot do {fault!r}")
    usual = {**EXPECTED, **ALSO}[fault]
    found: Expected = getattr(world, "expects", {}).get(fault, usual)
    return found
