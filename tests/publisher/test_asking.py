"""Double opt-in: nobody is on the list who did not say so, and who said so is."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, Row, select

from publisher import asking, subscribing
from publisher.asking import KEPT, VALID
from publisher.domain.subscriber import Event, Standing
from publisher.storage import reader_log, suppressions
from publisher.storage.engine import reading
from publisher.storage.schema import asks, subscribers
from publisher.storage.schema import reader_log as told_of
from tests.publisher.fakes import NOW

ADDRESS = "Ann@example.org"
KEY = "ann@example.org"
LATER = NOW + timedelta(hours=1)


def ask(engine: Engine, address: str = ADDRESS, **more: Any) -> str:
    """Ask, and read the token out of the store, as the mail would bring it."""
    how: dict[str, Any] = {"how": "form", "place": "192.0.2.0/24", "channel": "mail", "lang": "en"}
    with engine.begin() as db:
        id = asking.ask(db, address, subscribing.parse(address).key, **{**how, "at": NOW, **more})
        return str(db.scalar(select(asks.c.token).where(asks.c.id == id)))


def confirm(engine: Engine, token: str, **more: Any) -> asking.Invitation | None:
    how: dict[str, Any] = {"place": "198.51.100.0/24", "at": LATER}
    return asking.confirm(token, engine=engine, **{**how, **more})


def reader(engine: Engine, key: str = KEY) -> Row[Any]:
    with reading(engine) as db:
        return db.execute(select(subscribers).where(subscribers.c.address_key == key)).one()


def told(engine: Engine) -> Sequence[Row[Any]]:
    with reading(engine) as db:
        return reader_log.of(db, reader(engine).id)


def test_who_was_asked_is_not_on_the_list(engine: Engine) -> None:
    ask(engine)
    assert reader(engine).state == Standing.UNCONFIRMED


def test_who_confirms_joins_with_what_was_chosen(engine: Engine) -> None:
    token = ask(engine, languages=("de", "fr"), lists=("weekly",))
    answer = confirm(engine, token)
    assert answer is not None
    assert answer.done
    row = reader(engine)
    assert (row.state, row.languages, row.lists) == ("confirmed", ("de", "fr"), ("weekly",))


def test_consent_is_kept_with_when_how_and_from_where(engine: Engine) -> None:
    confirm(engine, ask(engine))
    assert [(row.event, row.at, row.how, row.place) for row in told(engine)] == [
        (Event.ASKED, NOW, "form", "192.0.2.0/24"),
        (Event.JOINED, LATER, "link", "198.51.100.0/24"),
    ]


def test_confirming_twice_is_as_good_as_once(engine: Engine) -> None:
    token = ask(engine)
    first, log = confirm(engine, token), told(engine)
    assert confirm(engine, token) == first
    assert confirm(engine, token, at=LATER + VALID) == first
    assert told(engine) == log


def test_looking_at_a_link_changes_nothing(engine: Engine) -> None:
    token = ask(engine)
    found = asking.invitation(token, engine=engine, at=LATER)
    assert found is not None
    assert not found.done
    assert reader(engine).state == Standing.UNCONFIRMED


def test_a_link_is_of_no_use_once_it_is_too_old(engine: Engine) -> None:
    token = ask(engine)
    assert confirm(engine, token, at=NOW + VALID) is None
    assert reader(engine).state == Standing.UNCONFIRMED


def test_nobody_comes_back_by_a_link_that_was_used_before_they_left(engine: Engine) -> None:
    token = ask(engine)
    confirm(engine, token)
    subscribing.remove(ADDRESS, engine=engine)
    assert confirm(engine, token) is None
    assert reader(engine).state == Standing.LEFT


def test_whoever_asks_for_a_reader_who_left_does_not_undo_that(engine: Engine) -> None:
    subscribing.add(["Ann@Example.org"], engine=engine)
    subscribing.remove(KEY, engine=engine)
    before = reader(engine)
    ask(engine, "ANN@example.org", languages=("de",))
    assert reader(engine) == before
    assert before.state == Standing.LEFT


def test_who_left_is_back_after_confirming_anew(engine: Engine) -> None:
    confirm(engine, ask(engine))
    subscribing.remove(ADDRESS, engine=engine)
    assert confirm(engine, ask(engine))
    assert reader(engine).state == Standing.CONFIRMED


def test_asking_changes_nothing_for_who_is_on_the_list(engine: Engine) -> None:
    confirm(engine, ask(engine, languages=("de",)))
    before = reader(engine)
    ask(engine, "ANN@EXAMPLE.org", languages=("fr",), lists=("other",))
    assert reader(engine) == before


def test_tokens_are_of_one_use_each(engine: Engine) -> None:
    """A question to confirm does not take anybody off, and a leave token joins nobody."""
    token = ask(engine)
    assert subscribing.leave(token, engine=engine) is False
    assert confirm(engine, reader(engine).token) is None
    assert reader(engine).state == Standing.UNCONFIRMED


def test_tokens_cannot_be_guessed(engine: Engine) -> None:
    tokens = {ask(engine) for _ in range(20)}
    assert len(tokens) == 20
    assert all(len(token) >= 22 for token in tokens)  # 128 bits, six to the letter


def test_nobody_who_is_suppressed_is_asked(engine: Engine) -> None:
    with engine.begin() as db:
        suppressions.suppress(db, KEY, "complaint", at=NOW)
    assert ask(engine) == "None"
    with reading(engine) as db:
        assert db.execute(select(subscribers)).all() == []


def test_who_complained_since_is_not_taken_on_by_the_link(engine: Engine) -> None:
    token = ask(engine)
    with engine.begin() as db:
        suppressions.suppress(db, KEY, "complaint", at=NOW)
    assert confirm(engine, token) is None
    assert reader(engine).state == Standing.UNCONFIRMED


def everybody(engine: Engine) -> set[str]:
    with reading(engine) as db:
        return set(db.scalars(select(subscribers.c.address_key)))


def test_who_never_answers_is_forgotten_after_a_month_with_all_that_was_noted(
    engine: Engine,
) -> None:
    ask(engine)
    ask(engine, "again@example.org")
    ask(engine, "again@example.org", at=NOW + timedelta(days=1))
    over = NOW + VALID + KEPT
    assert asking.forget_unanswered(engine=engine, at=over) == 0
    assert asking.forget_unanswered(engine=engine, at=over + timedelta(hours=1)) == 1
    assert everybody(engine) == {"again@example.org"}
    with reading(engine) as db:
        assert len(db.execute(select(told_of)).all()) == 2


def test_who_ever_said_yes_is_not_forgotten_for_being_asked_again(engine: Engine) -> None:
    confirm(engine, ask(engine))
    subscribing.remove(ADDRESS, engine=engine)
    ask(engine)
    confirm(engine, ask(engine, "ben@example.org"))
    assert asking.forget_unanswered(engine=engine, at=NOW + timedelta(days=400)) == 0


@pytest.mark.parametrize(
    "change", [str.swapcase, lambda t: t[:-1], lambda t: t + "A", lambda _: ""]
)
def test_a_forged_token_is_nobodys(engine: Engine, change: Any) -> None:
    token = ask(engine)
    assert confirm(engine, change(token)) is None
    assert confirm(engine, token)
