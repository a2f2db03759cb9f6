"""What a failure comes to, as a table."""

from datetime import timedelta

import pytest

from publisher.domain.channel import Disconnected, Refused, TryLater, Unsure
from publisher.domain.delivery import (
    BACKOFF,
    FIRST_LOOK,
    LEASE,
    LONGEST_WAIT,
    TRANSITIONS,
    State,
    after_failure,
)
from publisher.queue import TASK_LIMIT

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("error", "tries", "in_doubt", "comes_to", "stays_in_doubt"),
    [
        (TryLater("busy"), 1, False, State.PENDING, False),
        (TryLater("busy"), 1, True, State.UNSURE, True),
        (Unsure("silence"), 1, False, State.UNSURE, True),
        (Unsure("silence"), 3, True, State.UNSURE, True),
        (Refused("no"), 1, False, State.REFUSED, False),
        (Refused("no"), 1, True, State.HELD, True),
        (Disconnected("401"), 1, False, State.HELD, False),
        (Disconnected("401"), 1, True, State.HELD, True),
        (TryLater("busy"), len(BACKOFF), False, State.PENDING, False),
        (TryLater("busy"), len(BACKOFF) + 1, False, State.HELD, False),
        (Unsure("silence"), len(BACKOFF) + 1, True, State.HELD, True),
        (KeyError("url"), 1, False, State.HELD, False),
        (KeyError("url"), 1, True, State.HELD, True),
    ],
)
def test_a_failure_comes_to(
    error: Exception, tries: int, in_doubt: bool, comes_to: State, stays_in_doubt: bool
) -> None:
    outcome = after_failure(error, tries=tries, in_doubt=in_doubt)
    assert (outcome.state, outcome.in_doubt) == (comes_to, stays_in_doubt)


@pytest.mark.parametrize("tries", range(1, len(BACKOFF) + 1))
def test_the_pause_grows_and_has_jitter(tries: int) -> None:
    pauses = {after_failure(TryLater("x"), tries=tries, in_doubt=False).retry_in for _ in range(20)}
    assert len(pauses) > 1
    assert all(p and BACKOFF[tries - 1] <= p <= BACKOFF[tries - 1] * 1.25 for p in pauses)


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        (timedelta(hours=3), timedelta(hours=3)),
        (timedelta(0), timedelta(seconds=1)),
        (timedelta(days=-1), timedelta(seconds=1)),
        (timedelta(days=4000), LONGEST_WAIT),
    ],
)
def test_a_server_is_believed_within_reason(asked: timedelta, given: timedelta) -> None:
    assert after_failure(TryLater("x", asked), tries=1, in_doubt=False).retry_in == given


def test_a_lost_answer_is_looked_for_soon_and_then_ever_less_often() -> None:
    assert after_failure(Unsure("x"), tries=1, in_doubt=False).retry_in == FIRST_LOOK
    again = after_failure(Unsure("x"), tries=2, in_doubt=True).retry_in
    assert again
    assert again >= BACKOFF[1]


def test_what_is_delivered_can_only_be_taken_back_and_what_is_skipped_never_moves() -> None:
    assert TRANSITIONS[State.DELIVERED] == {State.SKIPPED}
    assert TRANSITIONS[State.SKIPPED] == set()


def test_no_state_sends_without_being_claimed() -> None:
    """Only a person's word, and proof, make something delivered that nobody is sending."""
    ways = {was for was, nows in TRANSITIONS.items() if State.DELIVERED in nows}
    assert ways == {State.SENDING, State.UNSURE, State.REFUSED, State.HELD}


def test_a_lease_outlasts_any_task() -> None:
    assert timedelta(seconds=TASK_LIMIT) < LEASE
