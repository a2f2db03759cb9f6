"""What a seed fixes, and how a run is mixed."""

from collections import Counter
from itertools import pairwise

from tests.faults.schedule import Step, drawn


def run(seed: int, *, releases: int = 10) -> list[Step]:
    return drawn(
        seed=seed,
        releases=releases,
        kills={"worker": 3, "broker": 1},
        killed=40,
        others={"lost": 1},
        troubled=5,
        pause=1.0,
    )


def test_a_seed_replays_its_run() -> None:
    assert run(7) == run(7)


def test_another_seed_makes_another_run() -> None:
    assert run(7) != run(8)


def test_every_issue_is_released_once_and_in_order() -> None:
    assert [step.issue for step in run(7) if step.issue] == list(range(1, 11))


def test_as_many_faults_strike_as_were_asked_for() -> None:
    struck = Counter(step.fault for step in run(7) if step.fault)
    assert (struck["worker"] + struck["broker"], struck["lost"]) == (40, 5)


def test_an_issue_comes_before_the_first_fault() -> None:
    assert run(7)[0].issue == 1


def test_the_faults_are_spread_over_the_issues() -> None:
    found = run(7)
    places = [place for place, step in enumerate(found) if step.issue]
    gaps = [after - before for before, after in pairwise(places)]
    assert max(gaps) - min(gaps) <= 1


def test_without_faults_there_are_issues_alone() -> None:
    quiet = drawn(
        seed=1, releases=2, kills={}, killed=5, others={}, troubled=0, pause=1.0
    )  # nothing is named that could strike
    assert [step.issue for step in quiet] == [1, 2]
