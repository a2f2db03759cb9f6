"""What the questions have in common: the fixtures, and a post to ask with."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any, cast

import pytest

from publisher.domain.channel import ChannelError, Post, Reader, Receipt, scheme_of
from publisher.domain.issue import Edition
from publisher.testing.sample import EDITION, with_pictures
from publisher.testing.worlds import SECRET, NetworkWorld, World

__all__ = ["edition", "network"]

READER = Reader(
    address="ada@reader.example",
    token="t0ken",  # noqa: S106  no secret
    unsubscribe_url="https://harbour.example/unsubscribe/t0ken",
)


@pytest.fixture
def network(world: World) -> NetworkWorld:
    """The World, where it is reached over a network."""
    if not hasattr(world, "fail"):
        pytest.skip("this channel knows no network")
    return cast(NetworkWorld, world)


@pytest.fixture
def edition(tmp_path: Path) -> Edition:
    """An edition whose pictures are files."""
    return with_pictures(tmp_path)


def rendered(world: World, edition: Edition = EDITION) -> Post:
    """Mail goes to one reader a post; the others look over `to`."""
    address = ":".join(filter(None, (scheme_of(world.channel), READER.address)))
    return replace(world.channel.render(edition), to=replace(READER, address=address))


def look(world: World, post: Post) -> Receipt | None:
    """Find a post, on a channel that can be asked."""
    try:
        return world.channel.find_existing(post)
    except NotImplementedError:
        pytest.skip("this channel cannot be asked")


def with_secret(channel: Any, secret: str) -> Any:
    """The same channel with other credentials, or an address that holds them. Skips one without."""
    values = {one.name: getattr(channel, one.name) for one in fields(channel)}
    texts = {name: value for name, value in values.items() if isinstance(value, str)}
    known = {name: text.replace(SECRET, secret) for name, text in texts.items() if SECRET in text}
    if not known:
        hidden = [one.name for one in fields(channel) if not one.repr]
        assert not hidden, f"the World must use SECRET as {' and '.join(hidden)}"
        pytest.skip("this channel has no secret")
    return replace(channel, **known)


def readable(failure: ChannelError) -> bool:
    """Words for a person, with no secret, no markup and no bare type name."""
    words = str(failure)
    return len(words.split()) > 1 and SECRET not in words and "<html" not in words


def askable(world: World) -> bool:
    """Whether the channel can be asked what is out there."""
    try:
        world.channel.find_existing(rendered(world))
    except NotImplementedError:
        return False
    return True
