"""Whether the contract suite finds what it is for: channels that do it wrong fail it."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from publisher.domain.delivery import State
from publisher.testing.contract import crashing, failing, odd, posting, rendering
from publisher.testing.crashes import killed_before
from publisher.testing.releases import Standing, judge
from publisher.testing.sample import EDITION
from tests.testing import board, faulty

Ask = Callable[..., object]

VISIBLE = posting.test_what_is_delivered_is_visible_once_and_can_be_found
FAILURE = failing.test_a_failure_is_named_by_what_to_do
RELEASE = crashing.test_a_release_through_a_failure_ends_with_one_post
KILLED = crashing.test_killed_before_any_step_a_release_ends_with_one_post

# What a channel does wrong, and the question that finds it.
WRONG: list[tuple[dict[str, Ask], Ask, dict[str, str]]] = [
    ({"deliver": faulty.says_try_later}, FAILURE, {"fault": "lose_answer"}),
    ({"deliver": faulty.says_try_later}, RELEASE, {"fault": "lose_answer"}),
    ({"deliver": faulty.tries_again}, RELEASE, {"fault": "malformed"}),
    ({"deliver": faulty.posts_twice}, VISIBLE, {}),
    ({"deliver": faulty.posts_twice}, RELEASE, {"fault": "rate_limit"}),
    ({"deliver": faulty.only_pretends}, VISIBLE, {}),
    ({"deliver": faulty.only_pretends}, RELEASE, {"fault": "error"}),
    ({"deliver": faulty.tells_its_secret}, FAILURE, {"fault": "refuse"}),
    ({"deliver": faulty.breaks}, RELEASE, {"fault": "error"}),
    ({"find_existing": faulty.finds_nothing}, VISIBLE, {}),
    ({"find_existing": faulty.finds_nothing}, RELEASE, {"fault": "error_after"}),
    (
        {"find_existing": faulty.finds_another},
        posting.test_what_was_never_delivered_is_not_found,
        {},
    ),
    ({"render": faulty.counts_nothing}, rendering.test_the_longest_texts_fit, {"name": "emoji"}),
    (
        {"check": faulty.posts_to_check},
        posting.test_a_check_finds_something_and_posts_nothing,
        {},
    ),
    (
        {"deliver": faulty.notes_what_it_posted, "find_existing": faulty.reads_its_notes},
        KILLED,
        {},
    ),
]


def ask(
    question: Ask, make: Any, folder: Path, caplog: pytest.LogCaptureFixture, **more: str
) -> None:
    """Ask one question as pytest would."""
    world = make(folder)
    given = {"world": world, "network": world, "edition": EDITION, **more}
    given |= {"tmp_path": folder, "caplog": caplog}
    names = question.__code__.co_varnames[: question.__code__.co_argcount]
    try:
        question(**{name: given[name] for name in names})
    finally:
        world.stop()


def said(wrong: tuple[dict[str, Ask], Ask, dict[str, str]]) -> str:
    instead, question, more = wrong
    names = [other.__name__ for other in instead.values()]
    return " ".join([*names, question.__name__.removeprefix("test_"), *more.values()])


@pytest.mark.parametrize("wrong", WRONG, ids=said)
def test_a_channel_that_does_it_wrong_fails(
    wrong: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    instead, question, more = wrong
    with pytest.raises(AssertionError):
        ask(question, faulty.world_of(**instead), tmp_path, caplog, **more)


@pytest.mark.parametrize(
    ("question", "more"),
    [
        (VISIBLE, {}),
        (FAILURE, {"fault": "lose_answer"}),
        (RELEASE, {"fault": "lose_answer"}),
        (odd.test_an_odd_edition_is_posted_once_or_refused, {"name": "a title of two lines"}),
    ],
    ids=["visible", "failure", "release", "odd"],
)
def test_a_sound_channel_passes(
    question: Ask, more: dict[str, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ask(question, board.World, tmp_path, caplog, **more)


@pytest.mark.parametrize("fault", ["lose_answer", "error_after", "malformed", "error"])
def test_only_a_crash_finds_a_channel_that_trusts_its_own_notes(
    fault: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make = faulty.world_of(
        deliver=faulty.notes_what_it_posted, find_existing=faulty.reads_its_notes
    )
    ask(RELEASE, make, tmp_path, caplog, fault=fault)


def standing(state: State, *, in_doubt: bool = False, odd: tuple[str, ...] = ()) -> Standing:
    return Standing(state=state, in_doubt=in_doubt, reason="why", odd=odd)


def test_one_post_that_the_log_tells_of_is_what_is_wanted() -> None:
    assert judge(standing(State.DELIVERED), ["a post"], askable=True) == []


@pytest.mark.parametrize(
    ("visible", "words"),
    [([], "no post is out there"), (["a post", "a post"], "2 posts are out there")],
)
def test_a_log_that_says_delivered_is_held_against_what_is_there(
    visible: list[str], words: str
) -> None:
    assert judge(standing(State.DELIVERED), visible, askable=True) == [words]


def test_doubt_is_an_end_only_where_nobody_can_be_asked() -> None:
    held = standing(State.HELD, in_doubt=True)
    assert judge(held, [], askable=False) == []
    assert judge(held, ["a post"], askable=True) == ["the log says held: why"]


def test_what_an_audit_says_is_held_against_it() -> None:
    odd = standing(State.DELIVERED, odd=("delivery 1: no line of the log",))
    assert judge(odd, ["a post"], askable=True) == ["delivery 1: no line of the log"]


def test_a_secret_in_the_log_is_found_at_the_end_of_a_release(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make = faulty.world_of(deliver=faulty.notes_its_secret)
    with pytest.raises(AssertionError, match="secret"):
        ask(RELEASE, make, tmp_path, caplog, fault="rate_limit")


def test_a_process_is_killed_before_a_step_and_not_after_it(tmp_path: Path) -> None:
    def work() -> None:
        for name in "ab":
            with (tmp_path / name).open("wb", buffering=0) as file:
                file.write(b"1")

    death = killed_before(2, work)
    assert (death.what, death.through) == ("before FileIO.write", False)
    assert [(tmp_path / name).read_bytes() for name in "ab"] == [b"1", b""]
    assert killed_before(3, work).through


def test_work_that_breaks_is_told_with_its_traceback() -> None:
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        killed_before(1, lambda: 1 // 0)


def test_a_process_that_hangs_is_ended() -> None:
    with pytest.raises(AssertionError, match="it hangs"):
        killed_before(1, lambda: os.kill(os.getpid(), signal.SIGALRM))
