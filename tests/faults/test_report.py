"""What a run's report says, and where it is written down."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.faults import __main__ as command
from tests.faults import report
from tests.faults.breaking import Ended, Wanted, known, steps
from tests.faults.oracle import Verdict

WELL = Verdict(
    planned=7,
    out=7,
    states={"delivered": 7},
    lost=(),
    doubled=(),
    held=(),
    unfinished=(),
    untrue=(),
)


def ended(verdict: Verdict = WELL, *, doubts: int = 0) -> Ended:
    return Ended(
        wanted=Wanted(seed=7, releases=1, kills=2, faults=1),
        verdict=verdict,
        struck=Counter({"child": 2, "lost": 1}),
        killed=Counter({("a worker's child", "SIGKILL"): 2}),
        doubts=doubts,
        retries=0,
        comebacks=(2.0, 4.0),
        stops=(),
        lasted=3.0,
        settled=1.5,
    )


def test_a_run_without_fault_kept_the_promise() -> None:
    assert list(report.told(ended()))[-1] == "The promise was kept."


SOME = ("number 3 on lemmy",)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(WELL, lost=SOME),
        replace(WELL, doubled=SOME),
        replace(WELL, unfinished=SOME),
        replace(WELL, untrue=SOME),
    ],
    ids=["lost", "doubled", "unfinished", "untrue"],
)
def test_whatever_is_wrong_is_named(wrong: Verdict) -> None:
    lines = list(report.told(ended(wrong)))
    assert any("number 3 on lemmy" in line for line in lines)
    assert lines[-1] == "THE PROMISE WAS BROKEN."


def test_mail_is_held_only_as_often_as_the_faults_can_explain() -> None:
    held = replace(WELL, held=("one", "two"))
    assert ended(held, doubts=2).kept
    assert not ended(held, doubts=1).kept


def test_the_report_has_the_seed_the_commit_and_the_date() -> None:
    words = report.markdown(ended(), commit="abc123", at=datetime(2026, 11, 23, tzinfo=UTC))
    assert all(word in words for word in ("| seed | 7 |", "`abc123`", "2026-11-23"))


def test_the_report_tells_of_each_fault_what_it_does() -> None:
    words = report.markdown(ended(), commit="abc123", at=datetime(2026, 11, 23, tzinfo=UTC))
    assert "| `lost` | the post was taken, the line is cut | it is looked for" in words
    assert "| a worker's child | SIGKILL | 2 |" in words


def test_figures_go_between_their_markers_and_nowhere_else() -> None:
    begin, end = "<!-- shown: begin -->", "<!-- shown: end -->"
    found = report.recorded(f"before {begin} old {end} after", "new", report.SHOWS)
    assert found == f"before {begin}\n\nnew\n\n{end} after"


def test_a_page_without_a_place_for_figures_is_told() -> None:
    with pytest.raises(ValueError, match="no place for the figures"):
        report.recorded("no markers", "new")


@pytest.mark.parametrize("place", [report.RUN, report.SHOWS])
def test_the_page_has_a_place_for_figures(place: str) -> None:
    assert report.recorded(report.PAGE.read_text("utf-8"), "new", place)


def test_every_fault_stands_on_the_page() -> None:
    page = report.PAGE.read_text("utf-8")
    there = known("sqlite").keys() | known("postgresql").keys()
    assert [name for name in sorted(there) if f"`{name}`" not in page] == []


def test_only_the_faults_that_are_asked_for_strike() -> None:
    asked = command.asked(["--seed", "7", "--only", "child,lost", "--faults", "9"])
    assert {step.fault for step in steps(asked.run)} == {"", "child", "lost"}


def test_a_fault_that_there_is_not_is_told_with_those_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        command.asked(["--only", "earthquake"])
    assert "no earthquake here; there are " in capsys.readouterr().err
