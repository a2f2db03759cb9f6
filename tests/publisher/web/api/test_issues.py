"""Looking at issues: what was planned, what became of it, what would be sent, and when."""

from dataclasses import replace
from datetime import timedelta

import pytest

from publisher import publishing, subscribing
from publisher.domain.channel import Refused
from publisher.domain.issue import BadSource, Edition
from publisher.storage import releases, reports
from publisher.storage.engine import reading
from tests.publisher.fakes import NOW, FakeChannel, FakeMailing, edition, work
from tests.publisher.web.api.conftest import Program, problem

ISSUE = "/issues/2026-11"


@pytest.fixture
def channels() -> dict[str, FakeChannel]:
    no = Refused("550 <ann@example.org> is unknown here")
    return {
        "fosstodon": FakeChannel(fails_with=[Refused("too long")]),
        "readers": FakeMailing(refuses={"ann@example.org": no}),
    }


@pytest.fixture
def sent(stored: Program) -> Program:
    """One issue: refused by a network, delivered to one reader and refused for the other."""
    engine = stored.house.desk.engine
    subscribing.add(["ann@example.org", "bob@example.net"], engine=engine, at=NOW)
    stored.house.run()
    return stored


def test_an_issue_is_what_the_command_tells(sent: Program) -> None:
    told = sent.get(ISSUE).json()
    assert told["key"] == "2026-11"
    assert [(e["lang"], e["title"], e["date"]) for e in told["editions"]] == [
        ("en", "November", "2026-11-05T11:00:00Z")
    ]
    post, mail = told["deliveries"]
    assert (post["channel"], post["state"], post["reason"]) == ("fosstodon", "refused", "too long")
    assert (mail["state"], mail["readers"]) == ("delivered", {"delivered": 1, "refused": 1})
    assert problem(sent.get("/issues/nothing")) == (404, "unknown")


def test_issues_come_in_parts_the_newest_first(stored: Program) -> None:
    house = stored.house
    house.there = [
        edition(key=f"{month}", date=NOW - timedelta(days=30 * (month // 2))) for month in range(7)
    ]
    house.plan()
    seen, path, parts = [], "/issues?limit=3", 0
    while path:
        answer = stored.get(path)
        told = answer.json()
        seen += [item["key"] for item in told["items"]]
        parts += 1
        if told["next"]:
            assert f"after={told['next']}" in answer.links["next"]["url"]
            path = answer.links["next"]["url"].removeprefix("/api/v1")
        else:
            assert "link" not in answer.headers
            path = ""
    assert seen == ["1", "0", "3", "2", "5", "4", "6"]
    assert parts == 3


def test_the_log_in_parts_is_the_log_as_a_whole(sent: Program) -> None:
    house = sent.house
    sent.post(f"{ISSUE}/retry", json={})
    work(house.me)
    sent.post(f"{ISSUE}/settle", json={"channel": "readers", "answer": "skip"})
    with reading(house.desk.engine) as db:
        whole = reports.attempts(db, "2026-11")
    assert len(whole) >= 5
    found, after = [], ""
    while True:
        told = sent.get(f"{ISSUE}/log", params={"limit": 2, "after": after}).json()
        found += told["items"]
        if not told["next"]:
            break
        after = told["next"]
    named = ("channel", "lang", "reader", "attempt", "outcome", "reason", "url", "worker")
    assert [[one[name] for name in named] for one in found] == [
        [getattr(one, name) for name in named] for one in whole
    ]


def test_the_log_can_be_narrowed(sent: Program) -> None:
    told = sent.get(f"{ISSUE}/log?channel=readers&reader=Ann@example.org").json()["items"]
    assert [(one["reader"], one["outcome"]) for one in told] == [("ann@example.org", "refused")]
    assert problem(sent.get("/issues/nothing/log")) == (404, "unknown")
    assert problem(sent.get(f"{ISSUE}/log?reader=nobody")) == (422, "invalid")


def test_who_only_looks_sees_no_reader(sent: Program) -> None:
    for path in (ISSUE, "/issues", f"{ISSUE}/log", "/actions", f"{ISSUE}/preview"):
        answer = sent.get(path, "read")
        assert answer.status_code == 200
        assert "@" not in answer.text, path
    assert [one["channel"] for one in sent.get(f"{ISSUE}/log", "read").json()["items"]] == [
        "fosstodon"
    ]
    assert problem(sent.get(f"{ISSUE}/log?reader=ann@example.org", "read"))[0] == 403
    assert "ann@example.org" in sent.get(f"{ISSUE}/log").text


def test_an_edition_is_the_sources_and_else_the_archives(sent: Program) -> None:
    sent.house.there = [edition(title="Mended")]
    told = sent.get(f"{ISSUE}/editions/en").json()
    assert (told["known_from"], told["title"], told["text"]) == (
        "source",
        "Mended",
        "All that happened.",
    )
    sent.house.there = []
    told = sent.get(f"{ISSUE}/editions/EN").json()
    assert (told["known_from"], told["title"], told["html"]) == (
        "archive",
        "November",
        "<p>All that happened.</p>",
    )
    assert problem(sent.get(f"{ISSUE}/editions/de")) == (404, "unknown")


def test_a_source_that_cannot_be_read_is_said(program: Program) -> None:
    def broken(_: str) -> list[Edition]:
        raise BadSource("2026-11.md", "has no title", remedy="write one")

    program.house.desk = replace(program.house.desk, editions=broken)
    for path in (f"{ISSUE}/editions/en", f"{ISSUE}/preview"):
        answer = program.get(path)
        assert problem(answer) == (409, "not_possible")
        assert "write one" in answer.json()["detail"]


def test_a_preview_is_what_each_channel_would_get(program: Program) -> None:
    told = program.get(f"{ISSUE}/preview", "read").json()
    assert [one["channel"] for one in told] == ["fosstodon", "readers"]
    [one] = program.get(f"{ISSUE}/preview?channel=fosstodon").json()
    assert (one["title"], one["text"]) == ("November", "All that happened.")
    assert not program.house.me.channels["fosstodon"].channel.out_there  # type: ignore[attr-defined]
    assert problem(program.get(f"{ISSUE}/preview?channel=x")) == (404, "unknown")
    assert problem(program.get("/issues/nothing/preview")) == (404, "unknown")


def test_a_plan_says_when_and_why(program: Program) -> None:
    assert problem(program.get(f"{ISSUE}/plan")) == (404, "unknown")
    with program.house.desk.engine.begin() as db:
        releases.add(db, "2026-11", "en", dated=NOW, at=NOW)
    [told] = program.get(f"{ISSUE}/plan").json()
    assert (told["lang"], told["seen_at"], told["held"]) == ("en", "2026-11-05T12:00:00Z", False)
    assert {one["channel"] for one in told["channels"]} == {"fosstodon", "readers"}
    assert program.get("/releases", "read").json() == {"items": [told]}
    program.post(f"{ISSUE}/cancel")
    assert program.get("/releases").json() == {"items": []}
    assert [one["cancelled"] for one in program.get(f"{ISSUE}/plan").json()] == [True]


def test_a_key_may_have_a_slash(stored: Program) -> None:
    house = stored.house
    house.there = [edition(key="weekly/2026-11")]
    with house.desk.engine.begin() as db:
        publishing.plan(house.there, db=db, channels=house.me.channels, at=NOW)
    for key in ("weekly/2026-11", "weekly%2F2026-11"):
        assert stored.get(f"/issues/{key}").json()["key"] == "weekly/2026-11"
        assert stored.get(f"/issues/{key}/log").status_code == 200
        assert stored.get(f"/issues/{key}/editions/en").json()["key"] == "weekly/2026-11"
        paused = stored.post(f"/issues/{key}/pause", json={"channel": "fosstodon"})
        assert paused.status_code == 204


def test_what_did_not_change_is_not_sent_again(sent: Program) -> None:
    for path in (ISSUE, "/issues", "/channels", "/me"):
        first = sent.get(path, "read")
        tag = first.headers["etag"]
        assert tag.startswith('W/"')
        assert first.headers["cache-control"] == "private, no-cache"
        for known in (tag, f'"x", {tag}', tag.removeprefix("W/"), "*"):
            again = sent.get(path, "read", headers={"If-None-Match": known})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert sent.get(path, headers={"If-None-Match": 'W/"x"'}).status_code == 200
    tag = sent.get(ISSUE).headers["etag"]
    sent.post(f"{ISSUE}/retry", json={})
    assert sent.get(ISSUE, headers={"If-None-Match": tag}).status_code == 200


def test_head_is_get_without_its_body(sent: Program) -> None:
    shown, head = sent.get(ISSUE), sent.ask("HEAD", ISSUE)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == shown.headers["etag"]


@pytest.mark.parametrize("cursor", ["x", "bnVsbA", "WzFd", "W10", "WyJhIiwiYiJd", "e30", "Wy0xXQ"])
def test_a_cursor_that_is_none_is_refused(program: Program, cursor: str) -> None:
    for path in ("/issues", "/actions", "/subscribers", "/bounces", f"{ISSUE}/log"):
        answer = program.get(path, params={"after": cursor})
        assert answer.status_code in (200, 404, 422), path
    assert problem(program.get("/issues", params={"after": cursor})) == (422, "invalid")
