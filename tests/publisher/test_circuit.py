"""A network that keeps failing is left alone for a while, and then asked by one."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from publisher import publishing
from publisher.domain.channel import Refused, TryLater, Unsure
from publisher.domain.circuit import IN_A_ROW, RESTS, rest
from publisher.domain.delivery import LEASE, State
from publisher.publishing import Worker
from publisher.storage import deliveries, reports
from publisher.storage.waiting import Hint
from tests.publisher.fakes import NOW, Clock, FakeChannel, configured, edition, worker


@pytest.fixture
def clock() -> Clock:
    return Clock()


def plan(engine: Engine, posts: int, *names: str) -> None:
    channels = {name: configured(name, FakeChannel()) for name in names or ["fake"]}
    editions = [edition(f"issue-{number:03}") for number in range(posts)]
    with engine.begin() as db:
        publishing.plan(editions, db=db, channels=channels, at=NOW)


def sweep(me: Worker) -> int:
    """Sweep, and follow each hint to its end; how many deliveries that began with."""
    found: list[Hint] = []
    publishing.sweep(me, hint=found.append)
    for hint in found:
        more: Hint | None = hint
        while more:
            more = publishing.deliver(more.delivery, me)
    return len(found)


def broken(engine: Engine, clock: Clock, failure: Callable[[], Exception]) -> FakeChannel:
    """A channel that rests: so many posts failed, and more are waiting."""
    plan(engine, IN_A_ROW + 3)
    channel = FakeChannel(fails_with=[failure() for _ in range(IN_A_ROW)])
    me = worker(engine, clock, fake=channel)
    for _ in range(IN_A_ROW):
        sweep(me)
    assert channel.fails_with == []
    return channel


def down() -> Exception:
    return TryLater("502 bad gateway")


def states(engine: Engine) -> list[State]:
    with engine.begin() as db:
        return [s.state for s in reports.standings(db)]


@pytest.mark.parametrize("failure", [down, lambda: Unsure("the answer was lost")])
def test_a_channel_rests_after_failures_in_a_row_whoever_met_them(
    engine: Engine, clock: Clock, failure: Callable[[], Exception]
) -> None:
    channel = broken(engine, clock, failure)
    clock.forward(seconds=RESTS[0].total_seconds() - 1)
    assert sweep(worker(engine, clock, "another", fake=channel)) == 0
    assert channel.out_there == []


def test_a_late_hint_begins_nothing_on_a_channel_that_rests(engine: Engine, clock: Clock) -> None:
    channel = broken(engine, clock, down)
    publishing.deliver(IN_A_ROW + 1, worker(engine, clock, fake=channel))
    assert channel.out_there == []


def test_one_notice_tells_that_a_channel_rests(
    engine: Engine, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    broken(engine, clock, down)
    assert caplog.text.count("channel fake rests until") == 1


def test_status_tells_that_a_channel_rests_until_when_and_why(engine: Engine, clock: Clock) -> None:
    broken(engine, clock, down)
    with engine.begin() as db:
        last = reports.standings(db)[-1]
    assert last.reason == "channel rests after 5 failures in a row: 502 bad gateway"
    assert last.next_attempt_at
    assert last.next_attempt_at >= NOW + RESTS[0]
    assert not last.needs_person


def test_refusals_are_about_posts_and_let_no_channel_rest(engine: Engine, clock: Clock) -> None:
    plan(engine, 8)
    channel = FakeChannel(fails_with=[Refused("too long") for _ in range(7)])
    sweep(worker(engine, clock, fake=channel))
    assert len(channel.out_there) == 1


def test_a_success_takes_half_of_the_failures_back(engine: Engine, clock: Clock) -> None:
    plan(engine, 20)
    channel = FakeChannel(fails_with=[down() for _ in range(4)])
    me = worker(engine, clock, fake=channel)
    for _ in range(5):
        sweep(me)
    channel.fails_with = [down(), down()]
    sweep(me)
    sweep(me)
    assert sweep(me) == 1  # two and two are less than five


def test_waiting_for_a_channel_that_rests_is_no_attempt(engine: Engine, clock: Clock) -> None:
    broken(engine, clock, down)
    with engine.begin() as db:
        assert [s.attempts for s in reports.standings(db)][IN_A_ROW:] == [0, 0, 0]


def test_after_its_rest_one_of_many_workers_tries_and_the_others_leave_it(
    engine: Engine, clock: Clock
) -> None:
    broken(engine, clock, down)
    clock.forward(seconds=RESTS[0].total_seconds() * 2)

    def claim(number: int) -> bool:
        with engine.begin() as db:
            id = 1 + number % (IN_A_ROW + 3)
            return deliveries.claim(db, id, at=clock(), owner=f"worker-{number}") is not None

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(claim, range(16))) == 1


def test_one_answer_lets_all_that_waits_go_one_after_the_other(
    engine: Engine, clock: Clock
) -> None:
    channel = broken(engine, clock, down)
    clock.forward(seconds=RESTS[0].total_seconds() * 2)
    me = worker(engine, clock, fake=channel)
    firsts = [sweep(me) for _ in range(4)]  # spaced, until the network has shown that it is well
    assert firsts == [1, 1, 1, 0]
    assert set(states(engine)) == {State.DELIVERED}


def test_what_has_failed_often_is_due_at_once_when_the_network_answers(
    engine: Engine, clock: Clock
) -> None:
    plan(engine, 2)
    channel = FakeChannel(fails_with=[down() for _ in range(IN_A_ROW)])
    me = worker(engine, clock, fake=channel)
    for _ in range(IN_A_ROW):
        publishing.deliver(1, me)
        clock.forward(minutes=31)
    clock.forward(minutes=-30)  # the first waits for half an hour
    sweep(me)
    sweep(me)
    assert set(states(engine)) == {State.DELIVERED}


def test_a_failed_try_lets_the_channel_rest_longer_without_another_notice(
    engine: Engine, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    channel = broken(engine, clock, down)
    clock.forward(seconds=RESTS[0].total_seconds() * 2)
    channel.fails_with = [down()]
    me = worker(engine, clock, fake=channel)
    assert sweep(me) == 1
    clock.forward(seconds=RESTS[1].total_seconds() - 1)
    assert sweep(me) == 0
    assert caplog.text.count("channel fake rests until") == 1


def test_a_try_whose_worker_was_lost_is_somebody_elses(engine: Engine, clock: Clock) -> None:
    channel = broken(engine, clock, down)
    clock.forward(seconds=RESTS[0].total_seconds() * 2)
    with engine.begin() as db:
        assert deliveries.claim(db, 1, at=clock(), owner="killed")
    assert sweep(worker(engine, clock, fake=channel)) == 0
    clock.forward(seconds=LEASE.total_seconds() + 1)
    assert sweep(worker(engine, clock, fake=channel)) == 1


@pytest.mark.parametrize("way", ["resume", "retry"])
def test_a_person_need_not_wait_for_the_rest(engine: Engine, clock: Clock, way: str) -> None:
    channel = broken(engine, clock, down)
    with engine.begin() as db:
        if way == "resume":
            publishing.resume("fake", db=db, at=clock())
        else:
            fake = [configured("fake", channel)]
            publishing.retry("issue-000", db=db, channels=fake, editions=[], at=clock())
    clock.forward(seconds=11)
    sweep(worker(engine, clock, fake=channel))
    assert len(channel.out_there) >= 1


def test_a_hanging_channel_keeps_one_worker_and_delays_no_other(
    engine: Engine, clock: Clock
) -> None:
    plan(engine, 20, "hangs")
    plan(engine, 1, "other")
    other = FakeChannel()

    class Hanging(FakeChannel):
        busy = 0

        def deliver(self, post):  # type: ignore[no-untyped-def]  # as the fake's
            self.busy += 1
            assert self.busy == 1, "two at once"
            assert sweep(worker(engine, clock, "beside", hangs=self, other=other)) == 1
            for id in range(2, 21):  # late hints, from before
                publishing.deliver(id, worker(engine, clock, "beside", hangs=self, other=other))
            assert len(other.out_there) == 1
            self.busy -= 1
            clock.forward(seconds=60)
            raise TryLater("no answer in time")

    hangs = Hanging()
    publishing.deliver(1, worker(engine, clock, hangs=hangs, other=other))
    assert len(other.out_there) == 1


def test_one_channels_rest_is_no_other_channels(engine: Engine, clock: Clock) -> None:
    channel = broken(engine, clock, down)
    plan(engine, 1, "other")
    other = FakeChannel()
    sweep(worker(engine, clock, fake=channel, other=other))
    assert len(other.out_there) == 1


# --- the decision


@pytest.mark.parametrize("failures", range(IN_A_ROW))
def test_a_few_failures_are_no_reason_to_rest(failures: int) -> None:
    assert rest(failures) is None


@pytest.mark.parametrize(("more", "at_least"), [*enumerate(RESTS), (50, RESTS[-1])])
def test_rests_grow_up_to_a_longest_with_something_at_random(
    more: int, at_least: timedelta
) -> None:
    found = {rest(IN_A_ROW + more) for _ in range(20)}
    assert len(found) > 1
    assert all(one and at_least <= one <= at_least * 1.25 for one in found)


def test_a_server_that_asks_for_a_longer_rest_is_believed() -> None:
    assert rest(IN_A_ROW, asked=timedelta(hours=2)) == timedelta(hours=2)
