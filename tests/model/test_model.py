"""The real use cases, against everything that may happen, as far as a test has time."""

from tests.model.running import run


def test_nothing_is_lost_or_doubled_whoever_goes_next_and_whoever_is_killed() -> None:
    run(examples=10)
