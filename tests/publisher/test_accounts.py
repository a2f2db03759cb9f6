"""Accounts: passwords, roles, sessions, and how often one may guess."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from argon2.exceptions import VerificationError
from sqlalchemy import Connection, Engine

from publisher import accounts
from publisher.accounts import BadAccount, Role
from publisher.floods import TooMany
from publisher.storage import users
from publisher.storage.engine import reading
from publisher.storage.users import User
from tests.publisher.fakes import NOW

GOOD = "correct horse battery"
HERE, ELSEWHERE = "192.0.2.0/24", "198.51.100.0/24"


@pytest.fixture(autouse=True)
def ines(engine: Engine) -> None:
    with engine.begin() as db:
        accounts.add(db, "ines", GOOD, role="release", at=NOW)


def sign_in(
    engine: Engine, password: str = GOOD, name: str = "ines", network: str = HERE, later: int = 0
) -> User | None:
    at = NOW + timedelta(minutes=later)
    return accounts.sign_in(name, password, network=network, engine=engine, at=at)


def test_a_password_lets_in_and_another_does_not(engine: Engine) -> None:
    user = sign_in(engine)
    assert user is not None
    assert (user.name, user.role, user.seen_at) == ("ines", "release", NOW)
    assert sign_in(engine, "wrong horse battery") is None
    assert sign_in(engine, name="  Ines ") is not None
    assert sign_in(engine, name="nobody") is None
    assert sign_in(engine, "") is None
    assert sign_in(engine, name="in\0es") is None


def test_no_password_is_kept(engine: Engine) -> None:
    with reading(engine) as db:
        kept = users.password(db, "ines")
    assert kept.startswith("$argon2id$")
    assert GOOD not in kept


def test_a_name_that_there_is_not_takes_as_long(engine: Engine) -> None:
    sign_in(engine, name="warm-up")

    def took(name: str) -> float:
        began = time.perf_counter()
        sign_in(engine, "wrong horse battery", name=name)
        return time.perf_counter() - began

    known, unknown = (min(took(name) for _ in range(3)) for name in ("ines", "nobody"))
    assert unknown > known / 3  # without a pretend hash it is a hundredth


def test_few_passwords_are_hashed_at_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes 64 MiB: while one is hashed there is room for one fewer."""
    free: list[int] = []

    class Hasher:
        def verify(self, *given: str) -> bool:
            held = 0
            while accounts._few.acquire(blocking=False):
                held += 1
            for _ in range(held):
                accounts._few.release()
            free.append(held)
            raise VerificationError

    monkeypatch.setattr(accounts, "_hasher", Hasher())
    for _ in range(2):  # what was taken is given back
        assert sign_in(engine) is None
    assert free == [accounts.AT_ONCE - 1] * 2


def test_guessing_is_stopped_and_ends_after_a_while(engine: Engine) -> None:
    for _ in range(accounts.GUESSES):
        assert sign_in(engine, "wrong horse battery") is None
    with pytest.raises(TooMany):
        sign_in(engine)
    assert sign_in(engine, network=ELSEWHERE) is not None
    assert sign_in(engine, later=16) is not None


def test_a_name_that_there_is_not_is_locked_alike(engine: Engine) -> None:
    for _ in range(accounts.GUESSES):
        assert sign_in(engine, name="nobody") is None
    with pytest.raises(TooMany):
        sign_in(engine, name="nobody")


def test_a_network_that_tries_many_names_is_stopped(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "FROM_A_NETWORK", 3)
    for number in range(3):
        assert sign_in(engine, name=f"name{number}") is None
    with pytest.raises(TooMany):
        sign_in(engine)


def test_many_networks_that_guess_one_name_are_stopped(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "OF_A_NAME", 3)
    for number in range(3):
        sign_in(engine, "wrong horse battery", network=f"10.0.{number}.0/24")
    with pytest.raises(TooMany):
        sign_in(engine)


def test_a_session_ends_with_the_password_the_account_or_a_word(engine: Engine) -> None:
    user = sign_in(engine)
    assert user is not None

    def alive() -> bool:
        assert user is not None
        return accounts.of_session("ines", user.session, engine=engine) is not None

    assert alive()
    assert accounts.of_session("ines", "another", engine=engine) is None
    with engine.begin() as db:
        accounts.change_password(db, "ines", "another good horse")
    assert not alive()
    assert sign_in(engine) is None
    user = sign_in(engine, "another good horse")
    assert user is not None
    with engine.begin() as db:
        accounts.sign_out_everywhere(db, "ines")
    assert not alive()
    user = sign_in(engine, "another good horse")
    assert user is not None
    with engine.begin() as db:
        accounts.remove(db, "ines")
    assert not alive()


def test_roles_contain_each_other(engine: Engine) -> None:
    user = sign_in(engine)
    assert user is not None
    assert [accounts.may(user, role) for role in Role] == [True, True, False]
    with engine.begin() as db:
        accounts.change_role(db, "ines", "read")
    user = accounts.of_session("ines", user.session, engine=engine)
    assert user is not None
    assert [accounts.may(user, role) for role in Role] == [True, False, False]


@pytest.mark.parametrize(
    ("name", "password", "role", "words"),
    [
        ("Ines!", GOOD, "read", "a name is"),
        ("", GOOD, "read", "a name is"),
        ("x" * 41, GOOD, "read", "a name is"),
        ("otto", "short", "read", "12 to 1000"),
        ("otto", "x" * 1001, "read", "12 to 1000"),
        ("otto", GOOD, "king", "no role"),
        ("ines", GOOD, "read", "there is such an account"),
    ],
)
def test_what_no_account_can_be_made_of(
    engine: Engine, name: str, password: str, role: str, words: str
) -> None:
    with pytest.raises(BadAccount, match=words), engine.begin() as db:
        accounts.add(db, name, password, role=role, at=NOW)


def test_who_is_not_there_cannot_be_changed(engine: Engine) -> None:
    changes: tuple[Callable[[Connection], None], ...] = (
        lambda db: accounts.remove(db, "otto"),
        lambda db: accounts.change_role(db, "otto", "read"),
        lambda db: accounts.change_password(db, "otto", GOOD),
    )
    for change in changes:
        with pytest.raises(BadAccount, match="no such account"), engine.begin() as db:
            change(db)
