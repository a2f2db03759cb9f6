"""A small pretend outside for each kind of channel: it remembers, and it can break.

A kind's World lives in `tests/channels/worlds/KIND.py` as a class named `World`, built with an
empty folder of its own. The contract suite asks every World the same questions.
"""

from typing import Protocol

from publisher.domain.channel import Channel

SECRET = "s3cret-canary"  # what every World uses as password, token or key


class World(Protocol):
    """One channel, and what is out there for it."""

    channel: Channel

    def visible(self) -> list[str]:
        """What a reader out there can see now: one string a post, with its title and text."""

    def stop(self) -> None:
        """Close servers and connections."""


class NetworkWorld(World, Protocol):
    """A World reached over the network, which can fail."""

    def fail(self, do: str, *, seconds: int = 1) -> None:
        """Make the next post fail as `publisher.sandbox.outside.FAULTS` says."""

    def unplug(self) -> None:
        """Stop listening: nobody answers at the address any more."""
