"""Who is let in: by a token in the header, of a role that is large enough, and by nothing else."""

from datetime import timedelta

import pytest

from publisher import accounts, tokens
from publisher.storage import tokens as kept
from publisher.storage.engine import reading
from publisher.web.app import LARGEST_BODY
from tests.publisher.fakes import NOW
from tests.publisher.web.api.conftest import Program, problem


def test_a_token_says_who_it_is(stored: Program) -> None:
    answer = stored.get("/me", "read")
    assert answer.status_code == 200
    told = answer.json()
    assert (told["name"], told["role"], told["made_by"]) == ("read-token", "read", "ines")
    assert told["expires_at"] == "2027-11-05T12:00:00Z"
    assert stored.tokens["read"] not in answer.text
    with reading(stored.house.desk.engine) as db:
        digests = [one.digest for one in kept.every(db)]
    assert not any(digest in answer.text for digest in digests)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Basic aW5lczpwdw=="},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Cookie": "publisher=x; __Host-publisher=x; token=x"},
    ],
)
def test_without_a_token_one_is_asked_for(program: Program, headers: dict[str, str]) -> None:
    answer = program.client.get("/api/v1/me", headers=headers)
    assert problem(answer) == (401, "no_token")
    assert answer.headers["www-authenticate"] == 'Bearer realm="publisher"'


def test_a_wrong_or_old_token_opens_nothing(program: Program) -> None:
    for shown in ("pub_x", program.tokens["admin"][:-1], program.tokens["admin"] + "x"):
        answer = program.client.get("/api/v1/me", headers={"Authorization": f"Bearer {shown}"})
        assert problem(answer) == (401, "invalid_token")
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
        assert shown not in answer.text
    program.house.clock.forward(days=tokens.DAYS)
    assert problem(program.get("/me")) == (401, "invalid_token")


def test_a_token_in_the_address_is_not_looked_at(program: Program) -> None:
    shown = program.tokens["admin"]
    for name in ("access_token", "token", "authorization"):
        assert program.client.get("/api/v1/me", params={name: shown}).status_code == 401
    form = {"access_token": shown}
    assert program.client.post("/api/v1/subscribers", data=form).status_code == 401


def test_two_tokens_are_none(program: Program) -> None:
    headers = [("Authorization", f"Bearer {program.tokens[r]}") for r in ("read", "admin")]
    assert program.client.get("/api/v1/me", headers=headers).status_code == 401


def test_a_session_of_the_pages_opens_nothing_here(program: Program) -> None:
    with program.house.desk.engine.begin() as db:
        accounts.add(db, "adam", "may-do-all-of-it", role="admin", at=NOW)
    sent = {"name": "adam", "password": "may-do-all-of-it"}
    program.client.post("/admin/sign-in", data=sent)
    assert program.client.cookies
    assert problem(program.client.get("/api/v1/me")) == (401, "no_token")


def test_a_role_that_is_too_small_is_told_which_would_do(program: Program) -> None:
    answer = program.post("/issues/2026-11/publish", "read")
    assert problem(answer) == (403, "insufficient_scope")
    challenge = answer.headers["www-authenticate"]
    assert 'error="insufficient_scope", scope="release"' in challenge


def test_guessing_is_stopped_and_locks_nobody_out(program: Program) -> None:
    program.client.headers["X-Forwarded-For"] = "203.0.113.7"
    wrong = {"Authorization": "Bearer pub_guess"}
    for _ in range(tokens.GUESSES):
        assert program.client.get("/api/v1/me", headers=wrong).status_code == 401
    answer = program.client.get("/api/v1/me", headers=wrong)
    assert problem(answer) == (429, "too_many")
    assert answer.headers["retry-after"] == str(int(tokens.WINDOW / timedelta(seconds=1)))
    assert program.get("/me").status_code == 200
    program.client.headers["X-Forwarded-For"] = "198.51.100.7"
    assert program.client.get("/api/v1/me", headers=wrong).status_code == 401


def test_who_has_no_token_is_told_so_before_anything_is_read(program: Program) -> None:
    answer = program.client.post("/api/v1/subscribers", content=b"{" * (LARGEST_BODY + 1))
    assert problem(answer) == (401, "no_token")


def test_a_readers_token_cannot_see_or_change_readers(program: Program) -> None:
    program.post("/subscribers", json={"address": "ann@example.org"})
    for method, path in (
        ("GET", "/subscribers"),
        ("GET", "/subscribers/ann@example.org"),
        ("GET", "/subscribers/export"),
        ("GET", "/bounces"),
        ("POST", "/subscribers"),
        ("POST", "/subscribers/import"),
        ("DELETE", "/subscribers/ann@example.org"),
        ("POST", "/subscribers/ann@example.org/forget"),
    ):
        answer = program.ask(method, path, "read")
        assert problem(answer) == (403, "insufficient_scope"), path
        assert "ann@" not in answer.text
    assert program.get("/subscribers/ann@example.org").json()["state"] == "confirmed"


def test_tokens_are_for_admins_alone(program: Program) -> None:
    for role in ("read", "release"):
        assert problem(program.get("/tokens", role))[0] == 403
        assert problem(program.post("/tokens", role, json={"name": "x", "role": "admin"}))[0] == 403
        assert problem(program.ask("DELETE", "/tokens/admin-token", role))[0] == 403
    assert program.get("/me", "admin").status_code == 200


def test_an_admin_makes_and_removes_tokens(stored: Program) -> None:
    made = stored.post("/tokens", "admin", json={"name": "ci", "role": "release", "days": 30})
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    stored.tokens["ci"] = made.json()["token"]
    assert stored.get("/me", "ci").json()["expires_at"] == "2026-12-05T12:00:00Z"
    listed = stored.get("/tokens", "admin")
    assert stored.tokens["ci"] not in listed.text
    assert "digest" not in listed.text
    again = stored.post("/tokens", "admin", json={"name": "ci"})
    assert problem(again) == (409, "not_possible")
    assert stored.ask("DELETE", "/tokens/ci", "admin").status_code == 204
    assert stored.get("/me", "ci").status_code == 401
    assert problem(stored.ask("DELETE", "/tokens/ci", "admin")) == (404, "unknown")
    assert [(by, did, words) for by, did, _, _, words in stored.house.done()][-2:] == [
        ("token admin-token", "add token", "ci (release)"),
        ("token admin-token", "remove token", "ci"),
    ]
