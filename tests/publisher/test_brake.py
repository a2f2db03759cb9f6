"""Who is refused by everybody stops asking."""

import pytest

from publisher.brake import Brake

UNKNOWN = "550 5.1.1 <ann@example.org>: no such user"
BLOCKED = "554 5.7.1 we do not want you"


def after(*outcomes: str) -> str:
    brake = Brake()
    for words in outcomes:
        brake.refused(words) if words else brake.accepted()
    return brake.pulled


@pytest.mark.parametrize(
    "outcomes",
    [
        [UNKNOWN] * 49,
        [""] * 51 + [UNKNOWN] * 49,
        [""] * 1000 + [UNKNOWN] * 49,
        [BLOCKED] * 4,
        ["", "", BLOCKED, BLOCKED, BLOCKED, BLOCKED, BLOCKED],
        [UNKNOWN] * 10,
    ],
)
def test_some_refusals_stop_nothing(outcomes: list[str]) -> None:
    assert after(*outcomes) == ""


@pytest.mark.parametrize(
    "outcomes",
    [
        [UNKNOWN] * 50,
        [""] * 1000 + [UNKNOWN] * 50,
        [UNKNOWN, ""] * 24 + ["", UNKNOWN, UNKNOWN],
        [BLOCKED] * 5,
        ["", *[BLOCKED] * 5],
    ],
)
def test_too_many_refusals_stop_a_run(outcomes: list[str]) -> None:
    assert after(*outcomes) != ""


def test_the_reason_has_the_words_that_were_said_most_whoever_they_were_of() -> None:
    others = [f"550 5.1.1 <reader{i}@example.org>: no such user" for i in range(40)]
    reason = after(*[f"550 {i} other words" for i in range(10)], *others)
    assert reason.startswith("50 of the last 50 copies were refused, mostly with: 550 5.1.1 …: no")
