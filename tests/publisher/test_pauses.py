"""What a person stops stays stopped, and goes on where it was."""

from sqlalchemy import Engine

from publisher import mailing, publishing, subscribing
from publisher.domain.channel import TryLater, Unsure
from publisher.domain.delivery import State
from publisher.storage import pauses, reports
from publisher.storage.pauses import CANCELLED, PAUSED
from publisher.storage.waiting import Hint
from tests.publisher.fakes import NOW, Clock, FakeChannel, FakeMailing, configured, edition, worker

ISSUE = "2026-11"


def plan(engine: Engine, readers: int) -> None:
    subscribing.add([f"reader{i}@example.org" for i in range(readers)], engine=engine)
    with engine.begin() as db:
        channels = {"mail": configured("mail", FakeMailing())}
        publishing.plan([edition()], db=db, channels=channels, at=NOW)


def standing(engine: Engine) -> reports.Standing:
    with engine.begin() as db:
        [found] = reports.standings(db)
    return found


def pause(engine: Engine) -> None:
    with engine.begin() as db:
        pauses.pause(db, ISSUE, "mail", at=NOW)


def resume(engine: Engine) -> None:
    with engine.begin() as db:
        pauses.resume(db, ISSUE, "mail")


def cancel(engine: Engine) -> int:
    with engine.begin() as db:
        return pauses.cancel(db, ISSUE, "mail", at=NOW)


def hints(engine: Engine, clock: Clock) -> list[Hint]:
    found: list[Hint] = []
    publishing.sweep(worker(engine, clock, name="beat"), hint=found.append)
    return found


def test_nothing_of_a_paused_mailing_is_claimed_or_hinted_at(engine: Engine) -> None:
    plan(engine, 2)
    pause(engine)
    pause(engine)
    channel, clock = FakeMailing(), Clock()
    mailing.deliver_copies(1, worker(engine, clock, mail=channel))
    assert (channel.out_there, hints(engine, clock)) == ([], [])
    found = standing(engine)
    assert (found.state, found.reason, found.needs_person) == (State.PENDING, PAUSED, True)


def test_what_is_resumed_goes_on_where_it_was(engine: Engine) -> None:
    plan(engine, 5)

    class Paused(FakeMailing):
        async def deliver_each(self, copies, *, mark, settle):  # type: ignore[no-untyped-def]
            copy = await anext(copies)
            pause(engine)
            assert await mark(copy)
            self.out_there.append(copy.post)
            await settle(copy, TryLater("451 not now"))

    clock, channel = Clock(), FakeMailing()
    mailing.deliver_copies(1, worker(engine, clock, mail=Paused()))
    assert standing(engine).readers == {"pending": 5}
    resume(engine)
    resume(engine)
    clock.forward(minutes=1)
    mailing.deliver_copies(1, worker(engine, clock, mail=channel))
    assert standing(engine).readers == {"delivered": 5}
    assert len(channel.out_there) == 5


def test_a_pause_reaches_a_worker_in_the_middle_of_a_batch(engine: Engine) -> None:
    plan(engine, 20)

    class PausedAtTheThird(FakeMailing):
        async def deliver_each(self, copies, *, mark, settle):  # type: ignore[no-untyped-def]
            async def counting(copy, result):  # type: ignore[no-untyped-def]
                await settle(copy, result)
                if len(self.out_there) == 3:
                    pause(engine)

            await super().deliver_each(copies, mark=mark, settle=counting)

    me = worker(engine, Clock(), mail=PausedAtTheThird())
    mailing.deliver_copies(1, me, looking=0.0)
    assert standing(engine).readers == {"delivered": 3, "pending": 17}


def test_cancelling_skips_what_waits_and_leaves_what_is_in_doubt(engine: Engine) -> None:
    plan(engine, 3)
    lost = {"reader0@example.org": Unsure("no answer"), "reader1@example.org": TryLater("451")}
    channel = FakeMailing(refuses=dict(lost))
    clock = Clock()
    mailing.deliver_copies(1, worker(engine, clock, mail=channel))
    assert (cancel(engine), cancel(engine)) == (1, 0)
    clock.forward(days=1)
    assert hints(engine, clock) == []
    found = standing(engine)
    assert found.readers == {"delivered": 1, "skipped": 1, "unsure": 1}
    assert found.needs_person
    with engine.begin() as db:
        attempts = reports.attempts(db, ISSUE, reader="reader1@example.org")
    assert [a.reason for a in attempts if a.outcome == State.SKIPPED] == [CANCELLED]


def test_what_is_given_back_after_a_cancel_is_skipped_too(engine: Engine) -> None:
    plan(engine, 3)

    class Cancelled(FakeMailing):
        async def deliver_each(self, copies, *, mark, settle):  # type: ignore[no-untyped-def]
            assert await mark(await anext(copies))
            cancel(engine)
            self.ends_with = KeyError("give the rest back")

    clock = Clock()
    mailing.deliver_copies(1, worker(engine, clock, mail=Cancelled()))
    hints(engine, clock)
    assert standing(engine).readers == {"skipped": 2, "unsure": 1}


def test_a_post_on_a_network_can_be_paused_and_cancelled(engine: Engine) -> None:
    channel, clock = FakeChannel(), Clock()
    with engine.begin() as db:
        channels = {"mail": configured("mail", channel)}
        publishing.plan([edition()], db=db, channels=channels, at=NOW)
    pause(engine)
    publishing.deliver(1, worker(engine, clock, mail=channel))
    assert (channel.out_there, standing(engine).reason) == ([], PAUSED)
    assert cancel(engine) == 1
    resume(engine)
    publishing.deliver(1, worker(engine, clock, mail=channel))
    assert (channel.out_there, standing(engine).state) == ([], State.SKIPPED)
