"""Readers: who joins, who leaves, who may not come back, and what is known of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from publisher import asking, subscribing
from publisher.domain.subscriber import Event, Standing
from publisher.storage import reader_log, schema, subscribers, suppressions
from publisher.storage.subscribers import Wanted
from publisher.subscribing import BadAddress, Choices, Unwelcome, parse

AT = datetime(2026, 11, 5, 9, 30, tzinfo=UTC)
LATER = AT + timedelta(days=1)


def states(engine: Engine) -> dict[str, str]:
    return {row.address: row.state for row in subscribing.everyone(engine=engine)}


def events(engine: Engine, address: str = "ann@example.org") -> list[tuple[str, str]]:
    return [(row.event, row.how) for row in subscribing.about(address, engine=engine).events]


def suppress(engine: Engine, address: str, reason: str = "complaint") -> None:
    with engine.begin() as db:
        suppressions.suppress(db, parse(address).key, reason, at=AT)


def test_one_bad_address_adds_none_of_them(engine: Engine) -> None:
    with pytest.raises(BadAddress):
        subscribing.add(["ann@example.org", "nonsense"], engine=engine)
    assert states(engine) == {}


def test_who_left_can_come_back(engine: Engine) -> None:
    subscribing.add(["ann@example.org"], engine=engine)
    assert subscribing.remove("ANN@example.org", engine=engine)
    assert not subscribing.remove("ann@example.org", engine=engine)
    assert states(engine) == {"ann@example.org": "left"}
    assert subscribing.add(["ann@example.org"], engine=engine) == [True]
    assert states(engine) == {"ann@example.org": "confirmed"}


def test_every_coming_and_going_is_written_down_once(engine: Engine) -> None:
    for _ in range(2):
        subscribing.add(["ann@example.org"], engine=engine, at=AT)
    for _ in range(2):
        subscribing.remove("ann@example.org", engine=engine, at=LATER)
    assert events(engine) == [(Event.JOINED, "operator"), (Event.LEFT, "operator")]
    assert [row.at for row in subscribing.about("ann@example.org", engine=engine).events] == [
        AT,
        LATER,
    ]


def test_who_was_only_asked_is_on_the_list_once_vouched_for(engine: Engine) -> None:
    with engine.begin() as db:
        key = parse("ann@example.org").key
        subscribers.add(
            db,
            address="ann@example.org",
            key=key,
            state=Standing.UNCONFIRMED,
            token="t",
            origin="form",
            at=AT,
        )
    assert subscribing.add(["ann@example.org"], engine=engine) == [True]
    assert states(engine) == {"ann@example.org": "confirmed"}


def test_a_reader_has_languages_lists_and_a_name(engine: Engine) -> None:
    choices = Choices(languages=("de", "fr"), lists=("readers",), name="Ann Lee")
    subscribing.add(["ann@example.org"], engine=engine, choices=choices)
    [row] = subscribing.everyone(engine=engine)
    assert (row.languages, row.lists, row.name) == (("de", "fr"), ("readers",), "Ann Lee")


def test_a_suppressed_address_is_not_added_nor_anybody_with_it(engine: Engine) -> None:
    suppress(engine, "ann@example.org")
    with pytest.raises(Unwelcome, match="complaint"):
        subscribing.add(["bob@example.org", "Ann@example.org"], engine=engine)
    assert states(engine) == {}


def test_a_lifted_address_can_be_added(engine: Engine) -> None:
    suppress(engine, "ann@example.org")
    assert subscribing.lift(["Ann@example.org", "bob@example.org"], engine=engine) == [True, False]
    assert subscribing.add(["ann@example.org"], engine=engine) == [True]


def test_who_was_stopped_is_added_only_once_lifted_and_the_log_says_so(engine: Engine) -> None:
    subscribing.add(["ann@example.org"], engine=engine)
    with engine.begin() as db:
        [row] = subscribers.everyone(db)
        db.execute(schema.subscribers.update().values(state=Standing.STOPPED))
        reader_log.note(db, row.id, Event.STOPPED, at=AT, how="bounces")
    with pytest.raises(Unwelcome, match="stopped"):
        subscribing.add(["ann@example.org"], engine=engine)
    subscribing.lift(["ann@example.org"], engine=engine)
    assert subscribing.add(["ann@example.org"], engine=engine) == [True]
    assert [event for event, _ in events(engine)] == ["joined", "stopped", "changed", "joined"]


ASKING: Any = {"carrier": "readers", "lang": "en"}


def test_who_is_to_be_asked_first_has_a_question_and_joins_by_answering(engine: Engine) -> None:
    subscribing.add(["bob@example.org"], engine=engine)
    choices = Choices(languages=("de",), name="Ann")
    both = ["ann@example.org", "bob@example.org"]
    first, second = subscribing.ask(both, engine=engine, choices=choices, at=AT, **ASKING)
    assert (first is not None, second) == (True, None)
    assert states(engine) == {"bob@example.org": "confirmed", "ann@example.org": "unconfirmed"}
    with engine.begin() as db:
        [question] = db.execute(schema.asks.select()).all()
    assert (question.channel, question.lang, question.languages) == ("readers", "de", ("de",))
    assert asking.confirm(question.token, engine=engine, place="192.0.2.0/24", at=LATER)
    reader = subscribing.about("ann@example.org", engine=engine).reader
    assert reader
    assert (reader.state, reader.name, reader.languages) == ("confirmed", "Ann", ("de",))
    assert events(engine) == [("asked", "operator"), ("joined", "link")]


def test_a_suppressed_address_is_not_asked_either(engine: Engine) -> None:
    suppress(engine, "ann@example.org")
    with pytest.raises(Unwelcome):
        subscribing.ask(["ann@example.org"], engine=engine, choices=Choices(), at=AT, **ASKING)
    assert states(engine) == {}


def test_a_reader_leaves_by_their_token_once_or_twice(engine: Engine) -> None:
    subscribing.add(["ann@example.org", "bob@example.org"], engine=engine)
    token = subscribing.everyone(engine=engine)[0].token
    assert subscribing.leave(token, engine=engine, how="one click", place="192.0.2.0/24")
    assert subscribing.leave(token, engine=engine)
    assert not subscribing.leave("guessed", engine=engine)
    assert states(engine) == {"ann@example.org": "left", "bob@example.org": "confirmed"}
    assert events(engine) == [("joined", "operator"), ("left", "one click")]


def test_readers_are_read_page_by_page(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscribing, "PAGE", 2)
    addresses = [f"reader{n}@example.org" for n in range(5)]
    subscribing.add(addresses, engine=engine)
    assert [row.address for row in subscribing.each(Wanted(), engine=engine)] == addresses


@pytest.fixture
def mixed(engine: Engine) -> Engine:
    subscribing.add(["any@example.org", "gone@example.org"], engine=engine)
    german = Choices(languages=("de",), lists=("readers",))
    subscribing.add(["de@example.org"], engine=engine, choices=german)
    subscribing.remove("gone@example.org", engine=engine)
    return engine


@pytest.mark.parametrize(
    "wanted, found",
    [
        (Wanted(), "any gone de"),
        (Wanted(state="left"), "gone"),
        (Wanted(list="readers"), "any gone de"),
        (Wanted(list="other"), "any gone"),
        (Wanted(language="de", default="en"), "de"),
        (Wanted(language="en", default="en"), "any gone"),
        (Wanted(language="en", default="en", state="confirmed"), "any"),
    ],
)
def test_readers_are_found_by_state_list_and_language(
    mixed: Engine, wanted: Wanted, found: str
) -> None:
    rows = subscribing.each(wanted, engine=mixed)
    assert [row.address.partition("@")[0] for row in rows] == found.split()


def test_nothing_is_known_of_a_stranger_but_a_suppression(engine: Engine) -> None:
    suppress(engine, "ann@example.org", "forgotten")
    known = subscribing.about("Ann@example.org", engine=engine)
    assert known.reader is None
    assert known.suppression
    assert (known.suppression.reason, known.suppression.at) == ("forgotten", AT)
