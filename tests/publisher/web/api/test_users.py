"""Accounts, made and taken away by a program that may do all."""

from typing import Any

import pytest

from publisher import accounts
from publisher.storage import actions, users
from publisher.storage.engine import reading
from publisher.storage.users import User
from tests.publisher.fakes import NOW
from tests.publisher.web.api.conftest import Program, problem

INES = {"name": "ines", "role": "release", "password": "correct horse battery"}


def signed_in(program: Program, password: str) -> User | None:
    engine = program.house.desk.engine
    return accounts.sign_in("ines", password, network="192.0.2.1", engine=engine, at=NOW)


def did(program: Program) -> list[tuple[str, str]]:
    with reading(program.house.desk.engine) as db:
        return [(line.did, line.words) for line in reversed(actions.latest(db, 9))][3:]


def test_somebody_is_let_in_and_taken_away(program: Program) -> None:
    answer = program.post("/users", "admin", json=INES)
    told = {"name": "ines", "role": "release", "made_at": "2026-11-05T12:00:00Z", "seen_at": None}
    assert (answer.status_code, answer.json()) == (201, told)
    assert answer.headers["cache-control"] == "no-store"
    assert program.get("/users", "admin").json() == {"items": [told]}
    assert signed_in(program, INES["password"])
    new = {"password": "battery horse correct"}
    assert program.post("/users/ines/password", "admin", json=new).status_code == 204
    assert not signed_in(program, INES["password"])
    assert program.post("/users/ines/role", "admin", json={"role": "read"}).status_code == 204
    found = signed_in(program, new["password"])
    assert found is not None
    assert found.role == "read"
    assert program.ask("DELETE", "/users/ines", "admin").status_code == 204
    assert not signed_in(program, new["password"])
    assert did(program) == [
        ("add user", "ines (release)"),
        ("change password", "ines"),
        ("change role", "ines (read)"),
        ("remove user", "ines"),
    ]


def test_another_password_ends_every_session(program: Program) -> None:
    program.post("/users", "admin", json=INES)

    def session() -> str:
        with reading(program.house.desk.engine) as db:
            found = users.known(db, "ines")
        assert found is not None
        return found.session

    before = session()
    program.post("/users/ines/password", "admin", json={"password": "battery horse correct"})
    assert session() != before


@pytest.mark.parametrize("role", ["read", "release"])
def test_accounts_are_for_who_may_do_all(stored: Program, role: str) -> None:
    said: list[tuple[str, str, Any]] = [
        ("GET", "/users", None),
        ("POST", "/users", INES),
        ("POST", "/users/ines/password", {"password": INES["password"]}),
        ("POST", "/users/ines/role", {"role": "admin"}),
        ("DELETE", "/users/ines", None),
    ]
    for method, path, body in said:
        answer = stored.ask(method, path, role, json=body)
        assert problem(answer) == (403, "insufficient_scope"), (method, path)


def test_what_no_account_can_be_made_of_is_told(stored: Program) -> None:
    stored.post("/users", "admin", json=INES)
    assert problem(stored.post("/users", "admin", json=INES)) == (409, "not_possible")
    wrong: list[dict[str, Any]] = [
        {"password": "short"},
        {"password": None},
        {"password": None, "subject": " "},
        {"role": "god"},
        {"name": "Ines B."},
    ]
    for changes in wrong:
        answer = stored.post("/users", "admin", json={**INES, "name": "adam", **changes})
        assert problem(answer) == (422, "invalid"), changes
        assert INES["password"] not in answer.text
    for path in ("/users/nobody/role", "/users/nobody/password"):
        body = {"role": "read"} if path.endswith("role") else {"password": INES["password"]}
        assert problem(stored.post(path, "admin", json=body)) == (404, "unknown")
    assert problem(stored.ask("DELETE", "/users/nobody", "admin")) == (404, "unknown")
    assert len(did(stored)) == 1


def test_who_a_provider_knows_needs_no_password(stored: Program) -> None:
    known = {"name": "ines", "subject": "248289761001"}
    assert stored.post("/users", "admin", json=known).status_code == 201
    with reading(stored.house.desk.engine) as db:
        found = users.of_subject(db, "248289761001")
        assert users.password(db, "ines") == ""
    assert found is not None
    assert found.role == "release"
    assert problem(stored.post("/users", "admin", json=known | {"name": "adam"})) == (
        409,
        "not_possible",
    )
