"""What the store keeps of a bounce."""

from typing import Any

import pytest
from sqlalchemy import Engine, Row, select

from publisher import mailing, publishing, subscribing
from publisher.domain.bounce import Kind, Verdict
from publisher.storage import bounces, reader_log
from publisher.storage.schema import bounces as kept
from tests.publisher.fakes import NOW, Clock, FakeMailing, configured, edition, worker


@pytest.fixture
def delivery(engine: Engine) -> int:
    """A mail that ann@example.org has been sent."""
    subscribing.add(["ann@example.org"], engine=engine)
    channel = FakeMailing()
    with engine.begin() as db:
        publishing.plan([edition()], db=db, channels={"mail": configured("mail", channel)}, at=NOW)
    mailing.deliver_copies(1, worker(engine, Clock(), mail=channel))
    return 1


def record(engine: Engine, delivery: int, kind: Kind = Kind.HARD) -> bool:
    with engine.begin() as db:
        words = "550 5.1.1 no such user"
        return bounces.record(db, delivery, kind=kind, at=NOW, status="5.1.1", words=words)


def rows(engine: Engine) -> list[Row[Any]]:
    with engine.begin() as db:
        return list(db.execute(select(kept)))


def test_a_thousand_tellings_of_one_bounce_are_one(engine: Engine, delivery: int) -> None:
    assert [record(engine, delivery) for _ in range(1000)].count(True) == 1
    assert len(rows(engine)) == 1


def test_the_readers_log_has_the_servers_words(engine: Engine, delivery: int) -> None:
    record(engine, delivery)
    with engine.begin() as db:
        last = reader_log.of(db, 1)[-1]
    told = (last.event, last.how, last.place, last.words)
    assert told == ("bounced", "report", "2026-11", "5.1.1 550 5.1.1 no such user")


def test_a_delay_is_kept_but_weighs_nothing(engine: Engine, delivery: int) -> None:
    record(engine, delivery, Kind.DELAYED)
    assert [row.verdict for row in rows(engine)] == [Verdict.COUNTED]
    with engine.begin() as db:
        assert "bounced" not in [row.event for row in reader_log.of(db, 1)]


def test_a_bounce_of_no_delivery_is_not_kept(engine: Engine, delivery: int) -> None:
    assert not record(engine, delivery + 1)
    assert rows(engine) == []
