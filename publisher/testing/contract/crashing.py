"""What is out there after failures and crashes, once the program has done what it does."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from publisher.domain.issue import Edition
from publisher.testing.contract.asking import askable
from publisher.testing.crashes import MOST, Death, killed_before
from publisher.testing.releases import Release, judge
from publisher.testing.worlds import EXPECTED, NetworkWorld, World, expected

__all__ = [
    "test_a_release_through_a_failure_ends_with_one_post",
    "test_killed_before_any_step_a_release_ends_with_one_post",
]

PASSING = [fault for fault in EXPECTED if fault not in ("refuse", "unauthorized")]


@pytest.mark.parametrize("fault", PASSING)
def test_a_release_through_a_failure_ends_with_one_post(
    network: NetworkWorld, edition: Edition, tmp_path: Path, fault: str
) -> None:
    expected(network, fault)
    release = Release(channel=network.channel, folder=tmp_path, edition=edition)
    release.prepare()
    network.fail(fault, seconds=5)
    ended = release.finish()
    release.close()
    assert judge(ended, network.visible(), askable=askable(network)) == []


def test_killed_before_any_step_a_release_ends_with_one_post(
    world: World, edition: Edition, tmp_path: Path
) -> None:
    """A step is a request or an answer, a write to a file, or a commit to the store."""
    make = cast(Callable[[Path], World], type(world))
    wrong: list[str] = []
    for step in range(1, MOST):
        folder = tmp_path / f"killed-{step}"
        folder.mkdir()
        death, found = _killed(make, folder, step, edition)
        wrong += [f"killed at step {step}, {death.what}: {words}" for words in found]
        if death.through:
            break
    else:
        pytest.fail(f"a release takes more than {MOST} steps")
    assert step > 1
    assert wrong == []


def _killed(
    make: Callable[[Path], World], folder: Path, step: int, edition: Edition
) -> tuple[Death, list[str]]:
    (folder / "world").mkdir()
    world = make(folder / "world")
    try:
        release = Release(channel=world.channel, folder=folder, edition=edition)
        release.prepare()
        death = killed_before(step, release.begin)
        _wait_for(world)
        ended = release.finish()
        release.close()
        return death, judge(ended, world.visible(), askable=askable(world))
    finally:
        world.stop()


def _wait_for(world: World) -> None:
    """Let the outside take what the dead had sent: it has half a minute in the real world."""
    before = None
    while before != (before := len(world.visible())):
        time.sleep(0.02)
