"""Saying a thing twice with one key: done once, answered twice, for a day, by one token."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import Engine, select

from publisher.domain.channel import Receipt, Refused
from publisher.storage import answers
from publisher.storage.engine import reading
from publisher.storage.schema import answers as table
from tests.publisher.fakes import NOW, FakeChannel, edition
from tests.publisher.web.api.conftest import Program, problem

ISSUE = "/issues/2026-11"
KEY = {"Idempotency-Key": '"8e03978e-40d5-43e8-bc93-6894a57f9324"'}


@pytest.fixture
def channels() -> dict[str, FakeChannel]:
    return {"a": FakeChannel(), "b": FakeChannel()}


def kept(program: Program) -> list[tuple[int | None, str]]:
    with reading(program.house.desk.engine) as db:
        return [(row.status, row.body) for row in db.execute(select(table))]


def test_the_second_is_answered_as_the_first_and_does_nothing(stored: Program) -> None:
    first = stored.post(f"{ISSUE}/publish", headers=KEY)
    assert "idempotent-replayed" not in first.headers
    again = stored.post(f"{ISSUE}/publish", headers=KEY)
    assert (again.status_code, again.json()) == (202, {"planned": 2})
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["content-type"] == "application/json"
    assert len([one for one in stored.house.done() if one[1] == "publish"]) == 1
    bare = {"Idempotency-Key": KEY["Idempotency-Key"].strip('"')}
    assert stored.post(f"{ISSUE}/publish", headers=bare).json() == {"planned": 2}
    assert stored.post(f"{ISSUE}/publish").json() == {"planned": 0}


def test_an_answer_without_a_body_is_kept_too(stored: Program) -> None:
    stored.house.plan()
    for _ in range(2):
        answer = stored.post(f"{ISSUE}/pause", json={"channel": "a"}, headers=KEY)
        assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["idempotent-replayed"] == "true"


def test_one_key_is_for_one_request(stored: Program) -> None:
    stored.post(f"{ISSUE}/publish", json={"channels": ["a"]}, headers=KEY)
    for path, body in (
        (f"{ISSUE}/publish", {"channels": ["b"]}),
        (f"{ISSUE}/publish?x=1", {"channels": ["a"]}),
        (f"{ISSUE}/correct", {"channels": ["a"]}),
    ):
        answer = stored.post(path, json=body, headers=KEY)
        assert problem(answer) == (422, "key_reused")
    with pytest.raises(StopIteration):
        stored.house.standing("b")


def test_a_key_is_its_tokens_own(program: Program) -> None:
    program.post(f"{ISSUE}/publish", headers=KEY)
    answer = program.post(f"{ISSUE}/publish", "admin", headers=KEY)
    assert answer.json() == {"planned": 0}
    assert "idempotent-replayed" not in answer.headers


def test_what_failed_can_be_said_again(stored: Program) -> None:
    stored.house.there = [edition(draft=True)]
    assert problem(stored.post(f"{ISSUE}/publish", headers=KEY))[0] == 409
    stored.house.there = [edition()]
    assert stored.post(f"{ISSUE}/publish", headers=KEY).json() == {"planned": 2}


def test_what_failed_by_a_bug_can_be_said_again(program: Program) -> None:
    house = program.house
    house.desk, whole = replace(house.desk, editions=lambda _: 1 // 0), house.desk  # type: ignore[arg-type,return-value]
    assert problem(program.post(f"{ISSUE}/publish", headers=KEY)) == (500, "bug")
    assert kept(program) == []
    house.desk = whole
    assert program.post(f"{ISSUE}/publish", headers=KEY).json() == {"planned": 2}


def test_while_it_is_under_way_nobody_else_begins(stored: Program) -> None:
    _killed_in_the_middle(stored)
    answer = stored.post(f"{ISSUE}/publish", headers=KEY)
    assert problem(answer) == (409, "in_progress")
    assert answer.headers["retry-after"] == str(int(answers.LEASE.total_seconds()))
    stored.house.clock.forward(minutes=9)
    assert problem(stored.post(f"{ISSUE}/publish", headers=KEY)) == (409, "in_progress")


def test_after_a_killed_process_it_can_be_said_again_in_a_while(stored: Program) -> None:
    _killed_in_the_middle(stored)
    stored.house.clock.forward(minutes=10)
    answer = stored.post(f"{ISSUE}/publish", headers=KEY)
    assert (answer.status_code, answer.json()) == (202, {"planned": 0})  # the first had done it
    assert kept(stored) == [(202, answer.text)]


def _killed_in_the_middle(program: Program) -> None:
    """Do a thing with the key, and lose the end as a killed process would."""
    program.post(f"{ISSUE}/publish", headers=KEY)
    with program.house.desk.engine.begin() as db:
        db.execute(table.update().values(status=None, body=""))


def test_after_a_day_it_is_forgotten(stored: Program) -> None:
    stored.post(f"{ISSUE}/publish", headers=KEY)
    stored.house.clock.forward(hours=24, seconds=1)
    answer = stored.post(f"{ISSUE}/publish", headers=KEY)
    assert answer.json() == {"planned": 0}
    assert len(kept(stored)) == 1


@pytest.mark.parametrize("key", ["", '""', "x" * 256, "a b", 'a"b', "\x7f"])
def test_a_key_that_is_none_is_refused(program: Program, key: str) -> None:
    answer = program.post(f"{ISSUE}/publish", headers={"Idempotency-Key": key})
    assert problem(answer) == (400, "malformed")
    assert program.house.done()[-1][1] == "add token"


def test_an_import_is_done_once(stored: Program) -> None:
    for _ in range(2):
        answer = stored.post("/subscribers/import", content="email\na@b.example\n", headers=KEY)
        assert answer.json()["added"] == 1
    assert answer.headers["idempotent-replayed"] == "true"
    other = stored.post("/subscribers/import", content="email\nc@b.example\n", headers=KEY)
    assert problem(other) == (422, "key_reused")


def test_what_a_server_said_of_somebody_is_not_kept(
    stored: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(*_: object) -> Receipt:
        raise Refused("ask ann@example.org, or see https://a.example/@ann")

    monkeypatch.setattr(FakeChannel, "update", refusing)
    stored.house.run()
    stored.house.there = [edition(title="Mended", revision="2")]
    first = stored.post(f"{ISSUE}/correct", headers=KEY)
    assert "ann@example.org" in first.text
    [(_, body)] = kept(stored)
    assert "ann@" not in body
    assert "https://a.example/@ann" in body
    again = stored.post(f"{ISSUE}/correct", headers=KEY).json()
    assert [one["outcome"] for one in again["corrections"]] == ["left", "left"]


def test_no_address_and_no_token_is_kept(stored: Program) -> None:
    said = {"address": "ann@example.org", "name": "Ann"}
    keys = ({"Idempotency-Key": str(number)} for number in range(9))
    stored.post("/subscribers", json=said, headers=next(keys))
    stored.post("/subscribers/import", content="email\nann@example.org\n", headers=next(keys))
    stored.post("/subscribers/ann@example.org/forget", "admin", headers=next(keys))
    stored.ask("POST", "/tokens", "admin", json={"name": "ci"}, headers=next(keys))
    assert len(kept(stored)) == 3
    assert not any("ann" in body.lower() or "pub_" in body for _, body in kept(stored))


def test_of_many_at_once_one_begins(engine: Engine) -> None:
    def begin(_: int) -> bool:
        with engine.begin() as db:
            return answers.begin(db, "key", "request", at=NOW) is None

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(begin, range(8))) == 1


def test_who_comes_back_after_the_lease_keeps_no_answer(engine: Engine) -> None:
    later = NOW + answers.LEASE
    with engine.begin() as db:
        assert answers.begin(db, "key", "request", at=NOW) is None
        assert answers.begin(db, "key", "request", at=later) is None
        answers.keep(db, "key", status=200, body="the first's", at=NOW)
        answers.drop(db, "key", at=NOW)
        found = answers.begin(db, "key", "request", at=later)
        assert found is not None
        assert found.status is None
        answers.keep(db, "key", status=200, body="the second's", at=later)
        found = answers.begin(db, "key", "request", at=later)
    assert found is not None
    assert (found.status, found.body) == (200, "the second's")


def test_another_request_does_not_take_over_a_key_whose_lease_is_over(engine: Engine) -> None:
    with engine.begin() as db:
        assert answers.begin(db, "key", "request", at=NOW) is None
        found = answers.begin(db, "key", "another", at=NOW + answers.LEASE)
    assert found is not None
    assert found.request == "request"
