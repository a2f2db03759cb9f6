"""What is posted, found, replaced and checked while all is well."""

from dataclasses import replace

import pytest

from publisher.domain.channel import Refused, Retracting
from publisher.domain.issue import Edition
from publisher.testing.contract.asking import look, readable, rendered
from publisher.testing.sample import EDITION, URL
from publisher.testing.worlds import World

__all__ = [
    "test_a_channel_that_cannot_be_asked_never_answers",
    "test_a_check_finds_something_and_posts_nothing",
    "test_an_update_replaces_or_is_refused",
    "test_looking_before_a_second_delivery_makes_one_post",
    "test_what_is_delivered_is_visible_once_and_can_be_found",
    "test_what_is_taken_back_is_gone",
    "test_what_was_never_delivered_is_not_found",
]


def test_what_is_delivered_is_visible_once_and_can_be_found(world: World, edition: Edition) -> None:
    post = rendered(world, edition)
    receipt = world.channel.deliver(post)
    visible = world.visible()
    assert len(visible) == 1
    assert EDITION.title in visible[0]
    assert receipt.id
    found = look(world, post)
    assert found
    assert (found.id, found.url) == (receipt.id, receipt.url)


def test_what_was_never_delivered_is_not_found(world: World, edition: Edition) -> None:
    other = replace(edition, key="2026-07-05-newsletter", url=URL.rstrip("/") + "-one/")
    world.channel.deliver(rendered(world, other))
    assert look(world, rendered(world, edition)) is None


def test_a_channel_that_cannot_be_asked_never_answers(world: World) -> None:
    post = rendered(world)
    try:
        world.channel.find_existing(post)
    except NotImplementedError:
        world.channel.deliver(post)
        with pytest.raises(NotImplementedError):
            world.channel.find_existing(post)


def test_looking_before_a_second_delivery_makes_one_post(world: World, edition: Edition) -> None:
    post = rendered(world, edition)
    for _ in range(2):
        if look(world, post) is None:
            world.channel.deliver(post)
    assert len(world.visible()) == 1


def test_an_update_replaces_or_is_refused(world: World, edition: Edition) -> None:
    receipt = world.channel.deliver(rendered(world, edition))
    corrected = rendered(world, replace(edition, title="Mended title"))
    try:
        updated = world.channel.update(receipt, corrected)
    except Refused as refusal:
        assert readable(refusal)
        assert "Mended" not in "".join(world.visible())
    else:
        visible = world.visible()
        assert len(visible) == 1
        assert "Mended title" in visible[0]
        assert EDITION.title not in visible[0]
        assert updated.id == receipt.id


def test_what_is_taken_back_is_gone(world: World, edition: Edition) -> None:
    channel = world.channel
    if not isinstance(channel, Retracting):
        pytest.skip("this channel takes nothing back")
    post = rendered(world, edition)
    receipt = channel.deliver(post)
    for _ in range(2):
        channel.retract(receipt)
        assert world.visible() == []
    assert look(world, post) is None


def test_a_check_finds_something_and_posts_nothing(world: World) -> None:
    found = world.channel.check()
    assert found
    assert all(line.strip() for line in found)
    assert world.visible() == []
