"""What a channel says of a network that fails."""

import logging
from datetime import timedelta

import pytest

from publisher.domain.channel import ChannelError, Disconnected, TryLater, Unsure
from publisher.domain.issue import Edition
from publisher.testing.contract.asking import look, readable, rendered, with_secret
from publisher.testing.worlds import EXPECTED, KEPT, REVOKED, SECRET, NetworkWorld, expected

__all__ = [
    "test_a_check_with_a_revoked_secret_says_disconnected",
    "test_a_failure_is_named_by_what_to_do",
    "test_a_fault_passes",
    "test_a_post_whose_answer_was_lost_is_found",
    "test_a_rate_limit_passes_on_the_servers_pause",
    "test_a_revoked_secret_posts_nothing",
    "test_nobody_at_the_address_does_not_disconnect_a_check",
    "test_nobody_at_the_address_means_try_later",
]


def test_a_check_with_a_revoked_secret_says_disconnected(network: NetworkWorld) -> None:
    revoked = with_secret(network.channel, REVOKED)
    told(network, "revoked", Disconnected)
    with pytest.raises(Disconnected) as failure:
        revoked.check()
    assert readable(failure.value)


def test_a_revoked_secret_posts_nothing(network: NetworkWorld) -> None:
    revoked = with_secret(network.channel, REVOKED)
    with pytest.raises(expected(network, "revoked")[0]):
        revoked.deliver(rendered(network))
    assert network.visible() == []


@pytest.mark.parametrize("fault", EXPECTED)
def test_a_failure_is_named_by_what_to_do(
    network: NetworkWorld, edition: Edition, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    error, posts = expected(network, fault)
    network.fail(fault, seconds=20)
    with caplog.at_level(logging.DEBUG), pytest.raises(ChannelError) as failure:
        network.channel.deliver(rendered(network, edition))
    assert type(failure.value) is error, failure.value
    assert len(network.visible()) == posts
    assert readable(failure.value)
    assert SECRET not in caplog.text


@pytest.mark.parametrize("fault", KEPT)
def test_a_post_whose_answer_was_lost_is_found(
    network: NetworkWorld, edition: Edition, fault: str
) -> None:
    expected(network, fault)
    post = rendered(network, edition)
    network.fail(fault)
    with pytest.raises(Unsure):
        network.channel.deliver(post)
    found = look(network, post)
    assert found
    assert found.id


def test_a_rate_limit_passes_on_the_servers_pause(network: NetworkWorld) -> None:
    told(network, "rate_limit", TryLater)
    network.fail("rate_limit", seconds=20)
    with pytest.raises(TryLater) as failure:
        network.channel.deliver(rendered(network))
    pause = failure.value.retry_after
    if pause is None:
        pytest.skip("this network names no pause")
    assert timedelta(seconds=10) < pause <= timedelta(seconds=60)


def test_a_fault_passes(network: NetworkWorld) -> None:
    error, _ = expected(network, "rate_limit")
    network.fail("rate_limit")
    with pytest.raises(error):
        network.channel.deliver(rendered(network))
    network.channel.deliver(rendered(network))
    assert len(network.visible()) == 1


def test_nobody_at_the_address_means_try_later(network: NetworkWorld) -> None:
    error, _ = expected(network, "unplugged")
    network.unplug()
    with pytest.raises(error) as failure:
        network.channel.deliver(rendered(network))
    assert readable(failure.value)


def test_nobody_at_the_address_does_not_disconnect_a_check(network: NetworkWorld) -> None:
    told(network, "unplugged", TryLater)
    network.unplug()
    with pytest.raises(TryLater):
        network.channel.check()


def told(network: NetworkWorld, fault: str, usual: type[ChannelError]) -> None:
    """Skip where this network does not tell such a failure from others."""
    if expected(network, fault)[0] is not usual:
        pytest.skip(f"this network does not tell {fault!r} from other failures")
