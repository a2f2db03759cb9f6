"""Sending and repairing by a program: done, refused, and written down in its token's name."""

from typing import Any

import pytest

from publisher import subscribing
from publisher.domain.bounce import Kind, Verdict
from publisher.domain.channel import Disconnected, Refused, Unsure
from publisher.domain.correction import Change
from publisher.storage import (
    actions,
    bounces,
    changes,
    homes,
    identity,
    releases,
    reports,
    weighing,
)
from publisher.storage.engine import reading
from tests.publisher.fakes import NOW, FakeChannel, FakeMailing, edition, work
from tests.publisher.house import House
from tests.publisher.web.api.conftest import Program, problem

ISSUE = "/issues/2026-11"


@pytest.fixture
def channels() -> dict[str, FakeChannel]:
    return {"a": FakeChannel(), "b": FakeChannel(), "readers": FakeMailing()}


def did(house: House) -> list[tuple[str, str, str, str]]:
    return [(by, deed, issue, channel) for by, deed, issue, channel, _ in house.done()][3:]


def test_an_issue_is_published_once(stored: Program) -> None:
    answer = stored.post(f"{ISSUE}/publish")
    assert (answer.status_code, answer.json()) == (202, {"planned": 2})
    assert stored.post(f"{ISSUE}/publish", json={}).json() == {"planned": 0}
    work(stored.house.me)
    assert stored.house.standing("a").state == "delivered"
    assert "sweep" in stored.house.calls
    assert did(stored.house)[0] == ("token release-token", "publish", "2026-11", "")


def test_on_some_channels_alone(program: Program) -> None:
    told = program.post(f"{ISSUE}/publish", json={"channels": ["a"]}).json()
    assert told == {"planned": 1}
    answer = program.post(f"{ISSUE}/publish", json={"channels": ["x"]})
    assert problem(answer) == (404, "unknown")
    assert "x" in answer.json()["detail"]


def test_what_cannot_be_published_is_refused(program: Program) -> None:
    assert problem(program.post("/issues/nothing/publish")) == (404, "unknown")
    program.house.there = [edition(draft=True)]
    assert problem(program.post(f"{ISSUE}/publish")) == (409, "not_possible")
    program.house.there = [edition(title="bad")]
    answer = program.post(f"{ISSUE}/publish")
    assert problem(answer) == (409, "not_possible")
    assert "it is bad" in answer.json()["detail"]


def test_a_retry_is_done_once(stored: Program, channels: dict[str, FakeChannel]) -> None:
    channels["a"].fails_with = [Refused("no")]
    stored.house.run()
    assert stored.post(f"{ISSUE}/retry", json={"channels": ["a"]}).json() == {"tried": 1}
    work(stored.house.me)
    assert len(channels["a"].out_there) == 1
    assert problem(stored.post(f"{ISSUE}/retry")) == (409, "not_possible")


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ({"answer": "delivered", "url": "https://a.example/1"}, "delivered"),
        ({"answer": "resend"}, "pending"),
        ({"answer": "skip"}, "skipped"),
    ],
)
def test_an_answer_is_taken(
    program: Program, channels: dict[str, FakeChannel], said: dict[str, str], state: str
) -> None:
    channels["a"].fails_with, channels["a"].cannot_be_asked = [Unsure("timeout")], True
    program.house.run()
    program.house.clock.forward(minutes=30)
    work(program.house.me)
    assert program.house.standing("a").state == "held"
    answer = program.post(f"{ISSUE}/settle", json={"channel": "a", **said})
    assert (answer.status_code, answer.json()) == (200, {"settled": 1})
    assert program.house.standing("a").state == state
    assert problem(program.post(f"{ISSUE}/settle", json={"channel": "x", "answer": "skip"})) == (
        404,
        "unknown",
    )


def test_one_readers_mail_is_settled(program: Program, channels: dict[str, FakeChannel]) -> None:
    subscribing.add(["ann@example.org"], engine=program.house.desk.engine, at=NOW)
    mailing = channels["readers"]
    assert isinstance(mailing, FakeMailing)
    mailing.refuses = {"ann@example.org": Refused("no")}
    program.house.run()
    said = {"channel": "readers", "answer": "skip", "reader": "ANN@example.org"}
    assert program.post(f"{ISSUE}/settle", json=said).json() == {"settled": 1}
    assert "ann" not in str(program.house.done()).lower()
    bad = program.post(f"{ISSUE}/settle", json=said | {"reader": "x"})
    assert problem(bad) == (422, "invalid")
    assert bad.json()["errors"][0]["pointer"] == "#/reader"


def test_corrections_and_retractions_say_what_became_of_each(program: Program) -> None:
    program.house.run()
    program.house.there = [edition(title="Mended", revision="2")]
    told = program.post(f"{ISSUE}/correct").json()["corrections"]
    assert [(one["channel"], one["outcome"]) for one in told] == [
        ("a", "corrected"),
        ("b", "corrected"),
    ]
    assert problem(program.post(f"{ISSUE}/retract", json={})) == (422, "invalid")
    both = {"channels": ["a"], "everywhere": True}
    assert problem(program.post(f"{ISSUE}/retract", json=both)) == (422, "invalid")
    told = program.post(f"{ISSUE}/retract", json={"channels": ["a"]}).json()["retractions"]
    assert [(one["channel"], one["outcome"]) for one in told] == [("a", "stays")]
    told = program.post(f"{ISSUE}/retract", json={"everywhere": True}).json()["retractions"]
    assert [one["channel"] for one in told] == ["a", "b"]


def test_pausing_resuming_cancelling(stored: Program) -> None:
    stored.house.plan()
    place = {"channel": "a"}
    assert stored.post(f"{ISSUE}/pause", json=place).status_code == 204
    work(stored.house.me)
    assert stored.house.standing("a").state == "pending"
    assert stored.post(f"{ISSUE}/cancel", json=place).json() == {"skipped": 1, "langs": []}
    assert stored.post(f"{ISSUE}/resume", json=place).status_code == 204
    assert [deed for _, deed, _, _ in did(stored.house)] == ["pause", "cancel", "resume"]
    assert problem(stored.post(f"{ISSUE}/pause", json={})) == (422, "invalid")


def test_releases_are_held_let_go_and_called_off(stored: Program) -> None:
    for deed in ("hold", "release", "cancel"):
        assert problem(stored.post(f"{ISSUE}/{deed}")) == (409, "not_possible")
    with stored.house.desk.engine.begin() as db:
        releases.add(db, "2026-11", "en", dated=NOW, at=NOW)
    assert stored.post(f"{ISSUE}/hold").json() == {"langs": ["en"]}
    answer = stored.post(f"{ISSUE}/release")
    assert (answer.status_code, answer.json()) == (202, {"langs": ["en"]})
    assert "go on" in stored.house.calls
    assert stored.post(f"{ISSUE}/cancel").json() == {"skipped": 0, "langs": ["en"]}


def test_a_fenced_store_says_so(stored: Program) -> None:
    with stored.house.desk.engine.begin() as db:
        identity.make(db, homes.of(db), at=NOW)
        identity.fence(db, "an older state of it was put back", at=NOW)
    answer = stored.post(f"{ISSUE}/publish")
    assert problem(answer) == (409, "not_possible")
    assert "an older state of it was put back" in answer.json()["detail"]
    assert stored.get("/channels").status_code == 200


def test_channels_say_how_they_are(stored: Program, channels: dict[str, FakeChannel]) -> None:
    channels["b"].fails_with = [Disconnected("token expired, ask ines@news.example")]
    stored.house.run()

    def told() -> dict[str, Any]:
        return {one["name"]: one for one in stored.get("/channels", "read").json()["items"]}

    a, b = told()["a"], told()["b"]
    assert (a["kind"], a["languages"], a["paused_at"]) == ("fake", ["en"], None)
    assert a["last_delivered_at"] == "2026-11-05T12:00:00Z"
    assert (b["paused_at"], b["last_delivered_at"]) == ("2026-11-05T12:00:00Z", None)
    assert "token expired" in b["reason"]
    assert "ines@" in stored.get("/channels").text
    assert "ines@" not in stored.get("/channels", "read").text
    assert stored.post("/channels/b/resume").status_code == 204
    assert told()["b"]["paused_at"] is None
    assert stored.post("/channels/b/pause").status_code == 204
    assert told()["b"]["reason"] == "paused by token release-token"
    assert problem(stored.post("/channels/b/pause")) == (409, "not_possible")
    assert problem(stored.post("/channels/x/pause")) == (404, "unknown")


def test_a_channel_is_checked(program: Program) -> None:
    told = program.post("/channels/a/check").json()
    assert (told["ok"], told["found"]) == (True, ["a fake is always well"])
    assert problem(program.post("/channels/x/check")) == (404, "unknown")


def test_who_did_what_is_told_the_last_first(stored: Program) -> None:
    stored.house.plan()
    for deed in ("pause", "resume", "cancel"):
        stored.post(f"{ISSUE}/{deed}", json={"channel": "a"})
    told = stored.get("/actions?limit=2", "read").json()
    assert [one["did"] for one in told["items"]] == ["cancel", "resume"]
    more = stored.get("/actions", "read", params={"after": told["next"], "issue": "2026-11"}).json()
    assert [(one["by"], one["did"]) for one in more["items"]] == [("token release-token", "pause")]
    assert more["next"] is None


def test_what_a_server_said_of_somebody_is_not_for_who_only_looks(program: Program) -> None:
    with program.house.desk.engine.begin() as db:
        actions.note(db, "ines", "corrected", at=NOW, words="readers: failed, <ann@b.example> gone")
    assert "ann@" in program.get("/actions").text
    assert "ann@" not in program.get("/actions", "read").text


def test_what_has_errors_is_published_despite_them(program: Program) -> None:
    program.house.there = [edition(title="bad")]
    assert problem(program.post(f"{ISSUE}/publish")) == (409, "not_possible")
    told = program.post(f"{ISSUE}/publish", json={"despite_errors": True})
    assert (told.status_code, told.json()) == (202, {"planned": 2})


def test_readers_are_told_what_was_wrong_and_a_question_is_answered(program: Program) -> None:
    subscribing.add(["ann@example.org"], engine=program.house.desk.engine, at=NOW)
    program.house.run()
    program.house.there = [edition(correction="On the 12th.", revision="2")]
    told = program.post(f"{ISSUE}/correct", json={"tell": True, "channels": ["readers"]}).json()
    [word] = told["told"]
    assert (word["channel"], word["lang"], word["planned"]) == ("readers", "en", 1)
    assert program.post(f"{ISSUE}/correct", json={"tell": True}).json()["told"][0]["planned"] == 0
    for wrong in ({"leave": True, "tell": True}, {"leave": True, "channels": ["a"]}):
        assert problem(program.post(f"{ISSUE}/correct", json=wrong)) == (422, "invalid")
    leave = {"leave": True}
    assert problem(program.post(f"{ISSUE}/correct", json=leave)) == (409, "not_possible")
    change = Change(issue="2026-11", lang="en", revision="3")
    with program.house.desk.engine.begin() as db:
        changes.see(db, change, at=NOW, due=NOW, asks="was changed")
    answer = program.post(f"{ISSUE}/correct", json=leave)
    assert answer.json() == {"corrections": [], "told": [], "left": ["en"]}


def test_a_test_copy_says_what_became_of_it(program: Program) -> None:
    said = {"to": "ines@news.example", "channels": ["readers"]}
    [one] = program.post(f"{ISSUE}/test", json=said).json()["copies"]
    assert (one["ok"], one["words"]) == (False, "copies only")  # as this fake would have it
    assert "ines@" not in str(program.house.done())
    bad = program.post(f"{ISSUE}/test", json={"to": "ines"})
    assert bad.json()["errors"][0]["pointer"] == "#/to"
    none = program.post(f"{ISSUE}/test", json=said | {"channels": ["a"]})
    assert problem(none) == (409, "not_possible")
    assert problem(program.post(f"{ISSUE}/test", "read", json=said)) == (403, "insufficient_scope")


def test_receipts_tell_what_is_out(program: Program) -> None:
    subscribing.add(["ann@example.org"], engine=program.house.desk.engine, at=NOW)
    assert problem(program.get(f"{ISSUE}/receipts")) == (404, "unknown")
    program.house.run()
    told = program.get(f"{ISSUE}/receipts", "read")
    found = {one["channel"]: one for one in told.json()["receipts"]}
    assert found["a"]["url"].startswith("https://fake.example/")
    assert (found["readers"]["readers"], found["readers"]["url"]) == (1, "")
    assert "ann@" not in told.text


def test_bounces_are_believed_once(program: Program) -> None:
    engine = program.house.desk.engine
    subscribing.add(["ann@example.org"], engine=engine, at=NOW)
    program.house.run()
    with reading(engine) as db:
        [copy] = reports.delivery_ids(db, "2026-11", names=["readers"])
    with engine.begin() as db:
        bounces.record(db, copy, kind=Kind.HARD, at=NOW, status="5.1.1", words="gone")
        weighing.judge(db, "2026-11", "readers", Verdict.ASIDE)
    said = {"issue": "2026-11", "channel": "readers"}
    assert program.post("/bounces/believe", json=said).json() == {"counted": 1, "stopped": 1}
    assert problem(program.post("/bounces/believe", json=said)) == (409, "not_possible")
