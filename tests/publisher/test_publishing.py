"""One delivery, from plan to outcome, on both real databases."""

import io
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, event, select, text

from publisher import logs, mailing, publishing, subscribing
from publisher.config import Log
from publisher.domain.channel import Disconnected, Post, Receipt, Refused, TryLater, Unsure
from publisher.domain.delivery import BACKOFF, LEASE, State, settled_by
from publisher.domain.issue import Edition, Fence
from publisher.publishing import Worker
from publisher.storage import deliveries, reports, schema
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


@pytest.fixture
def clock() -> Clock:
    return Clock()


def plan(engine: Engine, *names: str, key: str = "2026-11", **texts: str) -> int:
    channels = {name: configured(name, FakeChannel()) for name in names or ["fake"]}
    with engine.begin() as db:
        return publishing.plan([edition(key, **texts)], db=db, channels=channels, at=NOW)


def hints(worker: Worker) -> list[Hint]:
    found: list[Hint] = []
    publishing.sweep(worker, hint=found.append)
    return found


def work(worker: Worker, times: int = 1) -> None:
    """Sweep, and do what the sweep says, a few times over."""
    for _ in range(times):
        for hint in hints(worker):
            publishing.deliver(hint.delivery, worker)


def standing(engine: Engine, channel: str = "fake") -> reports.Standing:
    with engine.begin() as db:
        [found] = [s for s in reports.standings(db) if s.channel == channel]
    return found


def log(engine: Engine) -> list[tuple[str, str, str]]:
    with engine.begin() as db:
        rows = db.execute(select(schema.delivery_log).order_by(schema.delivery_log.c.id))
        return [(row.was, row.now, row.reason) for row in rows]


def claim(engine: Engine, clock: Clock, owner: str = "lost", *, marked: bool) -> None:
    with engine.begin() as db:
        taken = deliveries.claim(db, 1, at=clock(), owner=owner)
        assert taken
        if marked:
            deliveries.mark(db, [(1, taken.attempt)], at=clock())


def test_a_delivery_that_goes_well_is_delivered_with_its_proof(
    engine: Engine, clock: Clock
) -> None:
    plan(engine)
    channel = FakeChannel()
    work(worker(engine, clock, fake=channel))
    found = standing(engine)
    assert (found.state, found.url, found.remote_id) == (
        State.DELIVERED,
        "https://fake.example/1",
        "1",
    )
    assert len(channel.out_there) == 1


def test_planning_twice_plans_nothing_twice(engine: Engine) -> None:
    assert plan(engine) == 1
    assert plan(engine) == 0


def test_many_plans_at_once_make_one_delivery(engine: Engine) -> None:
    with ThreadPoolExecutor(max_workers=8) as pool:
        assert sum(pool.map(lambda _: plan(engine), range(8))) == 1


def test_a_lost_answer_does_not_make_a_second_post(engine: Engine, clock: Clock) -> None:
    plan(engine)
    channel = FakeChannel(fails_with=[Unsure("silence")], keeps_it_anyway=True)
    me = worker(engine, clock, fake=channel)
    work(me)
    assert standing(engine).state == State.UNSURE
    clock.forward(seconds=3)
    work(me)
    assert standing(engine).state == State.DELIVERED
    assert len(channel.out_there) == 1


def test_absence_is_believed_only_after_a_request_had_time_to_arrive(
    engine: Engine, clock: Clock
) -> None:
    plan(engine)
    channel = FakeChannel(fails_with=[Unsure("silence")])
    me = worker(engine, clock, fake=channel)
    work(me)
    clock.forward(seconds=3)
    work(me)
    assert (standing(engine).state, channel.out_there) == (State.UNSURE, [])
    clock.forward(seconds=30)
    work(me)
    assert (standing(engine).state, len(channel.out_there)) == (State.DELIVERED, 1)


def test_trouble_while_looking_keeps_the_doubt(engine: Engine, clock: Clock) -> None:
    plan(engine)
    channel = FakeChannel(
        fails_with=[Unsure("silence")],
        keeps_it_anyway=True,
        fails_looking_with=[TryLater("busy"), Unsure("silence again")],
    )
    me = worker(engine, clock, fake=channel)
    for _ in range(6):
        work(me)
        clock.forward(minutes=10)
    assert standing(engine).state == State.DELIVERED
    assert len(channel.out_there) == 1


def test_what_cannot_be_asked_waits_for_a_person(engine: Engine, clock: Clock) -> None:
    plan(engine)
    channel = FakeChannel(fails_with=[Unsure("no answer after the dot")], cannot_be_asked=True)
    me = worker(engine, clock, fake=channel)
    work(me)
    clock.forward(minutes=1)
    work(me)
    found = standing(engine)
    assert found.state == State.HELD
    assert "no answer after the dot" in found.reason
    assert "publisher settle" in found.reason


@pytest.mark.parametrize(("marked", "comes_to"), [(False, State.PENDING), (True, State.UNSURE)])
def test_a_worker_lost_before_its_mark_sent_nothing_and_after_it_perhaps(
    engine: Engine, clock: Clock, marked: bool, comes_to: State
) -> None:
    plan(engine)
    claim(engine, clock, marked=marked)
    hints(worker(engine, clock, lost=lambda name: name == "lost", fake=FakeChannel()))
    assert standing(engine).state == comes_to


def test_a_lost_worker_does_not_make_a_second_post(engine: Engine, clock: Clock) -> None:
    plan(engine)
    channel = FakeChannel()
    channel.out_there.append(channel.render(edition()))
    claim(engine, clock, marked=True)
    work(worker(engine, clock, lost=lambda _: True, fake=channel))
    assert standing(engine).state == State.DELIVERED
    assert len(channel.out_there) == 1


def test_a_doubt_survives_a_worker_lost_while_looking(engine: Engine, clock: Clock) -> None:
    plan(engine)
    claim(engine, clock, marked=True)
    gone = worker(engine, clock, lost=lambda _: True, fake=FakeChannel())
    hints(gone)
    claim(engine, clock, marked=False)  # a second worker looks, and is lost before any mark
    clock.forward(seconds=1)
    hints(gone)
    assert standing(engine).state == State.UNSURE


def test_a_lease_that_ran_out_frees_the_delivery(engine: Engine, clock: Clock) -> None:
    plan(engine)
    claim(engine, clock, marked=False)
    me = worker(engine, clock, fake=FakeChannel())
    clock.forward(seconds=(LEASE - timedelta(seconds=1)).total_seconds())
    assert hints(me) == []
    clock.forward(seconds=2)
    assert hints(me) == [Hint(delivery=1)]


def test_a_worker_that_keeps_being_lost_stops_being_tried(engine: Engine, clock: Clock) -> None:
    plan(engine)
    me = worker(engine, clock, lost=lambda name: name == "lost", fake=FakeChannel())
    for _ in range(len(BACKOFF) + 1):
        claim(engine, clock, marked=False)
        hints(me)
    assert standing(engine).state == State.HELD


def test_only_one_worker_gets_a_delivery(engine: Engine, clock: Clock) -> None:
    plan(engine)

    def attempt(number: int) -> bool:
        with engine.begin() as db:
            return deliveries.claim(db, 1, at=clock(), owner=str(number)) is not None

    with ThreadPoolExecutor(max_workers=8) as pool:
        assert sum(pool.map(attempt, range(8))) == 1


def test_a_worker_that_wakes_up_late_may_neither_send_nor_settle(
    engine: Engine, clock: Clock
) -> None:
    plan(engine)
    with engine.begin() as db:
        asleep = deliveries.claim(db, 1, at=clock(), owner="asleep")
    assert asleep
    clock.forward(minutes=11)
    hints(worker(engine, clock, fake=FakeChannel()))
    with engine.begin() as db:
        again = deliveries.claim(db, 1, at=clock(), owner="again")
        assert again
        late = settled_by(Receipt(id="late"), found=False)
        assert deliveries.mark(db, [(1, asleep.attempt)], at=clock()) == set()
        assert not deliveries.settle(db, asleep, late, at=clock(), worker="asleep")
        assert deliveries.mark(db, [(1, again.attempt)], at=clock()) == {1}
        assert deliveries.settle(db, again, late, at=clock(), worker="again")


def test_a_worker_that_slept_between_its_mark_and_sending_does_not_send(
    engine: Engine, clock: Clock
) -> None:
    plan(engine)
    channel = FakeChannel()
    me = worker(engine, clock, fake=channel)
    marking = iter([False, True, False])

    def sleep(_: Connection) -> None:
        if next(marking, False):
            clock.forward(minutes=11)

    event.listen(engine, "commit", sleep)
    publishing.deliver(1, me)
    event.remove(engine, "commit", sleep)
    assert channel.out_there == []
    assert standing(engine).state == State.PENDING
    work(me)
    assert len(channel.out_there) == 1


def test_a_worker_that_was_overtaken_while_looking_does_not_send(
    engine: Engine, clock: Clock
) -> None:
    class SlowToLook(FakeChannel):
        def find_existing(self, post: Post) -> Receipt | None:
            clock.forward(minutes=11)  # this host slept, and another took over
            hints(worker(engine, clock, name="other"))
            return None

    plan(engine)
    claim(engine, clock, marked=True)
    clock.forward(minutes=11)
    channel = SlowToLook()
    work(worker(engine, clock, name="slow", fake=channel))
    assert channel.out_there == []


def test_an_attempt_is_settled_once(engine: Engine, clock: Clock) -> None:
    plan(engine)
    with engine.begin() as db:
        mine = deliveries.claim(db, 1, at=clock(), owner="me")
        assert mine
        done = settled_by(Receipt(id="1"), found=False)
        assert deliveries.settle(db, mine, done, at=clock(), worker="me")
        assert not deliveries.settle(db, mine, done, at=clock(), worker="me")


def test_a_refusal_is_final_until_a_person_says_retry(engine: Engine, clock: Clock) -> None:
    plan(engine)
    channel = FakeChannel(fails_with=[Refused("too long")])
    me = worker(engine, clock, fake=channel)
    work(me, times=2)
    assert (standing(engine).state, standing(engine).reason) == (State.REFUSED, "too long")
    with engine.begin() as db:
        again = publishing.retry(
            "2026-11", db=db, channels=[configured("fake", channel)], editions=[], at=clock()
        )
    assert again == 1
    work(me)
    assert standing(engine).state == State.DELIVERED


def test_a_refused_post_is_written_anew_from_its_mended_source(
    engine: Engine, clock: Clock
) -> None:
    plan(engine)
    channel = FakeChannel(fails_with=[Refused("too long")])
    me = worker(engine, clock, fake=channel)
    work(me)
    with engine.begin() as db:
        publishing.retry(
            "2026-11",
            db=db,
            channels=[configured("fake", channel)],
            editions=[edition(text="Shorter.")],
            at=clock(),
        )
    work(me)
    assert [post.text for post in channel.out_there] == ["Shorter."]


def test_a_channel_and_the_archive_get_only_what_is_meant_for_them(engine: Engine) -> None:
    html = "<p>For mail.</p><p>For all.</p><h2>Leave</h2><p>Write.</p>"
    fence = Fence(start=0, end=16, names=("readers",), only=True)
    drop = replace(configured("fake", FakeChannel()), drop=("Leave",))
    channels = {"fake": drop, "readers": configured("readers", FakeChannel())}
    with engine.begin() as db:
        published = edition(html=html, fences=(fence,))
        publishing.plan([published], db=db, channels=channels, at=NOW)
        texts = {row.channel: row.body["text"] for row in db.execute(select(schema.posts))}
        archived = db.scalar(select(schema.editions.c.html))
    assert texts["fake"] == "For all.\n"
    assert texts["readers"] == "All that happened."  # as it came: nothing was left out
    assert archived == html[16:]


def test_a_retry_touches_nothing_that_is_out_there(engine: Engine, clock: Clock) -> None:
    plan(engine, "good", "bad")
    good, bad = FakeChannel(), FakeChannel(fails_with=[TryLater("away")])
    me = worker(engine, clock, good=good, bad=bad)
    work(me)
    with engine.begin() as db:
        both = [configured("good", good), configured("bad", bad)]
        assert publishing.retry("2026-11", db=db, channels=both, editions=[], at=clock()) == 1
    work(me, times=2)
    assert (len(good.out_there), len(bad.out_there)) == (1, 1)


def test_two_people_who_retry_at_once_make_one_post(engine: Engine, clock: Clock) -> None:
    plan(engine)
    channel = FakeChannel(fails_with=[Refused("no")])
    me = worker(engine, clock, fake=channel)
    work(me)

    def again(_: int) -> int:
        with engine.begin() as db:
            return publishing.retry(
                "2026-11", db=db, channels=[configured("fake", channel)], editions=[], at=clock()
            )

    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(again, range(8)))
    work(me, times=3)
    assert len(channel.out_there) == 1


def test_a_server_that_asks_to_wait_is_given_that_time(engine: Engine, clock: Clock) -> None:
    plan(engine)
    channel = FakeChannel(fails_with=[TryLater("slow down", timedelta(minutes=7))])
    me = worker(engine, clock, fake=channel)
    work(me)
    assert standing(engine).next_attempt_at == NOW + timedelta(minutes=7)
    clock.forward(minutes=6)
    work(me)
    assert channel.out_there == []
    clock.forward(minutes=1)
    work(me)
    assert len(channel.out_there) == 1


def test_a_lost_account_pauses_its_channel_with_one_notice(
    engine: Engine, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for key in ("2026-09", "2026-10", "2026-11"):
        plan(engine, "fake", "other", key=key)
    fake = FakeChannel(fails_with=[Disconnected("token revoked")] * 3)
    other = FakeChannel()
    work(worker(engine, clock, fake=fake, other=other), times=3)
    assert len(fake.fails_with) == 2  # only one of the three posts was tried
    assert len(other.out_there) == 3
    assert [r.message for r in caplog.records] == ["channel fake is paused: token revoked"]
    with engine.begin() as db:
        states = sorted(s.state for s in reports.standings(db) if s.channel == "fake")
    assert states == [State.HELD, State.PENDING, State.PENDING]
    clock.forward(hours=1)
    assert hints(worker(engine, clock, fake=fake, other=other)) == []


def test_a_retry_lets_a_paused_channel_go_on(engine: Engine, clock: Clock) -> None:
    plan(engine)
    plan(engine, key="2026-10")
    channel = FakeChannel(fails_with=[Disconnected("token revoked")])
    me = worker(engine, clock, fake=channel)
    work(me)
    with engine.begin() as db:
        publishing.retry(
            "2026-11", db=db, channels=[configured("fake", channel)], editions=[], at=clock()
        )
    clock.forward(seconds=11)
    work(me, times=2)
    assert len(channel.out_there) == 2


def test_a_bug_before_the_post_waits_for_a_person(engine: Engine, clock: Clock) -> None:
    plan(engine)
    work(worker(engine, clock, fake=FakeChannel(fails_with=[KeyError("url")])))
    assert standing(engine).state == State.HELD
    assert "KeyError" in standing(engine).reason


def test_a_bug_after_the_post_is_looked_for_when_retried(engine: Engine, clock: Clock) -> None:
    plan(engine)
    channel = FakeChannel(fails_with=[KeyError("url")], keeps_it_anyway=True)
    me = worker(engine, clock, fake=channel)
    work(me)
    assert standing(engine).state == State.HELD
    with engine.begin() as db:
        publishing.retry(
            "2026-11", db=db, channels=[configured("fake", channel)], editions=[], at=clock()
        )
    work(me)
    assert (standing(engine).state, len(channel.out_there)) == (State.DELIVERED, 1)


def test_an_edition_that_one_channel_cannot_write_goes_to_the_others(
    engine: Engine, clock: Clock
) -> None:
    class Mute(FakeChannel):
        def render(self, edition: object) -> object:  # type: ignore[override]  # it never answers
            raise Refused("the title is too short")

    channels = {"mute": configured("mute", Mute()), "fake": configured("fake", FakeChannel())}
    with engine.begin() as db:
        publishing.plan([edition()], db=db, channels=channels, at=NOW)
    work(worker(engine, clock, fake=FakeChannel()))
    assert standing(engine, "fake").state == State.DELIVERED
    assert standing(engine, "mute").state == State.REFUSED
    assert "the title is too short" in standing(engine, "mute").reason


def test_a_channel_gone_from_the_configuration_is_named(engine: Engine, clock: Clock) -> None:
    plan(engine)
    work(worker(engine, clock))
    assert standing(engine).state == State.HELD
    assert "[channels.fake]" in standing(engine).reason


@pytest.mark.parametrize(
    ("answer", "comes_to", "posts"),
    [
        (State.DELIVERED, State.DELIVERED, 0),
        (State.SKIPPED, State.SKIPPED, 0),
        (State.PENDING, State.DELIVERED, 1),
    ],
)
def test_a_person_settles_what_is_held(
    engine: Engine, clock: Clock, answer: State, comes_to: State, posts: int
) -> None:
    plan(engine)
    channel = FakeChannel(fails_with=[Unsure("silence")], cannot_be_asked=True)
    me = worker(engine, clock, fake=channel)
    work(me)
    clock.forward(minutes=1)
    work(me)
    with engine.begin() as db:
        assert (
            publishing.settle("2026-11", "fake", answer, db=db, at=clock(), url="https://x/") == 1
        )
    work(me)
    assert (standing(engine).state, len(channel.out_there)) == (comes_to, posts)


def test_nobody_settles_what_is_delivered(engine: Engine, clock: Clock) -> None:
    plan(engine)
    work(worker(engine, clock, fake=FakeChannel()))
    with engine.begin() as db:
        assert publishing.settle("2026-11", "fake", State.PENDING, db=db, at=clock()) == 0


def test_what_cannot_be_asked_says_so_once_however_often_it_is_retried(
    engine: Engine, clock: Clock
) -> None:
    plan(engine)
    channel = FakeChannel(fails_with=[Unsure("the answer was lost")], cannot_be_asked=True)
    me = worker(engine, clock, fake=channel)
    reasons = set()
    for _ in range(4):
        work(me, times=3)
        clock.forward(minutes=1)
        reasons.add(standing(engine).reason)
        with engine.begin() as db:
            told = [configured("fake", channel)]
            publishing.retry("2026-11", db=db, channels=told, editions=[], at=clock())
    assert max(map(len, reasons)) < 200


@pytest.mark.parametrize("body", ['{"key": 1}', '"words"', "[]"])
def test_a_post_that_cannot_be_read_is_held_with_its_row_and_stops_no_other(
    engine: Engine, clock: Clock, body: str
) -> None:
    plan(engine, "fake", "well")
    with engine.begin() as db:
        spoilt = text("update posts set body = :body where channel = 'fake'")
        db.execute(spoilt, {"body": body})
    channel = FakeChannel()
    me = worker(engine, clock, fake=channel, well=channel)
    work(me, times=2)
    found = standing(engine)
    assert (found.state, len(channel.out_there)) == (State.HELD, 1)
    assert "row 1 of the table posts cannot be read" in found.reason
    with engine.begin() as db:
        kept = db.scalar(text("select cast(body as text) from posts where channel = 'fake'"))
    assert kept == body


def test_what_was_hinted_at_is_not_hinted_at_again_at_once(engine: Engine, clock: Clock) -> None:
    plan(engine)
    me = worker(engine, clock, fake=FakeChannel())
    assert len(hints(me)) == 1
    assert hints(me) == []
    clock.forward(seconds=11)  # the queue has lost it
    assert len(hints(me)) == 1


def test_every_move_is_logged(engine: Engine, clock: Clock) -> None:
    plan(engine)
    channel = FakeChannel(fails_with=[TryLater("busy")])
    me = worker(engine, clock, fake=channel)
    work(me)
    clock.forward(minutes=1)
    work(me)
    assert log(engine) == [
        ("", "pending", ""),
        ("pending", "sending", ""),
        ("sending", "pending", "busy"),
        ("pending", "sending", ""),
        ("sending", "delivered", "201 created"),
    ]


def test_the_log_tells_each_attempt_with_its_times_and_worker(engine: Engine, clock: Clock) -> None:
    plan(engine)
    me = worker(engine, clock, fake=FakeChannel(fails_with=[TryLater("busy")]))
    work(me)
    clock.forward(minutes=1)
    work(me)
    with engine.begin() as db:
        first, second = reports.attempts(db, "2026-11")
    assert (first.attempt, first.outcome, first.reason, first.started_at) == (
        1,
        "pending",
        "busy",
        NOW,
    )
    assert (second.attempt, second.outcome, second.url, second.worker) == (
        2,
        "delivered",
        "https://fake.example/1",
        "worker-1",
    )


def test_an_outcome_is_recorded_once_the_store_takes_it_again(engine: Engine, clock: Clock) -> None:
    class LocksTheStore(FakeChannel):
        def deliver(self, post: Post) -> Receipt:
            with engine.begin() as db:
                db.execute(text("alter table delivery_log rename to away"))
            return super().deliver(post)

    def mend(seconds: float) -> None:
        with engine.begin() as db:
            db.execute(text("alter table away rename to delivery_log"))

    plan(engine)
    channel = LocksTheStore()
    work(replace(worker(engine, clock, fake=channel), rest=mend))
    assert (standing(engine).state, len(channel.out_there)) == (State.DELIVERED, 1)


def test_what_nobody_took_is_hinted_at_again_at_the_next_sweep(
    engine: Engine, clock: Clock
) -> None:
    plan(engine, "one", "two", "three")
    given: list[Hint] = []

    def deaf(hint: Hint) -> bool:
        given.append(hint)
        return False

    me = worker(engine, clock)
    assert publishing.sweep(me, hint=deaf) == 0
    assert hints(me) == given


def test_a_late_hint_does_not_shorten_the_wait_that_a_server_asked_for(
    engine: Engine, clock: Clock
) -> None:
    plan(engine)
    channel = FakeChannel(fails_with=[TryLater("slow down", timedelta(hours=1))] * 5)
    me = worker(engine, clock, fake=channel)
    for _ in range(5):
        publishing.deliver(1, me)
    assert standing(engine).attempts == 1


def test_the_settling_time_runs_from_the_end_of_the_attempt(engine: Engine, clock: Clock) -> None:
    class SlowToFail(FakeChannel):
        def deliver(self, post: Post) -> Receipt:
            clock.forward(seconds=45)
            return super().deliver(post)

    plan(engine)
    channel = SlowToFail(fails_with=[Unsure("silence")])
    me = worker(engine, clock, fake=channel)
    work(me)
    clock.forward(seconds=3)
    work(me)
    assert (standing(engine).state, channel.out_there) == (State.UNSURE, [])


def test_what_cannot_be_written_is_never_sent(engine: Engine, clock: Clock) -> None:
    class Mute(FakeChannel):
        def render(self, edition: object) -> object:  # type: ignore[override]  # it never answers
            raise Refused("the title is too short")

    mute = configured("mute", Mute())
    with engine.begin() as db:
        publishing.plan([edition()], db=db, channels={"mute": mute}, at=NOW)
        publishing.retry("2026-11", db=db, channels=[mute], editions=[edition()], at=clock())
    me = worker(engine, clock, mute=mute.channel)  # type: ignore[arg-type]  # a fake, as all here
    work(me)
    with engine.begin() as db:
        publishing.settle("2026-11", "mute", State.PENDING, db=db, at=clock())
    work(me)
    assert standing(engine, "mute").state == State.REFUSED
    assert "the title is too short" in standing(engine, "mute").reason
    assert mute.channel.out_there == []  # type: ignore[attr-defined]  # a fake, as all here


def test_a_mended_mailing_goes_to_its_readers(engine: Engine, clock: Clock) -> None:
    class MuteMailing(FakeMailing):
        def render(self, edition: object) -> object:  # type: ignore[override]  # it never answers
            raise Refused("the title is too short")

    subscribing.add(["ann@example.org", "bob@example.org"], engine=engine)
    mute, mended = configured("mail", MuteMailing()), FakeMailing()
    with engine.begin() as db:
        publishing.plan([edition()], db=db, channels={"mail": mute}, at=NOW)
    assert standing(engine, "mail").state == State.REFUSED
    with engine.begin() as db:
        well = configured("mail", mended)
        again = publishing.plan([edition()], db=db, channels={"mail": well}, at=clock())
        assert again == 0  # there is nothing yet to send to anybody
        publishing.retry("2026-11", db=db, channels=[well], editions=[edition()], at=clock())
    me = worker(engine, clock, mail=mended)
    for hint in hints(me):
        mailing.deliver_copies(hint.post, me)
    assert len(mended.out_there) == 2
    assert standing(engine, "mail").state == State.DELIVERED


def test_each_list_reaches_the_readers_whose_addresses_it_can_write_to(
    engine: Engine, clock: Clock
) -> None:
    class FakeMessenger(FakeMailing):
        scheme = "xmpp"

    both = ["ann@example.org", "xmpp:ann@example.org", "xmpp:bob@example.org"]
    subscribing.add(both, engine=engine)
    mail, messenger = FakeMailing(), FakeMessenger()
    me = worker(engine, clock, mail=mail, jabber=messenger)
    with engine.begin() as db:
        publishing.plan([edition()], db=db, channels=me.channels, at=NOW)
    for hint in hints(me):
        mailing.deliver_copies(hint.post, me)
    reached = [[p.to.address for p in c.out_there if p.to] for c in (mail, messenger)]
    assert reached == [both[:1], both[1:]]


def test_the_line_of_an_attempt_tells_what_was_sent_where(engine: Engine, clock: Clock) -> None:
    plan(engine, "fake", key="2026-11")
    out = io.StringIO()
    listener = logging.StreamHandler(out)
    listener.setFormatter(logs.formatter(Log(format="json"), terminal=False))
    logger = logging.getLogger("publisher.publishing")
    logger.addHandler(listener)
    logger.setLevel(logging.INFO)
    work(worker(engine, clock, fake=FakeChannel(fails_with=[TryLater("busy")])))
    logger.removeHandler(listener)
    logger.setLevel(logging.NOTSET)
    [said] = map(json.loads, out.getvalue().splitlines())
    expected = {"event": "attempt", "issue": "2026-11", "lang": "en", "channel": "fake"}
    assert said.items() >= (expected | {"delivery": 1, "attempt": 1, "note": "busy"}).items()
    assert said["outcome"] == "pending"


class Translating(FakeChannel):
    """Wants to be a reply to its original."""

    def render(self, edition: Edition) -> Post:
        return replace(super().render(edition), details={"original": "en"})


def test_a_translation_is_given_what_it_answers_on_its_own_channel(engine: Engine) -> None:
    one, other = Translating(), Translating()
    channels = {
        "one": configured("one", one, "en", "de"),
        "other": configured("other", other, "de"),
    }
    me = replace(worker(engine, Clock()), channels=channels)
    for lang in ("en", "de"):
        with engine.begin() as db:
            publishing.plan([edition(lang=lang)], db=db, channels=channels, at=NOW)
        publishing.sweep(me, hint=lambda hint: publishing.deliver(hint.delivery, me))
    assert [post.reply_to for post in one.out_there] == ["", "1"]
    assert [post.reply_to for post in other.out_there] == [""]


def test_what_a_post_answers_is_not_stored_with_it(engine: Engine) -> None:
    me = worker(engine, Clock(), net=FakeChannel())
    with engine.begin() as db:
        publishing.plan([edition()], db=db, channels=me.channels, at=NOW)
        [body] = db.scalars(select(schema.posts.c.body))
    assert "reply_to" not in body  # which a program of the version before would not understand
