"""Whether the oracle sees what is wrong, and finds nothing where all is well."""

import json
from pathlib import Path

import pytest

from tests.faults import oracle
from tests.faults.oracle import Out, Row, Verdict, judged, key

ISSUE = key(3)


def row(
    state: str = "delivered", *, remote_id: str = "1", logged: str = "", doubt: bool = False
) -> Row:
    return Row(
        issue=ISSUE,
        channel="lemmy",
        recipient="",
        state=state,
        in_doubt=doubt,
        remote_id=remote_id,
        logged=logged or state,
    )


def out(id: str = "1") -> Out:
    return Out(channel="lemmy", remote_id=id, about="The Broken Post, number 0003")


def verdict(there: list[Out], rows: list[Row]) -> Verdict:
    return judged(there, rows, [ISSUE])


def test_what_was_delivered_once_is_well() -> None:
    found = verdict([out()], [row()])
    assert found.kept
    assert (found.planned, found.out, found.states) == (1, 1, {"delivered": 1})


def test_a_second_post_is_seen_though_the_store_knows_of_one() -> None:
    assert verdict([out("1"), out("2")], [row()]).doubled == (f"{ISSUE} lemmy : ['1', '2']",)


@pytest.mark.parametrize("state", ["delivered", "skipped"])
def test_what_is_said_to_be_done_and_is_not_there_is_lost(state: str) -> None:
    assert len(verdict([], [row(state)]).lost) == 1


def test_an_issue_that_was_never_planned_is_lost() -> None:
    assert verdict([], []).lost == (f"{ISSUE}: released, but never planned",)


@pytest.mark.parametrize("state", ["pending", "sending", "unsure"])
def test_what_is_not_settled_is_told(state: str) -> None:
    assert not verdict([], [row(state)]).kept


@pytest.mark.parametrize(
    "there",
    [
        row(remote_id="2"),
        row("refused"),
        row("pending"),
        row("held"),
        row(logged="sending"),
    ],
    ids=["another id", "refused", "pending", "held without a doubt", "another log"],
)
def test_a_word_that_the_outside_denies_is_untrue(there: Row) -> None:
    assert len(verdict([out()], [there]).untrue) == 1


def test_what_is_held_in_doubt_may_be_there() -> None:
    found = verdict([out()], [row("held", doubt=True)])
    assert found.kept
    assert found.held == (f"{ISSUE} lemmy",)


def test_a_post_that_nobody_planned_is_told() -> None:
    assert (
        "not planned"
        in verdict([out(), Out(channel="feed", remote_id="9", about="?")], [row()]).untrue[0]
    )


def test_the_record_of_the_stand_ins_and_the_feed_are_read(tmp_path: Path) -> None:
    record, feed = tmp_path / "record.jsonl", tmp_path / "feed.xml"
    kept = {
        "email": ("<a/b@x.example>/ann@x.example/1", {"subject": "number 0003"}),
        "mastodon": ("4", {"text": "number 0003"}),
        "reddit": ("5", {"title": "number 0003"}),
        "lemmy": ("6", {"name": "number 0003"}),
    }
    lines = [{"network": net, "id": id, "fields": said} for net, (id, said) in kept.items()]
    record.write_text("".join(json.dumps(line) + "\n" for line in [*lines, lines[1]]))
    atom = "http://www.w3.org/2005/Atom"
    feed.write_text(f'<feed xmlns="{atom}"><entry><id>tag:{ISSUE}</id></entry></feed>')
    found = {(one.channel, one.remote_id, one.recipient) for one in oracle.outside(record, feed)}
    assert found == {
        ("readers", "<a/b@x.example>", "ann@x.example"),
        ("mastodon", "4", ""),
        ("reddit", "5", ""),
        ("lemmy", "6", ""),
        ("feed", f"tag:{ISSUE}", ""),
    }
