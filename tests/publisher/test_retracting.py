"""What is out is taken back where the network allows it, and is never sent again by itself."""

from dataclasses import dataclass, field

import pytest
from sqlalchemy import Engine

from publisher import publishing, retracting, subscribing
from publisher.auditing import audit, broken
from publisher.domain.channel import Disconnected, Receipt, Refused, TryLater
from publisher.publishing import Worker
from publisher.retracting import Outcome, Retraction
from publisher.storage import reports
from publisher.storage.engine import reading
from publisher.storage.schema import delivery_log
from tests.publisher.fakes import NOW, Clock, FakeChannel, FakeMailing, edition, work, worker

ISSUE = edition()


@dataclass
class Removable(FakeChannel):
    """Takes posts back, or says why not."""

    removed: list[str] = field(default_factory=list)
    says: Exception | None = None

    def retract(self, receipt: Receipt) -> None:
        if self.says:
            raise self.says
        self.removed.append(receipt.id)


@pytest.fixture
def net() -> Removable:
    return Removable()


@pytest.fixture
def me(engine: Engine, net: Removable) -> Worker:
    """A worker by whom an issue is out on two networks, and in one mailbox."""
    made = worker(engine, Clock(), net=net, plain=FakeChannel(), mail=FakeMailing())
    subscribing.add(["ann@one.example"], engine=engine)
    with engine.begin() as db:
        publishing.plan([ISSUE], db=db, channels=made.channels, at=NOW)
    work(made)
    return made


def retracted(me: Worker) -> dict[str, Retraction]:
    found = retracting.retract(
        ISSUE.key, engine=me.engine, channels=me.channels, only=me.channels, now=Clock()
    )
    return {one.channel: one for one in found}


def state(me: Worker, channel: str) -> str:
    with reading(me.engine) as db:
        found = {one.channel: one.state for one in reports.standings(db, ISSUE.key)}
    return found[channel]


def test_what_is_taken_back_counts_as_skipped_by_a_person(me: Worker, net: Removable) -> None:
    assert retracted(me)["net"].outcome is Outcome.GONE
    assert net.removed == ["1"]
    with reading(me.engine) as db:
        last = reports.attempts(db, ISSUE.key, channel="net")[-1]
        assert broken(audit(db, at=NOW)) == []
    assert state(me, "net") == "skipped"
    assert (last.outcome, last.worker) == ("skipped", "a person")
    assert "https://fake.example/1" in last.reason


def test_saying_it_again_takes_nothing_back(me: Worker, net: Removable) -> None:
    retracted(me)
    assert "net" not in retracted(me)
    assert net.removed == ["1"]


def test_what_was_taken_back_is_not_planned_again(me: Worker, net: Removable) -> None:
    retracted(me)
    with me.engine.begin() as db:
        assert publishing.plan([ISSUE], db=db, channels=me.channels, at=NOW) == 0
        again = [me.channels["net"]]
        assert publishing.retry(ISSUE.key, db=db, channels=again, editions=[ISSUE], at=NOW) == 0
    assert len(net.out_there) == 1


def test_a_mail_stays_and_so_does_what_a_kind_cannot_take_back(me: Worker) -> None:
    found = retracted(me)
    assert (found["mail"].outcome, found["plain"].outcome) == (Outcome.STAYS, Outcome.STAYS)
    assert "1 mails are out" in found["mail"].words
    assert (state(me, "mail"), state(me, "plain")) == ("delivered", "delivered")


@pytest.mark.parametrize(
    ("says", "outcome"),
    [
        (Refused("older than two days"), Outcome.STAYS),
        (TryLater("busy"), Outcome.FAILED),
        (Disconnected("the token was revoked"), Outcome.FAILED),
    ],
)
def test_what_was_not_taken_back_stands_as_delivered_and_may_be_said_again(
    me: Worker, net: Removable, says: Exception, outcome: Outcome
) -> None:
    net.says = says
    found = retracted(me)["net"]
    assert (found.outcome, found.words, found.url) == (
        outcome,
        str(says),
        "https://fake.example/1",
    )
    assert state(me, "net") == "delivered"
    net.says = None
    assert retracted(me)["net"].outcome is Outcome.GONE


def test_a_post_that_nobody_had_taken_back_may_not_be_skipped(me: Worker) -> None:
    retracted(me)
    with me.engine.begin() as db:
        db.execute(delivery_log.update().where(delivery_log.c.now == "skipped").values(worker="w"))
    with reading(me.engine) as db:
        [found] = broken(audit(db, at=NOW))
    assert "nobody had it taken back" in str(found)
