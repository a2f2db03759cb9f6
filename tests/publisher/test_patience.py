"""Domains that ask for patience get it, and nobody else waits for them."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from publisher import mailing, publishing, subscribing
from publisher.domain.channel import TryLater
from publisher.patience import DEFERRALS, DEFERRALS_OF_TAKERS, EVERYWHERE, WHOLE, Patience
from publisher.storage import reports, slow
from publisher.storage.waiting import Hint
from tests.publisher.fakes import NOW, Clock, FakeMailing, configured, edition, worker

BUSY = "451 4.3.2 try again later"


def test_a_domain_that_only_defers_is_slowed_at_the_third() -> None:
    patience = Patience()
    assert [patience.deferred("a.example", BUSY) for _ in range(DEFERRALS)] == [
        None,
        None,
        "a.example",
    ]


def test_what_is_taken_in_between_begins_the_count_anew() -> None:
    patience = Patience()
    for _ in range(20):
        assert patience.deferred("a.example", BUSY) is None
        patience.taken("a.example")


def test_a_domain_that_takes_mail_is_given_more_time() -> None:
    patience = Patience()
    patience.taken("a.example")
    found = [patience.deferred("a.example", BUSY) for _ in range(DEFERRALS_OF_TAKERS)]
    assert found == [None] * (DEFERRALS_OF_TAKERS - 1) + ["a.example"]


@pytest.mark.parametrize(
    "words",
    [
        "421 4.7.28 Gmail has detected an unusual rate of unsolicited mail",
        "450 4.7.1 Too many messages from your network",
        "421 closing",
    ],
)
def test_who_speaks_of_too_much_is_believed_at_once(words: str) -> None:
    assert Patience().deferred("a.example", words) == "a.example"


@pytest.mark.parametrize("words", ["before the end of the message: lost", "127.0.0.1:25: refused"])
def test_a_lost_line_says_nothing_of_a_domain(words: str) -> None:
    patience = Patience()
    assert [patience.deferred("a.example", words) for _ in range(50)] == [None] * 50


def test_when_nobody_anywhere_takes_anything_it_is_the_server() -> None:
    patience = Patience()
    found = [patience.deferred(f"{i}.example", BUSY) for i in range(EVERYWHERE)]
    assert found == [None] * (EVERYWHERE - 1) + [WHOLE]


def plan(engine: Engine, *addresses: str) -> None:
    subscribing.add(addresses, engine=engine)
    with engine.begin() as db:
        channels = {"mail": configured("mail", FakeMailing())}
        publishing.plan([edition()], db=db, channels=channels, at=NOW)


def readers(engine: Engine) -> dict[str, int] | None:
    with engine.begin() as db:
        [found] = reports.standings(db)
    return found.readers


def hints(engine: Engine, clock: Clock) -> list[Hint]:
    found: list[Hint] = []
    publishing.sweep(worker(engine, clock, name="beat"), hint=found.append)
    return found


def test_a_slow_domain_waits_as_a_whole_and_the_others_do_not(engine: Engine) -> None:
    busy = [f"reader{i}@slow.example" for i in range(10)]
    well = [f"reader{i}@well.example" for i in range(10)]
    plan(engine, *busy, *well)
    channel, clock = FakeMailing(refuses={a: TryLater(BUSY) for a in busy}), Clock()
    me = worker(engine, clock, mail=channel)
    mailing.deliver_copies(1, me)
    assert readers(engine) == {"pending": 10, "delivered": 10}
    with engine.begin() as db:
        tried = {a.reader for a in reports.attempts(db, "2026-11") if a.reason == BUSY}
        [attempts] = db.execute(text("select max(attempts - forgiven) from deliveries")).one()
    assert (len(tried) < 10, attempts) == (True, 1)
    channel.refuses.clear()
    clock.forward(seconds=29)
    mailing.deliver_copies(1, me)
    assert readers(engine) == {"pending": 10, "delivered": 10}
    clock.forward(seconds=2)
    mailing.deliver_copies(1, me)
    assert readers(engine) == {"delivered": 20}
    with engine.begin() as db:
        assert slow.known(db, "mail") == {}


def test_pauses_grow_until_mail_is_taken(engine: Engine) -> None:
    waits, at = [], NOW
    with engine.begin() as db:
        for _ in range(6):
            until = slow.slow_down(db, "mail", "a.example", reason=BUSY, at=at)
            same = slow.slow_down(db, "mail", "a.example", reason=BUSY, at=at)
            assert until == same
            waits.append((until - at).total_seconds())
            at = until
        slow.forget(db, "mail", {"a.example"})
        again = slow.slow_down(db, "mail", "a.example", reason=BUSY, at=at)
    assert waits == [30, 120, 600, 1800, 3600, 3600]
    assert again - at == timedelta(seconds=30)


def test_a_copy_planned_later_waits_for_its_slow_domain_too(engine: Engine) -> None:
    with engine.begin() as db:
        slow.slow_down(db, "mail", "slow.example", reason=BUSY, at=NOW)
    plan(engine, "ann@slow.example", "bob@notslow.example")
    mailing.deliver_copies(1, worker(engine, Clock(), mail=FakeMailing()))
    assert readers(engine) == {"delivered": 1, "pending": 1}


def test_a_server_that_cannot_be_reached_is_left_alone_for_a_while(engine: Engine) -> None:
    plan(engine, *(f"reader{i}@example.org" for i in range(9)))

    class Unreachable(FakeMailing):
        async def deliver_each(self, copies, *, mark, settle):  # type: ignore[no-untyped-def]
            await settle(await anext(copies), TryLater("127.0.0.1:25: connection refused"))

    clock = Clock()
    mailing.deliver_copies(1, worker(engine, clock, mail=Unreachable()))
    with engine.begin() as db:
        [attempts] = db.execute(text("select sum(attempts - forgiven) from deliveries")).one()
    assert (attempts, hints(engine, clock)) == (1, [])
    clock.forward(seconds=10)
    assert hints(engine, clock) == [Hint(post=1)]
    mailing.deliver_copies(1, worker(engine, clock, mail=FakeMailing()))
    with engine.begin() as db:
        assert slow.known(db, "mail") == {}


def test_a_person_who_retries_is_not_made_to_wait(engine: Engine) -> None:
    plan(engine, "ann@slow.example")
    with engine.begin() as db:
        slow.slow_down(db, "mail", "slow.example", reason=BUSY, at=NOW)
        channels = [configured("mail", FakeMailing())]
        publishing.retry("2026-11", db=db, channels=channels, editions=[], at=NOW)
    mailing.deliver_copies(1, worker(engine, Clock(), mail=FakeMailing()))
    assert readers(engine) == {"delivered": 1}
