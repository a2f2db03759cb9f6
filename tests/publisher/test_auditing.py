"""The audit: a store broken by hand shows exactly what was broken, and a sound one nothing."""

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from publisher import mailing, publishing, subscribing
from publisher.auditing import MOST, Found, Oddity, audit, broken
from publisher.domain.channel import Disconnected, Receipt, Refused, TryLater, Unsure
from publisher.domain.delivery import LEASE, State, settled_by
from publisher.registry import Configured
from publisher.storage import deliveries, pacing, pauses, reports
from publisher.storage.engine import connect, migrate, reading
from publisher.storage.waiting import Hint
from tests.publisher.fakes import (
    NOW,
    Clock,
    FakeChannel,
    FakeMailing,
    configured,
    edition,
    worker,
)

READERS = ["ann@example.org", "ben@example.org", "cai@example.org"]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def released(engine: Engine, clock: Clock) -> Engine:
    """A store in which an issue has gone to two networks and three readers."""
    return release(engine, clock)


def release(engine: Engine, clock: Clock) -> Engine:
    subscribing.add(READERS, engine=engine, at=NOW)
    plan(engine, one=FakeChannel(), two=FakeChannel(), mail=FakeMailing())
    work(engine, clock, one=FakeChannel(), two=FakeChannel(), mail=FakeMailing())
    return engine


def plan(engine: Engine, key: str = "2026-11", **channels: FakeChannel) -> None:
    by_name = {name: configured(name, channel) for name, channel in channels.items()}
    with engine.begin() as db:
        publishing.plan([edition(key)], db=db, channels=by_name, at=NOW)


def work(engine: Engine, clock: Clock, **channels: FakeChannel) -> None:
    me, found = worker(engine, clock, **channels), list[Hint]()  # type: ignore[arg-type]
    publishing.sweep(me, hint=found.append)
    for hint in found:
        if hint.post:
            mailing.deliver_copies(hint.post, me)
        else:
            publishing.deliver(hint.delivery, me)


def audited(
    engine: Engine,
    *,
    after: timedelta = timedelta(0),
    outside: Sequence[Found] | None = None,
    secrets: Collection[str] = (),
    resends: Collection[str] = (),
) -> list[Oddity]:
    with reading(engine) as db:
        at = NOW + after
        return audit(db, at=at, outside=outside, secrets=secrets, resends=resends)


def rules(found: list[Oddity]) -> list[str]:
    return [odd.rule for odd in found]


def broken_by(engine: Engine, statements: Sequence[str]) -> list[Oddity]:
    """What is odd once a store was broken as no code of ours would; then it is whole again."""
    with engine.connect() as db:
        lite = db.dialect.name == "sqlite"
        raw = "defer_foreign_keys=on" if lite else "session_replication_role = replica"
        db.exec_driver_sql(f"{'pragma' if lite else 'set'} {raw}")
        for statement in statements:
            db.exec_driver_sql(statement)
        found = audit(db, at=NOW, secrets=["correct horse", 'a "staple"'])
        db.rollback()
    return found


# --- a sound store


def test_nothing_is_odd_in_an_empty_store(engine: Engine) -> None:
    assert audited(engine) == []


def test_nothing_is_odd_before_and_after_a_release(engine: Engine, clock: Clock) -> None:
    subscribing.add(READERS, engine=engine, at=NOW)
    plan(engine, one=FakeChannel(), mail=FakeMailing())
    assert audited(engine) == []
    work(engine, clock, one=FakeChannel(), mail=FakeMailing())
    assert audited(engine, after=timedelta(days=30)) == []


def test_nothing_is_odd_about_what_failed_and_was_tried_again(engine: Engine, clock: Clock) -> None:
    failing: list[Exception] = [TryLater("busy"), Unsure("silence"), TryLater("busy")]
    plan(engine, one=FakeChannel())
    channel = FakeChannel(fails_with=failing)
    for minutes in range(0, 60, 11):
        work(engine, clock, one=channel)
        assert audited(engine, after=timedelta(minutes=minutes)) == []
        clock.forward(minutes=11)
    assert len(channel.out_there) == 1


def test_nothing_is_odd_about_a_lost_worker_that_was_recovered(
    engine: Engine, clock: Clock
) -> None:
    plan(engine, one=FakeChannel())
    with engine.begin() as db:
        taken = deliveries.claim(db, 1, at=NOW, owner="lost")
        assert taken
        deliveries.mark(db, [(1, taken.attempt)], at=NOW)
    clock.forward(minutes=11)
    work(engine, clock, one=FakeChannel())
    assert audited(engine, after=timedelta(minutes=11)) == []


def test_nothing_is_odd_about_a_mailing_that_nobody_reads(engine: Engine) -> None:
    email = Configured(name="mail", kind="email", languages=("en",), channel=FakeMailing())
    with engine.begin() as db:
        publishing.plan([edition()], db=db, channels={"mail": email}, at=NOW)
    assert audited(engine) == []


def test_what_a_person_said_breaks_no_rule(engine: Engine, clock: Clock) -> None:
    plan(engine, one=FakeChannel(), two=FakeChannel(), three=FakeChannel())
    refusing = {name: FakeChannel(fails_with=[Refused("no")]) for name in ("one", "two", "three")}
    work(engine, clock, **refusing)
    answers = {"one": State.DELIVERED, "two": State.SKIPPED, "three": State.PENDING}
    with engine.begin() as db:
        for name, answer in answers.items():
            url = "https://there.example/" if answer is State.DELIVERED else ""
            publishing.settle("2026-11", name, answer, db=db, at=NOW, url=url)
    assert audited(engine) == []


# --- a store broken by hand

BREAKS = {
    "an unknown state": ("balance", "update deliveries set state = 'gone' where id = 1"),
    "a post that lost its delivery": (
        "balance",
        "delete from delivery_log where delivery_id = 1",
        "delete from deliveries where id = 1",
    ),
    "a copy for all beside readers' copies": (
        "once",
        "update deliveries set recipient = '' where id = 3",
    ),
    "a delivery without a receipt": (
        "proof",
        "update deliveries set remote_id = '', url = '' where id = 1",
        "update delivery_log set remote_id = '', url = '' where delivery_id = 1",
    ),
    "a receipt of what was skipped": (
        "proof",
        "update deliveries set state = 'skipped' where id = 1",
        "update delivery_log set now = 'skipped' where delivery_id = 1 and now = 'delivered'",
    ),
    "a state that the log does not know": (
        "log",
        "update deliveries set state = 'refused', remote_id = '', url = '' where id = 1",
    ),
    "a step that is missing in the log": (
        "log",
        "delete from delivery_log where delivery_id = 1 and now = 'sending'",
    ),
    "a log that begins in the middle": (
        "log",
        "delete from delivery_log where delivery_id = 1 and was = ''",
    ),
    "a way that there is not": (
        "log",
        "update delivery_log set now = 'held' where delivery_id = 1 and was = ''",
        "update delivery_log set was = 'held' where delivery_id = 1 and was = 'pending'",
    ),
    "attempts that do not count on": (
        "log",
        "update delivery_log set attempt = 3 where delivery_id = 1 and now = 'delivered'",
        "update deliveries set attempts = 3 where id = 1",
    ),
    "attempts that the log does not know": (
        "log",
        "update deliveries set attempts = 2 where id = 1",
    ),
    "another receipt than the log's": ("log", "update deliveries set url = 'x' where id = 1"),
    "something after the end": (
        "log",
        "insert into delivery_log (delivery_id, at, was, now, attempt, reason, remote_id, url,"
        " worker) select delivery_id, at, 'delivered', 'delivered', 1, '', remote_id, url, ''"
        " from delivery_log where delivery_id = 1 and now = 'delivered'",
    ),
    "a delivery without a log": ("log", "delete from delivery_log where delivery_id = 1"),
    "a log of no delivery": (
        "links",
        "update delivery_log set delivery_id = 99 where delivery_id = 1",
        "delete from deliveries where id = 1",
        "delete from posts where id = 1",
    ),
    "a sighting at no source": (
        "links",
        "insert into sightings values ('gone', 'x', 'en', '', '2026-11-05 12:00:00.000000',"
        " false, '')",
    ),
    "a post of no edition": ("links", "delete from editions"),
    "a word that is none": ("rows", "update subscribers set state = 'perhaps' where id = 1"),
    "a body without a title": (
        "rows",
        'update posts set body = \'{"images": [], "warnings": []}\' where id = 1',
    ),
    "a moment to come": (
        "clock",
        "update delivery_log set at = '2030-01-01 00:00:00.000000' where id = 1",
    ),
    "a wait without end": (
        "clock",
        "update deliveries set next_attempt_at = '2030-01-01 00:00:00.000000' where id = 1",
    ),
}


def test_what_is_broken_is_told_and_nothing_else(released: Engine) -> None:
    told = {what: set(rules(broken_by(released, does))) for what, (_, *does) in BREAKS.items()}
    assert told == {what: {rule} for what, (rule, *_) in BREAKS.items()}


def test_a_secret_in_any_row_is_told_and_not_repeated(released: Engine) -> None:
    secret = 'a "staple"'
    does = """update posts set body = '{"x": "a \\"staple\\""}' where id = 1"""
    found = broken_by(released, [does, "update deliveries set reason = 'correct horse, no'"])
    told = [odd.place for odd in found if odd.rule == "secrets"]
    assert told[:2] == ["posts 1", "deliveries 1"]
    assert not any(secret in f"{odd}" or "correct horse" in f"{odd}" for odd in found)


def test_of_many_oddities_of_a_sort_the_first_are_told(engine: Engine) -> None:
    subscribing.add([f"r{i}@example.org" for i in range(MOST + 1)], engine=engine, at=NOW)
    plan(engine, mail=FakeMailing())
    found = broken_by(engine, ["delete from delivery_log"])
    assert len(found) == MOST + 1
    assert "there are more" in found[-1].words


# --- what a person should know of a living store


def test_what_is_due_for_long_and_nobody_looks_at_is_told(engine: Engine) -> None:
    subscribing.add(READERS, engine=engine, at=NOW)
    plan(engine, one=FakeChannel(), mail=FakeMailing())
    found = audited(engine, after=timedelta(hours=1))
    assert sorted((odd.rule, odd.place, odd.words[:2]) for odd in found) == [
        ("late", "2026-11 (en) on mail", "3 "),
        ("late", "2026-11 (en) on one", "1 "),
    ]


def test_what_nobody_may_send_is_not_late(engine: Engine) -> None:
    plan(engine, one=FakeChannel())
    with engine.begin() as db:
        pacing.pause(db, "one", "no token", at=NOW)
    [odd] = audited(engine, after=timedelta(hours=1))
    assert (odd.rule, odd.place, odd.words) == ("stopped", "channel one", "it is paused: no token")


def test_a_lease_that_ended_long_ago_is_told(engine: Engine) -> None:
    plan(engine, one=FakeChannel())
    with engine.begin() as db:
        deliveries.claim(db, 1, at=NOW, owner="gone")
    assert audited(engine, after=LEASE) == []
    assert rules(audited(engine, after=2 * LEASE)) == ["lease"]


def test_an_issue_that_a_person_paused_is_told_with_the_way_on(engine: Engine) -> None:
    plan(engine, one=FakeChannel())
    with engine.begin() as db:
        pauses.pause(db, "2026-11", "one", at=NOW)
    [odd] = audited(engine)
    assert (odd.rule, odd.remedy) == ("stopped", "`publisher resume 2026-11 --channel one`")


def test_what_is_held_is_told_and_breaks_no_promise(engine: Engine, clock: Clock) -> None:
    plan(engine, one=FakeChannel())
    work(engine, clock, one=FakeChannel(fails_with=[Disconnected("the token was revoked")]))
    found = audited(engine)
    assert [odd.place for odd in found] == ["channel one", "2026-11 (en) on one"]
    assert broken(found) == []


# --- against the outside's own record


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[Engine]:
    """A store on one database: the comparison itself is no database's work."""
    engine = connect(f"sqlite:///{tmp_path}/publisher.db")
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def settled(lite: Engine, clock: Clock) -> Engine:
    """The same, with an issue that has gone out."""
    return release(lite, clock)


OUT = [
    Found(channel="one", remote_id="1"),
    Found(channel="two", remote_id="1"),
    *(
        Found(channel="mail", remote_id=f"<{id}@fake>", recipient=reader)
        for id, reader in enumerate(READERS, 3)
    ),
]


def test_an_outside_that_holds_what_is_delivered_is_right(released: Engine) -> None:
    assert audited(released, outside=OUT) == []


def test_what_the_outside_does_not_have_is_lost(settled: Engine) -> None:
    found = audited(settled, outside=OUT[1:-1])
    assert [(odd.rule, odd.place) for odd in found] == [
        ("lost", "2026-11 (en) on one, delivery 1"),
        ("lost", "2026-11 (en) on mail, delivery 5"),
    ]


def test_what_no_delivery_speaks_for_is_a_stray(settled: Engine) -> None:
    other = Found(channel="one", remote_id="2")
    [odd] = audited(settled, outside=[*OUT, other])
    assert (odd.rule, odd.place) == ("stray", "2 on one")


def test_a_mail_that_is_there_twice_is_a_double(settled: Engine) -> None:
    [odd] = audited(settled, outside=[*OUT, OUT[-1]])
    assert (odd.rule, odd.place) == ("double", "<5@fake> on mail, to cai@example.org")


def test_what_is_in_doubt_may_be_there_or_not(lite: Engine, clock: Clock) -> None:
    plan(lite, one=FakeChannel())
    work(lite, clock, one=FakeChannel(fails_with=[Unsure("silence")]))
    assert audited(lite, outside=[Found(channel="one", remote_id="1")]) == []
    assert audited(lite, outside=[]) == []


def test_what_is_certainly_not_posted_may_not_be_there(lite: Engine, clock: Clock) -> None:
    plan(lite, one=FakeChannel())
    work(lite, clock, one=FakeChannel(fails_with=[TryLater("busy")]))
    assert rules(audited(lite, outside=[Found(channel="one", remote_id="1")])) == ["stray"]


def test_what_a_person_left_in_doubt_may_be_there(lite: Engine, clock: Clock) -> None:
    plan(lite, one=FakeChannel())
    work(lite, clock, one=FakeChannel(fails_with=[Unsure("silence")]))
    with lite.begin() as db:
        publishing.settle("2026-11", "one", State.SKIPPED, db=db, at=NOW)
    assert audited(lite, outside=[Found(channel="one", remote_id="1")]) == []


def test_what_was_in_doubt_when_its_reader_left_may_be_there(lite: Engine, clock: Clock) -> None:
    subscribing.add(READERS[:1], engine=lite, at=NOW)
    plan(lite, mail=FakeMailing())
    work(lite, clock, mail=FakeMailing(refuses={READERS[0]: Unsure("silence")}))
    with lite.begin() as db:
        db.execute(text("update subscribers set state = 'left'"))
    clock.forward(seconds=40)
    work(lite, clock, mail=FakeMailing())
    with reading(lite) as db:
        assert reports.standings(db)[0].readers == {"skipped": 1}
    assert audited(lite, outside=[Found(channel="mail", remote_id="1", recipient=READERS[0])]) == []


def test_what_a_person_sent_again_is_told_apart_from_a_double(lite: Engine, clock: Clock) -> None:
    plan(lite, one=FakeChannel())
    work(lite, clock, one=FakeChannel(fails_with=[Unsure("silence")]))
    with lite.begin() as db:
        publishing.settle("2026-11", "one", State.PENDING, db=db, at=NOW)
    work(lite, clock, one=FakeChannel())
    found = audited(lite, outside=[OUT[0], Found(channel="one", remote_id="0")])
    assert (rules(found), broken(found)) == (["twice"], [])


@pytest.mark.parametrize(("resends", "rule"), [(("mail",), "twice"), ((), "double")])
def test_a_mail_sent_again_in_doubt_is_right_only_where_that_is_configured(
    lite: Engine, clock: Clock, resends: tuple[str, ...], rule: str
) -> None:
    subscribing.add(READERS[:1], engine=lite, at=NOW)
    plan(lite, mail=FakeMailing())
    work(lite, clock, mail=FakeMailing(refuses={READERS[0]: Unsure("silence")}))
    clock.forward(minutes=2)
    with lite.begin() as db:
        taken = deliveries.claim(db, 1, at=clock(), owner="w")
        assert taken
        assert taken.in_doubt
        receipt = Receipt(id="<1@fake>")
        outcome = settled_by(receipt, found=False)
        deliveries.settle(db, taken, outcome, at=clock(), worker="w", receipt=receipt)
    mail = Found(channel="mail", remote_id="<1@fake>", recipient=READERS[0])
    assert rules(audited(lite, outside=[mail, mail], resends=resends)) == [rule]


def test_a_moment_that_is_none_stops_no_sweep_and_is_named(lite: Engine, clock: Clock) -> None:
    plan(lite, one=FakeChannel(), two=FakeChannel())
    with lite.begin() as db:
        deliveries.claim(db, 1, at=NOW, owner="another")
        db.exec_driver_sql("update deliveries set changed_at = 'yesterday' where id = 1")
    two = FakeChannel()
    work(lite, clock, one=FakeChannel(), two=two)
    assert len(two.out_there) == 1
    odd = audited(lite)[0]  # the clock rule reads it as one to come
    assert (odd.rule, odd.place) == ("rows", "deliveries 1")


def test_a_state_that_there_is_not_hides_no_other_from_status(lite: Engine) -> None:
    plan(lite, one=FakeChannel(), two=FakeChannel())
    with lite.begin() as db:
        db.exec_driver_sql("update deliveries set state = 'gone' where id = 1")
        one, two = reports.standings(db)
    assert (one.state, "'gone'" in one.reason, two.state) == (State.HELD, True, State.PENDING)
