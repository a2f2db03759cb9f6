"""Many copies of one post, on both real databases."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from multiprocessing import get_context

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import OperationalError

from publisher import mailing, publishing, subscribing
from publisher.domain.channel import Copy, Disconnected, Receipt, Refused, TryLater, Unsure
from publisher.domain.delivery import State
from publisher.publishing import Worker
from publisher.storage import copies, deliveries, pacing, reports
from publisher.storage.engine import connect
from publisher.storage.schema import subscribers, workers
from publisher.storage.waiting import Hint
from tests.publisher.fakes import NOW, Clock, FakeMailing, configured, edition, worker


@pytest.fixture
def clock() -> Clock:
    return Clock()


def addresses(number: int) -> list[str]:
    return [f"reader{i}@example.org" for i in range(number)]


def plan(engine: Engine, *langs: str, takes: tuple[str, ...] = ("en",)) -> int:
    channels = {"mail": configured("mail", FakeMailing(), *takes)}
    editions = [edition(lang=lang) for lang in langs or ("en",)]
    with engine.begin() as db:
        return publishing.plan(editions, db=db, channels=channels, at=NOW)


def work(worker: Worker) -> list[Hint]:
    found: list[Hint] = []
    publishing.sweep(worker, hint=found.append)
    for hint in found:
        if hint.post:
            mailing.deliver_copies(hint.post, worker)
        else:
            publishing.deliver(hint.delivery, worker)
    return found


def standing(engine: Engine, lang: str = "en") -> reports.Standing:
    with engine.begin() as db:
        [found] = [s for s in reports.standings(db) if s.lang == lang]
    return found


def sent_to(channel: FakeMailing) -> list[str]:
    return sorted(post.to.address for post in channel.out_there if post.to)


def test_every_reader_gets_one_copy(engine: Engine, clock: Clock) -> None:
    subscribing.add(addresses(450), engine=engine)
    assert plan(engine) == 450
    channel = FakeMailing()
    assert work(worker(engine, clock, mail=channel)) == [Hint(post=1)]
    assert sent_to(channel) == sorted(addresses(450))
    assert standing(engine).readers == {"delivered": 450}
    assert standing(engine).state == State.DELIVERED


def test_a_sweep_that_waited_for_the_store_does_not_have_the_next_one_hint_again(
    engine: Engine, clock: Clock
) -> None:
    subscribing.add(addresses(2), engine=engine)
    plan(engine)
    me, hints = worker(engine, clock, mail=FakeMailing()), list[Hint]()
    event.listen(engine, "begin", lambda _: clock.forward(seconds=20), once=True)
    publishing.sweep(me, hint=hints.append)
    publishing.sweep(me, hint=hints.append)
    assert hints == [Hint(post=1)]


def test_two_spellings_of_one_address_are_one_reader(engine: Engine) -> None:
    assert subscribing.add(["Ann@Example.org", "ann@example.org"], engine=engine) == [True, False]
    assert plan(engine) == 1


def test_several_workers_at_once_send_no_copy_twice(engine: Engine, clock: Clock) -> None:
    subscribing.add(addresses(600), engine=engine)
    plan(engine)
    channel = FakeMailing()
    crew = [worker(engine, clock, name=f"w{i}", mail=channel) for i in range(4)]
    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(lambda me: mailing.deliver_copies(1, me), crew))
    assert sent_to(channel) == sorted(addresses(600))


def test_planning_again_adds_only_readers_who_joined_since(engine: Engine, clock: Clock) -> None:
    subscribing.add(addresses(2), engine=engine)
    plan(engine)
    assert plan(engine) == 0
    subscribing.add(["late@example.org"], engine=engine)
    assert plan(engine) == 1


def test_a_reader_who_left_before_the_copy_went_out_gets_none(engine: Engine, clock: Clock) -> None:
    subscribing.add(addresses(2), engine=engine)
    plan(engine)
    subscribing.remove("reader0@example.org", engine=engine)
    channel = FakeMailing()
    work(worker(engine, clock, mail=channel))
    assert sent_to(channel) == ["reader1@example.org"]
    assert standing(engine).readers == {"delivered": 1, "skipped": 1}


def test_readers_get_the_edition_in_their_language_and_only_that(
    engine: Engine, clock: Clock
) -> None:
    subscribing.add(["any@example.org"], engine=engine)
    for lang in ("de", "pl"):
        choices = subscribing.Choices(languages=(lang,))
        subscribing.add([f"{lang}@example.org"], engine=engine, choices=choices)
    plan(engine, "en", "de", takes=("en", "de"))
    channel = FakeMailing()
    work(worker(engine, clock, mail=channel))
    copies = sorted((post.lang, post.to.address) for post in channel.out_there if post.to)
    assert copies == [
        ("de", "de@example.org"),
        ("en", "any@example.org"),
        ("en", "pl@example.org"),
    ]


def test_each_copy_carries_its_readers_own_leave_link(engine: Engine, clock: Clock) -> None:
    subscribing.add(addresses(2), engine=engine)
    plan(engine)
    channel = FakeMailing()
    work(worker(engine, clock, mail=channel))
    links = {post.to.unsubscribe_url for post in channel.out_there if post.to}
    assert len(links) == 2
    assert all(link.startswith("https://pages.example/unsubscribe/") for link in links)


def test_one_refused_reader_does_not_touch_the_others(engine: Engine, clock: Clock) -> None:
    subscribing.add(addresses(3), engine=engine)
    plan(engine)
    channel = FakeMailing(refuses={"reader1@example.org": Refused("550 5.1.1 no such user")})
    work(worker(engine, clock, mail=channel))
    assert standing(engine).readers == {"delivered": 2, "refused": 1}
    assert standing(engine).state == State.DELIVERED
    with engine.begin() as db:
        [attempt] = reports.attempts(db, "2026-11", reader="reader1@example.org")
    assert (attempt.outcome, attempt.reason) == ("refused", "550 5.1.1 no such user")


def test_a_deferred_reader_is_tried_again_and_alone(engine: Engine, clock: Clock) -> None:
    subscribing.add(addresses(3), engine=engine)
    plan(engine)
    channel = FakeMailing(refuses={"reader1@example.org": TryLater("451 greylisted")})
    me = worker(engine, clock, mail=channel)
    work(me)
    assert standing(engine).state == State.PENDING
    channel.refuses.clear()
    clock.forward(minutes=5)
    work(me)
    assert sent_to(channel) == addresses(3)


def test_a_copy_in_doubt_waits_for_a_person_and_is_not_sent_again(
    engine: Engine, clock: Clock
) -> None:
    subscribing.add(addresses(2), engine=engine)
    plan(engine)
    lost = Unsure("no answer after the final dot")
    channel = FakeMailing(refuses={"reader1@example.org": lost}, cannot_be_asked=True)
    me = worker(engine, clock, mail=channel)
    work(me)
    channel.refuses.clear()
    for _ in range(3):
        clock.forward(minutes=5)
        work(me)
    assert standing(engine).readers == {"delivered": 1, "held": 1}
    assert standing(engine).state == State.HELD
    assert sent_to(channel) == ["reader0@example.org"]


def test_a_dead_server_costs_no_reader_an_attempt_that_was_not_made(
    engine: Engine, clock: Clock
) -> None:
    subscribing.add(addresses(5), engine=engine)
    plan(engine)
    channel = FakeMailing(refuses={"reader0@example.org": TryLater("connection refused")})

    async def stops_at_once(copies, *, mark, settle):  # type: ignore[no-untyped-def]
        async for copy in copies:
            await settle(copy, channel.refuses["reader0@example.org"])
            return

    channel.deliver_each = stops_at_once  # type: ignore[method-assign]
    me = worker(engine, clock, mail=channel)
    for _ in range(12):
        work(me)
        clock.forward(days=2)
    assert standing(engine).readers == {"held": 1, "pending": 4} or standing(engine).readers == {
        "pending": 5
    }


def test_a_lost_account_holds_the_batch_and_pauses_the_channel(
    engine: Engine, clock: Clock
) -> None:
    subscribing.add(addresses(5), engine=engine)
    plan(engine)
    channel = FakeMailing(ends_with=Disconnected("535 bad password"), ends_after=2)
    me = worker(engine, clock, mail=channel)
    work(me)
    found = standing(engine)
    assert found.readers == {"delivered": 2, "held": 3}
    assert (found.state, found.reason) == (State.HELD, "535 bad password")
    channel.ends_with = None
    with engine.begin() as db:
        mended = [configured("mail", channel)]
        publishing.retry("2026-11", db=db, channels=mended, editions=[], at=clock())
    clock.forward(seconds=11)
    work(me)
    assert sent_to(channel) == addresses(5)


def test_a_stopped_mailing_shows_as_held_though_most_of_it_was_never_begun(
    engine: Engine, clock: Clock
) -> None:
    subscribing.add(addresses(mailing.BATCH + 50), engine=engine)
    plan(engine)
    channel = FakeMailing(ends_with=Disconnected("535 bad password"))
    work(worker(engine, clock, mail=channel))
    found = standing(engine)
    assert found.readers == {"held": mailing.BATCH, "pending": 50}
    assert (found.state, found.needs_person) == (State.HELD, True)


def test_a_worker_lost_in_a_batch_leaves_in_doubt_only_what_it_had_marked(
    engine: Engine, clock: Clock
) -> None:
    subscribing.add(addresses(10), engine=engine)
    plan(engine)
    with engine.begin() as db:
        found = copies.stored_post(db, 1)
        assert found
        taken = copies.claim(db, 1, found[1], limit=6, at=clock(), owner="lost", channel="mail")
        deliveries.mark(db, [(d.id, d.attempt) for d in taken[:2]], at=clock())
    channel = FakeMailing(cannot_be_asked=True)
    me = worker(engine, clock, lost=lambda name: name == "lost", mail=channel)
    work(me)
    assert standing(engine).readers == {"delivered": 8, "held": 2}


def test_a_bug_between_mark_and_answer_leaves_that_copy_in_doubt_and_holds_the_rest(
    engine: Engine, clock: Clock
) -> None:
    subscribing.add(addresses(3), engine=engine)
    plan(engine)

    class Buggy(FakeMailing):
        async def deliver_each(self, copies, *, mark, settle):  # type: ignore[no-untyped-def]
            async for copy in copies:
                assert await mark(copy)
                raise KeyError("reply")

    work(worker(engine, clock, mail=Buggy()))
    assert standing(engine).readers == {"held": 2, "unsure": 1}
    assert "KeyError" in standing(engine).reason


def test_a_stop_gives_back_what_was_not_begun(engine: Engine, clock: Clock) -> None:
    subscribing.add(addresses(5), engine=engine)
    plan(engine)
    channel = FakeMailing()
    me = replace(worker(engine, clock, mail=channel), stopping=lambda: len(channel.out_there) >= 2)
    mailing.deliver_copies(1, me)
    assert standing(engine).readers == {"delivered": 2, "pending": 3}
    work(worker(engine, clock, mail=channel))
    assert sent_to(channel) == addresses(5)


def test_a_copy_that_is_not_ours_any_more_is_not_sent(engine: Engine, clock: Clock) -> None:
    subscribing.add(addresses(3), engine=engine)
    plan(engine)

    class SlowMailing(FakeMailing):
        async def deliver_each(self, copies, *, mark, settle):  # type: ignore[no-untyped-def]
            async def too_late(copy):  # type: ignore[no-untyped-def]
                clock.forward(minutes=11)  # this host slept, and another took over
                publishing.sweep(worker(engine, clock, name="other"), hint=lambda _: None)
                return await mark(copy)

            await super().deliver_each(copies, mark=too_late, settle=settle)

    slow = SlowMailing()
    work(worker(engine, clock, name="slow", mail=slow))
    assert slow.out_there == []


def test_a_mailing_that_cannot_be_read_is_named_and_waits(
    engine: Engine, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    subscribing.add(addresses(2), engine=engine)
    plan(engine)
    with engine.begin() as db:
        db.execute(text("update posts set body = '[]'"))
    assert not mailing.deliver_copies(1, worker(engine, clock, mail=FakeMailing()))
    assert standing(engine).readers == {"pending": 2}
    assert "row 1 of the table posts cannot be read" in caplog.text


def test_a_worker_that_slept_after_its_mark_sends_no_dot(engine: Engine, clock: Clock) -> None:
    subscribing.add(addresses(2), engine=engine)
    plan(engine)

    def sleep(*words: object) -> None:
        if "SET marked_at" in str(words[2]) and not channel.out_there:
            clock.forward(minutes=11)

    channel = FakeMailing()
    me = worker(engine, clock, mail=channel)
    event.listen(engine, "after_cursor_execute", sleep)
    mailing.deliver_copies(1, me)
    event.remove(engine, "after_cursor_execute", sleep)
    assert channel.out_there == []
    work(me)
    assert len(channel.out_there) == 2


def test_a_mark_that_cannot_be_written_stops_the_dot(engine: Engine, clock: Clock) -> None:
    subscribing.add(addresses(2), engine=engine)
    plan(engine)

    class Sabotage(FakeMailing):
        async def deliver_each(self, copies, *, mark, settle):  # type: ignore[no-untyped-def]
            with engine.begin() as db:
                db.execute(text("alter table delivery_log rename to gone"))
                db.execute(text("alter table deliveries rename to gone_too"))
            await super().deliver_each(copies, mark=mark, settle=settle)

    channel = Sabotage()
    with pytest.raises(Exception, match="deliveries"):
        impatient = replace(worker(engine, clock, mail=channel), rest=lambda _: None)
        mailing.deliver_copies(1, impatient)
    assert channel.out_there == []


def test_a_rate_spreads_the_copies_over_time(engine: Engine) -> None:
    subscribing.add(addresses(5), engine=engine)
    plan(engine)
    with engine.begin() as db:
        first = pacing.reserve(db, "mail", 100, rate=50.0, at=NOW)
        second = pacing.reserve(db, "mail", 1, rate=50.0, at=NOW)
    assert (second - first).total_seconds() == pytest.approx(2.0)


def test_nobody_to_write_to_is_said_and_done(engine: Engine, clock: Clock) -> None:
    assert plan(engine) == 0
    work(worker(engine, clock, mail=FakeMailing()))
    assert (standing(engine).state, standing(engine).readers) == (State.SKIPPED, {})


def test_a_servers_odd_bytes_do_not_spoil_the_batch(engine: Engine, clock: Clock) -> None:
    subscribing.add(addresses(10), engine=engine)
    plan(engine)
    odd = Refused("550 Empf\udce4nger \0 unbekannt")
    channel = FakeMailing(refuses={"reader3@example.org": odd})
    work(worker(engine, clock, mail=channel))
    assert standing(engine).readers == {"delivered": 9, "refused": 1}


def test_a_store_that_is_away_for_a_moment_loses_no_answer(engine: Engine, clock: Clock) -> None:
    subscribing.add(addresses(3), engine=engine)
    plan(engine)

    class TakesTheStoreAway(FakeMailing):
        async def deliver_each(self, copies, *, mark, settle):  # type: ignore[no-untyped-def]
            await super().deliver_each(copies, mark=mark, settle=settle)
            with engine.begin() as db:
                db.execute(text("alter table delivery_log rename to away"))

    def mend(seconds: float) -> None:
        with engine.begin() as db:
            db.execute(text("alter table away rename to delivery_log"))

    channel = TakesTheStoreAway()
    mailing.deliver_copies(1, replace(worker(engine, clock, mail=channel), rest=mend))
    assert standing(engine).readers == {"delivered": 3}


def test_a_mailing_under_way_is_not_hinted_at_again(engine: Engine, clock: Clock) -> None:
    subscribing.add(addresses(mailing.BATCH + 50), engine=engine)
    plan(engine)
    found: list[Hint] = []

    class Slow(FakeMailing):
        async def deliver_each(self, copies, *, mark, settle):  # type: ignore[no-untyped-def]
            first = await anext(copies)
            clock.forward(seconds=25)
            publishing.sweep(worker(engine, clock, name="beat"), hint=found.append)
            await settle(first, TryLater("451 not now"))
            await super().deliver_each(copies, mark=mark, settle=settle)

    mailing.deliver_copies(1, worker(engine, clock, mail=Slow()))
    assert found == []


def hints_under_way(engine: Engine, clock: Clock, others: dict[str, timedelta]) -> list[Hint]:
    """What a sweep hints at while one machine is at a mailing; `others` beat so long ago."""
    subscribing.add(addresses(mailing.BATCH + 50), engine=engine)
    plan(engine)
    found: list[Hint] = []
    for host, silence in {"here": timedelta(0), **others}.items():
        with engine.begin() as db:
            at = {"role": "worker", "version": "1", "started_at": clock()}
            beat = at | {"name": f"worker@{host}", "host": host, "beat_at": clock() - silence}
            db.execute(workers.insert().values(beat))

    class UnderWay(FakeMailing):
        async def deliver_each(self, copies, *, mark, settle):  # type: ignore[no-untyped-def]
            first = await anext(copies)
            publishing.sweep(worker(engine, clock, name="beat"), hint=found.append)
            await settle(first, TryLater("451 not now"))

    mailing.deliver_copies(1, worker(engine, clock, mail=UnderWay()))
    return found


def test_another_machine_is_called_to_a_mailing_under_way(engine: Engine, clock: Clock) -> None:
    others = {"there": timedelta(seconds=5)}
    assert hints_under_way(engine, clock, others) == [Hint(post=1)] * 2  # one for each


def test_a_machine_that_is_silent_is_not_called(engine: Engine, clock: Clock) -> None:
    assert hints_under_way(engine, clock, {"there": timedelta(minutes=5)}) == []


def test_a_slow_batch_begins_nothing_once_its_turn_is_over(engine: Engine, clock: Clock) -> None:
    subscribing.add(addresses(10), engine=engine)
    plan(engine)

    class Tarpit(FakeMailing):
        async def deliver_each(self, copies, *, mark, settle):  # type: ignore[no-untyped-def]
            async def slow_mark(copy):  # type: ignore[no-untyped-def]
                clock.forward(seconds=25)
                return await mark(copy)

            await super().deliver_each(copies, mark=slow_mark, settle=settle)

    mailing.deliver_copies(1, worker(engine, clock, mail=Tarpit()))
    assert standing(engine).readers == {"delivered": 4, "pending": 6}


def test_a_person_who_retries_never_blocks_workers_under_a_rate(
    engine: Engine, clock: Clock
) -> None:
    subscribing.add(addresses(20), engine=engine)
    plan(engine)
    busy: dict[str, Exception] = {address: TryLater("451 busy") for address in addresses(20)}
    channel = FakeMailing(rate=1e6, refuses=busy)

    def send(number: int) -> None:
        for _ in range(15):
            mailing.deliver_copies(1, worker(engine, clock, name=f"w{number}", mail=channel))

    def retry(_: int) -> None:
        for _ in range(30):
            with engine.begin() as db:
                mended = [configured("mail", channel)]
                publishing.retry("2026-11", db=db, channels=mended, editions=[], at=clock())

    with ThreadPoolExecutor(max_workers=3) as pool:
        parts = [pool.submit(send, 1), pool.submit(send, 2), pool.submit(retry, 3)]
    for done in parts:
        done.result()  # a deadlock would be raised here


def test_a_claim_finds_its_copies_without_sorting_the_mailing(engine: Engine) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL goes by its statistics, which a small table has none of")
    seen: list[str] = []

    def explain(db: Connection, _: object, statement: str, given: object, *__: object) -> None:
        if statement.startswith("WITH ready"):
            cursor = db.connection.cursor()
            cursor.execute("EXPLAIN QUERY PLAN " + statement, given)  # type: ignore[arg-type]
            seen.extend(row[3] for row in cursor.fetchall())

    event.listen(engine, "before_cursor_execute", explain)
    with engine.begin() as db:
        post = FakeMailing().render(edition())
        copies.claim(db, 1, post, limit=1, at=NOW, owner="me", channel="mail")
    assert any("ix_deliveries_open (state=? AND post_id=? AND id>?)" in line for line in seen)
    assert not any("TEMP B-TREE" in line for line in seen)


def test_one_copy_that_was_taken_over_does_not_hold_up_its_group(
    engine: Engine, clock: Clock
) -> None:
    subscribing.add(addresses(3), engine=engine)
    plan(engine)

    class Asleep(FakeMailing):
        async def deliver_each(self, copies, *, mark, settle):  # type: ignore[no-untyped-def]
            taken = [copy async for copy in copies]
            with engine.begin() as db:  # another worker has freed the first and claimed it anew
                changed = "update deliveries set attempts = attempts + 1 where id = :id"
                db.execute(text(changed), {"id": taken[0].id})
            given = await asyncio.gather(*map(mark, taken))
            assert given == [False, True, True]
            for copy in taken:
                await settle(copy, Receipt(id=str(copy.id), note="250"))

    mailing.deliver_copies(1, worker(engine, clock, mail=Asleep()))
    assert standing(engine).readers == {"delivered": 2, "sending": 1}
    with engine.begin() as db:
        logged = reports.attempts(db, "2026-11", reader="reader0@example.org")
    assert [one.outcome for one in logged] == ["sending"]


def test_a_list_that_refuses_us_pauses_the_channel_and_the_rest_waits(
    engine: Engine, clock: Clock
) -> None:
    subscribing.add(addresses(10), engine=engine)
    plan(engine)
    blocked: dict[str, Exception] = dict.fromkeys(addresses(10), Refused("554 5.7.1 go away"))
    work(worker(engine, clock, mail=FakeMailing(refuses=blocked)))
    found = standing(engine)
    assert found.readers == {"pending": 5, "refused": 5}
    assert found.paused
    assert "5 of the last 5 copies were refused, mostly with: 554 5.7.1 go away" in found.reason


def test_what_a_server_refuses_is_noted_as_a_bounce_with_its_kind(
    engine: Engine, clock: Clock
) -> None:
    subscribing.add(addresses(5), engine=engine)
    plan(engine)
    refuses: dict[str, Exception] = {
        "reader0@example.org": Refused("550 5.1.1 no such user"),
        "reader1@example.org": Refused("554 5.7.1 not wanted"),
        "reader2@example.org": Refused("552 5.2.2 full"),
        "reader3@example.org": Refused("no mail can reach it"),
    }
    work(worker(engine, clock, mail=FakeMailing(refuses=refuses)))
    with engine.begin() as db:
        found = db.execute(text("select delivery_id, kind, status from bounces order by 1")).all()
    assert [tuple(row) for row in found] == [
        (1, "hard", "5.1.1"),
        (2, "policy", "5.7.1"),
        (3, "soft", "5.2.2"),
    ]


def test_a_worker_does_not_sit_and_wait_for_slots_that_are_long_to_come(
    engine: Engine, clock: Clock
) -> None:
    subscribing.add(addresses(3), engine=engine)
    plan(engine)
    with engine.begin() as db:
        pacing.reserve(db, "mail", 100, rate=1.0, at=NOW)
    mailing.deliver_copies(1, worker(engine, clock, mail=FakeMailing(rate=1.0)))
    assert standing(engine).readers == {"pending": 3}


def test_copies_that_come_due_behind_a_worker_are_found_by_it(engine: Engine, clock: Clock) -> None:
    subscribing.add(addresses(5), engine=engine)
    plan(engine)

    class DeferredOnce(FakeMailing):
        async def deliver_each(self, copies, *, mark, settle):  # type: ignore[no-untyped-def]
            await settle(await anext(copies), TryLater("451 not now"))
            second = await anext(copies)
            assert await mark(second)  # by now the first is settled for good
            clock.forward(seconds=10)
            await settle(second, Receipt(id="<2@fake>"))
            await super().deliver_each(copies, mark=mark, settle=settle)

    mailing.deliver_copies(1, worker(engine, clock, mail=DeferredOnce()))
    assert standing(engine).readers == {"delivered": 5}


def test_two_processes_on_one_list_miss_none_and_double_none(engine: Engine) -> None:
    known = {"languages": (), "lists": (), "state": "confirmed", "origin": "test"}
    times = {"added_at": NOW, "changed_at": NOW}
    readers = [
        {"address": a, "address_key": a, "token": a, **known, **times} for a in addresses(2000)
    ]
    with engine.begin() as db:
        db.execute(subscribers.insert(), readers)
    plan(engine)
    engine.dispose()
    address = engine.url.render_as_string(hide_password=False)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        sent = list(pool.map(send_all, [address, address], ["one", "two"]))
    assert sorted(sent[0] + sent[1]) == sorted(addresses(2000))
    assert standing(engine).readers == {"delivered": 2000}


def send_all(address: str, name: str) -> list[str]:
    """Be a worker in a process of its own; whom it sent to."""
    channel = ManyLines()
    mailing.deliver_copies(1, worker(connect(address), Clock(), name=name, mail=channel))
    return sent_to(channel)


class ManyLines(FakeMailing):
    """A fake whose copies wait for their marks together, as those on real lines do."""

    async def deliver_each(self, copies, *, mark, settle):  # type: ignore[no-untyped-def]
        taking = asyncio.Lock()

        async def one_by_one() -> AsyncIterator[Copy]:
            while True:
                async with taking:
                    copy = await anext(copies, None)
                if copy is None:
                    return
                yield copy

        line = super().deliver_each
        await asyncio.gather(*(line(one_by_one(), mark=mark, settle=settle) for _ in range(50)))


def test_a_store_that_hangs_up_loses_no_answer(engine: Engine, clock: Clock) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("there is nobody to hang up")
    subscribing.add(addresses(2), engine=engine)
    plan(engine)
    others = "select pg_terminate_backend(pid) from pg_stat_activity"
    others += " where datname = current_database() and pid <> pg_backend_pid()"

    class Cut(FakeMailing):
        async def deliver_each(self, copies, *, mark, settle):  # type: ignore[no-untyped-def]
            copy = await anext(copies)
            assert await mark(copy)
            with engine.connect() as db:
                db.execute(text(others))
            await settle(copy, Receipt(id="<1@fake>"))

    mailing.deliver_copies(1, replace(worker(engine, clock, mail=Cut()), rest=lambda _: None))
    assert standing(engine).readers == {"delivered": 1, "pending": 1}


def test_a_group_whose_commit_fails_leaves_the_store_to_others_and_the_next_one_is_written(
    engine: Engine, clock: Clock
) -> None:
    subscribing.add(addresses(3), engine=engine)
    plan(engine)
    channel, free = FakeMailing(), list[bool]()

    def fail(_: Connection) -> None:
        raise OperationalError("COMMIT", {}, OSError("the disk is full"))

    class Failing(FakeMailing):
        async def deliver_each(self, copies, *, mark, settle):  # type: ignore[no-untyped-def]
            taken = [copy async for copy in copies]
            event.listen(engine, "commit", fail, once=True)
            with pytest.raises(OperationalError):
                await mark(taken[0])
            with engine.begin() as db:  # where a transaction were open, this would wait for it
                free.append(bool(db.scalar(text("select count(*) from posts"))))
            await channel.deliver_each(_each(taken[1:]), mark=mark, settle=settle)

    mailing.deliver_copies(1, worker(engine, clock, mail=Failing()))
    assert free == [True]
    assert standing(engine).readers == {"delivered": 2, "pending": 1}


async def _each(copies: list[Copy]) -> AsyncIterator[Copy]:
    for copy in copies:
        yield copy
