"""A short run of a fixed seed: real processes, a dozen kills, all five channels."""

import pytest

from tests.faults.breaking import Ended, Wanted, broken
from tests.faults.world import Shape


@pytest.fixture(scope="module")
def ended() -> Ended:
    shape = Shape(readers=2, workers=1)
    wanted = Wanted(seed=7, releases=3, kills=12, faults=4, pause=0.3, shape=shape)
    return broken(wanted, print)


@pytest.mark.timeout(400)  # a machine may be busy; what is judged is no time
def test_kills_lose_nothing_and_double_nothing(ended: Ended) -> None:
    assert (ended.verdict.lost, ended.verdict.doubled) == ((), ())


def test_the_log_says_what_the_outside_says(ended: Ended) -> None:
    assert (ended.verdict.untrue, ended.odd) == ((), ())


def test_everything_is_settled_but_the_mail_that_a_kill_left_in_doubt(ended: Ended) -> None:
    assert ended.verdict.unfinished == ()
    assert len(ended.verdict.held) <= ended.doubts


def test_every_issue_went_to_every_channel_and_reader(ended: Ended) -> None:
    assert ended.verdict.planned == 3 * (4 + 2)
