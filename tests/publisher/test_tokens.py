"""Programs' tokens: shown once, kept as a digest, over in time, and not to be guessed."""

import hashlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, select

from publisher import tokens
from publisher.accounts import Role
from publisher.floods import TooMany
from publisher.storage import actions, schema
from publisher.storage import tokens as kept
from publisher.storage.engine import reading
from publisher.storage.tokens import Token
from publisher.tokens import BadToken
from tests.publisher.fakes import NOW

HERE, ELSEWHERE = "192.0.2.0/24", "198.51.100.0/24"


@pytest.fixture
def shown(engine: Engine) -> str:
    with engine.begin() as db:
        return tokens.add(db, "ci", role="release", by="ines", at=NOW, days=30)


def recognise(engine: Engine, said: str, *, network: str = HERE, **later: float) -> Token | None:
    at = NOW + timedelta(**later)
    return tokens.recognise(said, network=network, engine=engine, at=at)


def test_a_token_is_recognised_and_others_are_not(engine: Engine, shown: str) -> None:
    found = recognise(engine, shown)
    assert found is not None
    assert (found.name, found.role, found.made_by) == ("ci", "release", "ines")
    assert [tokens.may(found, role) for role in Role] == [True, True, False]
    for wrong in (shown[:-1], shown + "x", shown.upper(), "", "pub_", "\ud800", found.digest):
        assert recognise(engine, wrong) is None


def test_only_a_digest_is_kept(engine: Engine, shown: str) -> None:
    assert shown.startswith("pub_")
    assert len(shown) == len("pub_") + 43  # 32 bytes
    with reading(engine) as db:
        [row] = db.execute(select(schema.tokens)).mappings()
        noted = [dict(one._mapping) for one in actions.latest(db, 9)]
    assert row["digest"] == hashlib.sha256(shown.encode()).hexdigest()
    assert shown not in str(dict(row)) + str(noted)


def test_a_token_ends_in_time(engine: Engine, shown: str) -> None:
    assert recognise(engine, shown, days=30, seconds=-1) is not None
    assert recognise(engine, shown, days=30) is None


def test_one_without_an_end_stays(engine: Engine) -> None:
    with engine.begin() as db:
        lasting = tokens.add(db, "old", role="read", by="ines", at=NOW, days=None)
    assert recognise(engine, lasting, days=9999) is not None


def test_a_use_is_noted_once_a_minute(engine: Engine, shown: str) -> None:
    def used() -> float:
        with reading(engine) as db:
            [one] = kept.every(db)
        return (one.used_at - NOW).total_seconds() if one.used_at else -1

    assert used() == -1
    for after, noted in ((0, 0), (59, 0), (61, 61), (62, 61)):
        recognise(engine, shown, seconds=after)
        assert used() == noted


def test_guessing_is_stopped_by_network_and_ends_after_a_while(engine: Engine, shown: str) -> None:
    for number in range(tokens.GUESSES):
        assert recognise(engine, f"pub_{number}") is None
    with pytest.raises(TooMany) as told:
        recognise(engine, "pub_x")
    assert told.value.retry_after == tokens.WINDOW
    assert recognise(engine, shown) is not None  # a neighbour who guesses locks nobody out
    assert recognise(engine, "pub_x", network=ELSEWHERE) is None
    assert recognise(engine, "pub_x", minutes=16) is None


def test_what_is_taken_away_opens_nothing(engine: Engine, shown: str) -> None:
    with engine.begin() as db:
        tokens.remove(db, "ci", by="adam", at=NOW)
    assert recognise(engine, shown) is None
    with reading(engine) as db:
        told = [(row.by, row.did, row.words) for row in actions.latest(db, 9)]
    assert told == [("adam", "remove token", "ci"), ("ines", "add token", "ci (release)")]


def test_what_no_token_can_be_made_of(engine: Engine, shown: str) -> None:
    def adding(name: str, **how: object) -> Callable[[Connection], object]:
        given = {"role": "read", "by": "ines", "at": NOW, **how}
        return lambda db: tokens.add(db, name, **given)  # type: ignore[arg-type]

    for wrong, words in (
        (adding("CI!"), "a name is"),
        (adding("x" * 41), "a name is"),
        (adding("a", role="king"), "no role"),
        (adding("a", days=0), "1 to 3650"),
        (adding("a", days=3651), "1 to 3650"),
        (adding("ci"), "there is such a token"),
        (lambda db: tokens.remove(db, "nobody", by="ines", at=NOW), "no such token"),
        (lambda db: tokens.remove(db, "a\0b", by="ines", at=NOW), "no such token"),
    ):
        with pytest.raises(BadToken, match=words), engine.begin() as db:
            wrong(db)
