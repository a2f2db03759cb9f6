"""What a channel makes of an edition that nobody should have written."""

from dataclasses import replace

import pytest

from publisher.domain.channel import ChannelError, Refused
from publisher.testing.contract.asking import readable, rendered
from publisher.testing.sample import EDITION, URL
from publisher.testing.worlds import World

__all__ = ["test_an_odd_edition_is_posted_once_or_refused"]

ODD = {
    "a title of two lines": replace(EDITION, title="First\r\nBcc: everyone@harbour.example"),
    "a title of control characters": replace(
        EDITION, title="Bell \x07, escape \x1b[31m, null \x00"
    ),
    "a title of markup": replace(EDITION, title='<script>alert("&amp;")</script> ]]> {{ x }} %s'),
    "a title that turns the line": replace(EDITION, title="\u202edrawkcab\u2066 and \ufeffon"),
    "an empty title": replace(EDITION, title=""),
    "a summary of one endless word": replace(EDITION, summary="x" * 100_000),
    "a link of 5,000 characters": replace(EDITION, url=URL + "x" * 5000 + "/"),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_edition_is_posted_once_or_refused(world: World, name: str) -> None:
    try:
        world.channel.deliver(rendered(world, ODD[name]))
    except ChannelError as failure:
        assert type(failure) is Refused, f"{type(failure).__name__}: {failure}"
        assert readable(failure)
        assert world.visible() == []
    else:
        assert len(world.visible()) == 1
