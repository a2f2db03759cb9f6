"""Imports on both databases: all that can be taken, or nothing; and nobody brought back."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from publisher import subscribing
from publisher.domain.subscriber import Standing
from publisher.importing import taking
from publisher.importing.fates import Known
from publisher.importing.lines import Unreadable
from publisher.importing.newcomers import Terms
from publisher.importing.rows import Sheet, sheet
from publisher.importing.taking import Asking, Intake, Manner, rehearse
from publisher.storage import suppressions
from publisher.storage.engine import connect
from publisher.storage.schema import asks, reader_log
from publisher.subscribing import Choices, parse
from tests.publisher.importing.files import AT, imported, opened

LATER = AT + timedelta(days=30)


def states(engine: Engine) -> dict[str, str]:
    return {row.address: row.state for row in subscribing.everyone(engine=engine)}


def row(engine: Engine, address: str = "ann@example.org") -> Any:
    return subscribing.about(address, engine=engine).reader


def log(engine: Engine, address: str = "ann@example.org") -> list[tuple[str, str, str, str]]:
    events = subscribing.about(address, engine=engine).events
    return [(e.event, e.how, e.place, e.words) for e in events]


def test_readers_come_with_choices_and_the_record_of_their_consent(engine: Engine) -> None:
    taken, left_out = imported(
        "email,name,language,lists,optin_time,optin_ip\n"
        "Ann@Example.org,Ann Lee,de,readers,2016-04-18 13:50:00,192.0.2.1\n",
        engine,
    )
    assert (taken.fates["added"], left_out) == (1, [])
    ann = row(engine)
    assert (ann.address, ann.address_key, ann.name) == (
        "Ann@Example.org",
        "ann@example.org",
        "Ann Lee",
    )
    assert (ann.languages, ann.lists) == (("de",), ("readers",))
    assert (ann.state, ann.origin, ann.added_at) == ("confirmed", "import", AT)
    words = "signed up 2016-04-18 13:50:00 from 192.0.2.1"
    assert log(engine) == [("joined", "import", "readers.csv:2", words)]
    [event] = subscribing.about("ann@example.org", engine=engine).events
    assert event.at == datetime(2016, 4, 18, 13, 50, tzinfo=UTC)


def test_every_reader_has_a_token_of_their_own(engine: Engine) -> None:
    imported("email\n" + "".join(f"r{n}@example.org\n" for n in range(50)), engine)
    assert len({reader.token for reader in subscribing.everyone(engine=engine)}) == 50


def test_more_rows_than_a_chunk_are_taken_in_their_order(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "CHUNK", 7)
    addresses = [f"r{n * 37 % 100}@example.org" for n in range(100)]
    imported("\n".join(["email", *addresses]), engine)
    assert [reader.address for reader in subscribing.everyone(engine=engine)] == addresses


def test_importing_twice_changes_nothing(engine: Engine) -> None:
    people = {"ann": "subscribed", "bob": "unsubscribed", "eve": "cleaned"}
    rows = [f"{name}@example.org,{status}\n" for name, status in people.items()]
    text = "".join(["email,status\n", *rows])
    imported(text, engine)
    before = subscribing.everyone(engine=engine), log(engine)
    taken, left_out = imported(text, engine, at=LATER)
    assert (subscribing.everyone(engine=engine), log(engine)) == before
    assert (dict(taken.fates)["kept"], left_out) == (3, [])


def test_of_two_rows_for_one_address_the_first_counts(engine: Engine) -> None:
    taken, _ = imported("email,name\nAnn@example.org,One\nann@EXAMPLE.org,Two\n", engine)
    assert (taken.doubled, taken.fates["added"], row(engine).name) == (1, 1, "One")


@pytest.mark.parametrize("rows", [("subscribed", "unsubscribed"), ("unsubscribed", "subscribed")])
def test_a_no_anywhere_in_the_file_counts(engine: Engine, rows: tuple[str, str]) -> None:
    imported("email,status\n" + "".join(f"ann@example.org,{s}\n" for s in rows), engine)
    assert states(engine) == {"ann@example.org": "left"}


def test_who_left_or_was_cleaned_elsewhere_is_never_mailed(engine: Engine) -> None:
    imported("email,status\nann@example.org,unsubscribed\nbob@example.org,cleaned\n", engine)
    assert states(engine) == {"ann@example.org": "left", "bob@example.org": "stopped"}
    suppression = subscribing.about("bob@example.org", engine=engine).suppression
    assert suppression
    assert suppression.reason == "cleaned"


def test_who_left_here_is_not_brought_back_by_a_file(engine: Engine) -> None:
    subscribing.add(["ann@example.org"], engine=engine)
    subscribing.remove("ann@example.org", engine=engine)
    taken, [bad] = imported("email\nann@example.org\n", engine)
    assert (states(engine), taken.left_out) == ({"ann@example.org": "left"}, 1)
    assert (bad.line, "has left" in bad.why) == (2, True)


def test_a_suppressed_address_is_left_out_with_the_reason(engine: Engine) -> None:
    with engine.begin() as db:
        suppressions.suppress(db, parse("ann@example.org").key, "forgotten", at=AT)
    _, [bad] = imported("email\nAnn@Example.org\nbob@example.org\n", engine)
    assert "forgotten" in bad.why
    assert states(engine) == {"bob@example.org": "confirmed"}


def test_a_forgotten_reader_gets_no_row_by_a_no_either(engine: Engine) -> None:
    with engine.begin() as db:
        suppressions.suppress(db, parse("ann@example.org").key, "forgotten", at=AT)
    imported("email,status\nann@example.org,unsubscribed\n", engine)
    assert states(engine) == {}


def test_choices_of_who_is_there_stay_unless_they_are_to_be_overwritten(engine: Engine) -> None:
    subscribing.add(
        ["ann@example.org"], engine=engine, choices=Choices(languages=("de",), name="Ann")
    )
    text = "email,name,language,lists\nann@example.org,,fr,weekly\n"
    imported(text, engine)
    assert row(engine).languages == ("de",)
    taken, _ = imported(text, engine, known=Known.OVERWRITTEN, at=LATER)
    ann = row(engine)
    assert (ann.languages, ann.lists, ann.name) == (("fr",), ("weekly",), "Ann")
    assert (taken.fates["changed"], [event for event, *_ in log(engine)]) == (
        1,
        ["joined", "changed"],
    )
    assert imported(text, engine, known=Known.OVERWRITTEN)[0].fates["kept"] == 1


def test_a_no_does_not_take_off_who_has_said_yes_here(engine: Engine) -> None:
    subscribing.add(["ann@example.org"], engine=engine, at=AT)
    _, [bad] = imported("email,unsub_time\nann@example.org,2020-01-01 00:00:00\n", engine)
    assert states(engine) == {"ann@example.org": "confirmed"}
    assert "has said yes here" in bad.why


@pytest.mark.parametrize("joins", ["by hand", "by file"])
def test_a_later_no_takes_off(engine: Engine, joins: str) -> None:
    if joins == "by hand":
        subscribing.add(["ann@example.org"], engine=engine, at=AT)
    else:
        imported("email\nann@example.org\n", engine)
    no = "email,unsub_time\nann@example.org,2026-11-20 00:00:00\n"
    taken, _ = imported(no, engine, at=LATER)
    assert (states(engine), taken.fates["ended"]) == ({"ann@example.org": "left"}, 1)
    assert [event for event, *_ in log(engine)] == ["joined", "left"]


def test_who_was_only_asked_is_on_the_list_once_a_file_vouches(engine: Engine) -> None:
    imported("email,status\nann@example.org,pending\n", engine)
    assert states(engine) == {"ann@example.org": "unconfirmed"}
    taken, _ = imported("email,status\nann@example.org,confirmed\n", engine)
    assert (states(engine), taken.fates["confirmed"]) == ({"ann@example.org": "confirmed"}, 1)


ASKING = Asking(carrier="readers", lang="en")


def test_readers_can_be_asked_first_and_only_once(engine: Engine) -> None:
    subscribing.add(["old@example.org"], engine=engine)
    text = "email,language\nann@example.org,de\nbob@example.org,\nold@example.org,\n"
    for _ in range(2):
        imported(text, engine, asking=ASKING, terms={"welcome": Standing.UNCONFIRMED})
    found = states(engine)
    assert found == {
        "old@example.org": "confirmed",
        "ann@example.org": "unconfirmed",
        "bob@example.org": "unconfirmed",
    }
    with engine.begin() as db:
        rows = db.execute(asks.select().order_by(asks.c.id)).all()
    assert [(r.channel, r.lang, r.languages, r.state) for r in rows] == [
        ("readers", "de", ("de",), "pending"),
        ("readers", "en", (), "pending"),
    ]
    assert [event for event, *_ in log(engine)] == ["asked"]


def test_a_rehearsal_tells_the_same_and_changes_nothing(engine: Engine) -> None:
    told: list[Any] = []
    intake = Intake(
        engine=engine,
        manner=Manner(terms=Terms(source="x", known=frozenset()), at=AT),
        tell=told.append,
        progress=lambda rows: None,
    )
    taken = rehearse(sheet(opened("email\nann@example.org\nnonsense\n")), intake)
    assert (taken.rows, taken.fates["added"], taken.left_out, len(told)) == (2, 1, 1, 1)
    assert states(engine) == {}


def _cut_short(error: BaseException) -> Sheet:
    whole = sheet(opened("email\n" + "".join(f"r{n}@example.org\n" for n in range(30))))

    def rows() -> Iterator[Any]:
        for number, found in enumerate(whole.rows):
            if number == 25:
                raise error
            yield found

    return Sheet(columns=whole.columns, rows=rows())


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Unreadable("line 26"), OSError(5, "I/O")])
def test_an_import_that_ends_early_leaves_nothing(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    monkeypatch.setattr(taking, "CHUNK", 10)
    monkeypatch.setattr("tests.publisher.importing.files.sheet", lambda _: _cut_short(error))
    with pytest.raises(type(error)):
        imported("", engine)
    assert states(engine) == {}
    monkeypatch.undo()
    assert imported("email\nann@example.org\n", engine)[0].fates["added"] == 1


def test_a_failure_while_taking_over_leaves_nothing(engine: Engine) -> None:
    imported("email\nold@example.org\n", engine)
    with engine.begin() as db:
        db.execute(text("alter table suppressions rename to hidden"))
        db.execute(text("create table suppressions (digest text primary key, reason text)"))
    with pytest.raises(Exception, match="at"):
        imported("email,status\nann@example.org,subscribed\nbob@example.org,cleaned\n", engine)
    assert states(engine) == {"old@example.org": "confirmed"}
    with engine.begin() as db:
        assert len(db.execute(reader_log.select()).all()) == 1


def test_writers_need_not_wait_while_rows_gather(engine: Engine) -> None:
    other = connect(engine.url)
    met: list[str] = []

    @event.listens_for(engine, "after_cursor_execute")
    def write(db: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT INTO arrivals") and not met:
            met.append(statement)
            subscribing.add(["between@example.org"], engine=other)

    imported("email\nann@example.org\n", engine)
    other.dispose()
    assert list(states(engine)) == ["between@example.org", "ann@example.org"]


def test_days_that_nobody_can_wait_are_left_off_and_counted(engine: Engine) -> None:
    rows = [f"r{n}@example.org,de,{days}\n" for n, days in enumerate(["5", "0", "61", "abc", ""])]
    taken, _ = imported("email,language,else_after\n" + "".join(rows), engine)
    readers = subscribing.everyone(engine=engine)
    assert [reader.else_after for reader in readers] == [5, None, None, None, None]
    assert taken.odd_days == 3


def test_an_update_changes_the_days_and_not_since_when_they_hold(engine: Engine) -> None:
    imported("email,language,else_after\nann@example.org,de,5\n", engine)
    since = row(engine).else_from
    imported("email,else_after\nann@example.org,9\n", engine, known=Known.OVERWRITTEN, at=LATER)
    assert (row(engine).else_after, row(engine).else_from) == (9, since)
