"""How things stand, summed up over readers' copies of which there may be very many."""

import pytest
from sqlalchemy import Connection, Engine, event

from publisher import publishing, subscribing
from publisher.domain.channel import Refused
from publisher.domain.delivery import State
from publisher.storage import paging, reports
from publisher.storage.engine import reading
from publisher.storage.schema import deliveries
from tests.publisher.fakes import NOW, FakeChannel, FakeMailing, edition
from tests.publisher.house import ISSUE, House

READERS = [f"reader-{number}@example.org" for number in range(6)]


@pytest.fixture
def house(engine: Engine) -> House:
    """Mail of which two copies were refused, and a network that refused; a draft of nothing."""
    mail = FakeMailing(refuses={READERS[1]: Refused("550 gone"), READERS[4]: Refused("550 full")})
    subscribing.add(READERS, engine=engine, at=NOW)
    house = House(engine, mail=mail, net=FakeChannel(fails_with=[Refused("too long")]))
    house.run()
    return house


def test_copies_are_counted_by_state(house: House) -> None:
    mail, net = house.standing("mail"), house.standing("net")
    assert mail.readers == {"delivered": 4, "refused": 2}
    assert (mail.state, mail.attempts, mail.refused) == (State.DELIVERED, 1, 2)
    assert (mail.reason, mail.url, mail.remote_id) == ("250 queued", "", "")
    assert (net.state, net.readers, net.reason) == (State.REFUSED, None, "too long")


def test_the_most_urgent_copy_speaks_for_all(house: House) -> None:
    engine = house.desk.engine
    for state, told in (
        (State.SKIPPED, State.DELIVERED),
        (State.HELD, State.HELD),
        (State.PENDING, State.PENDING),
        (State.SENDING, State.SENDING),
    ):
        with engine.begin() as db:
            one = deliveries.update().where(deliveries.c.recipient == READERS[0])
            db.execute(one.values(state=state, reason="mine", attempts=3))
        mail = house.standing("mail")
        assert mail.state is told
        assert mail.readers == {"delivered": 3, "refused": 2, state: 1}
        if state is told:
            assert (mail.reason, mail.attempts) == ("mine", 3)


def test_a_state_that_there_is_not_is_counted_and_needs_a_person(house: House) -> None:
    with house.desk.engine.begin() as db:
        one = deliveries.update().where(deliveries.c.recipient == READERS[0])
        db.execute(one.values(state="lost"))
    mail = house.standing("mail")
    assert mail.readers == {"delivered": 3, "lost": 1, "refused": 2}
    assert mail.state is State.HELD
    assert "there is no state 'lost'" in mail.reason


def test_an_issue_that_was_planned_for_nobody_is_told(engine: Engine) -> None:
    house = House(engine, mail=FakeMailing())
    house.run()
    mail = house.standing("mail")
    assert (mail.state, mail.readers) == (State.SKIPPED, {})
    assert mail.reason == "nobody reads this edition yet"


def test_copies_are_listed_one_by_one(house: House) -> None:
    mail = house.standing("mail")
    with reading(house.desk.engine) as db:
        every = paging.copies(db, mail, most=99)
        part = paging.copies(db, mail, most=2, after=every[1].id)
        refused = paging.copies(db, mail, most=99, state="refused")
        none = paging.copies(db, house.standing("net"), most=99)
    assert [one.address for one in every] == READERS
    assert [one.address for one in part] == READERS[2:4]
    told = [(one.address, one.state, one.reason) for one in refused]
    assert told == [(READERS[1], "refused", "550 gone"), (READERS[4], "refused", "550 full")]
    assert none == []


def test_copies_are_counted_in_their_index_alone(house: House) -> None:
    engine = house.desk.engine
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL goes by its statistics, which a small table has none of")
    with engine.begin() as db:
        more = [edition(key=f"more-{number}") for number in range(3)]
        publishing.plan(more, db=db, channels=house.me.channels, at=NOW)
    plans: list[list[str]] = []

    def explain(db: Connection, _: object, statement: str, given: object, *__: object) -> None:
        cursor = db.connection.cursor()
        cursor.execute("EXPLAIN QUERY PLAN " + statement, given)  # type: ignore[arg-type]
        plans.append([row[3] for row in cursor.fetchall()])

    with reading(engine) as db:
        event.listen(engine, "before_cursor_execute", explain)
        reports.standings(db)
        reports.standings(db, ISSUE)
        event.remove(engine, "before_cursor_execute", explain)
    for plan in plans:
        looked = [line for line in plan if line.split()[1] == "deliveries"]
        assert len(looked) == 3
        assert "USING COVERING INDEX ix_deliveries_done" in looked[0]
        assert "USING INDEX ix_deliveries_open" in looked[1]
        assert "USING INDEX ix_deliveries_held" in looked[2]
