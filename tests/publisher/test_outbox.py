"""The mail that asks: sent whatever happens, to nobody who must not get it, not for ever."""

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from sqlalchemy import Engine, Row, select

from publisher import outbox
from publisher.asking import VALID, ask
from publisher.domain.channel import (
    Disconnected,
    Note,
    Receipt,
    Refused,
    TryLater,
    Unsure,
)
from publisher.domain.delivery import BACKOFF, LEASE, after_failure
from publisher.outbox import Sender
from publisher.publishing import Worker
from publisher.storage import asks as stored
from publisher.storage import pacing, suppressions
from publisher.storage.engine import reading
from publisher.storage.schema import asks
from publisher.storage.waiting import Hint
from tests.publisher.fakes import NOW, SITE, Clock, FakeChannel, worker

SENDER = Sender(site=SITE, page="https://pages.example/confirm/")


@dataclass
class FakePost(FakeChannel):
    """A channel that also writes to one person; fails as told, an Unsure after the mail left."""

    notes: list[Note] = field(default_factory=list)

    def write(self, note: Note) -> Receipt:
        if self.fails_with and not isinstance(self.fails_with[0], Unsure):
            raise self.fails_with.pop(0)
        self.notes.append(note)
        if self.fails_with:
            raise self.fails_with.pop(0)
        return Receipt(id="<1@fake>", note="250 queued")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def mail() -> FakePost:
    return FakePost()


@pytest.fixture
def me(engine: Engine, clock: Clock, mail: FakePost) -> Worker:
    return worker(engine, clock, mail=mail)


@pytest.fixture
def asked(engine: Engine) -> int:
    return question(engine)


def question(engine: Engine, key: str = "ann@example.org", **more: Any) -> int:
    how: dict[str, Any] = {"how": "form", "channel": "mail", "lang": "en", "at": NOW, **more}
    with engine.begin() as db:
        return ask(db, key, key, **how) or 0


def row(engine: Engine) -> Row[Any]:
    with reading(engine) as db:
        return db.execute(select(asks)).one()


def hints(me: Worker) -> list[Hint]:
    found: list[Hint] = []
    outbox.sweep(me, hint=found.append)
    return found


def test_a_question_is_mailed_once(engine: Engine, me: Worker, mail: FakePost, asked: int) -> None:
    outbox.deliver(asked, me, SENDER)
    outbox.deliver(asked, me, SENDER)
    [note] = mail.notes
    assert note.address == "ann@example.org"
    assert f"\n{SENDER.page}{row(engine).token}\n" in note.text
    assert (row(engine).state, row(engine).reason) == ("delivered", "250 queued")


def test_a_question_that_nobody_was_told_of_is_found(me: Worker, clock: Clock, asked: int) -> None:
    assert hints(me) == []  # who asked gave the first hint
    clock.forward(seconds=11)
    assert hints(me) == [Hint(ask=asked)]
    assert hints(me) == []


def test_an_import_that_asks_everybody_leaves_room_for_who_waits(
    engine: Engine, me: Worker, clock: Clock
) -> None:
    """Only so many are in the queue at once: whoever fills in the form comes after few."""
    with engine.begin() as db:
        for n in range(stored.AT_ONCE + 20):
            ask(db, f"r{n}@x.org", f"r{n}@x.org", how="import", channel="mail", lang="en", at=NOW)
    clock.forward(seconds=11)
    assert len(hints(me)) == stored.AT_ONCE
    for id in range(1, 16):
        outbox.deliver(id, me, SENDER)
    assert len(hints(me)) == 15


def test_a_lost_answer_is_followed_by_the_same_mail_again(
    engine: Engine, me: Worker, mail: FakePost, clock: Clock, asked: int
) -> None:
    mail.fails_with = [Unsure("the line went dead")]
    outbox.deliver(asked, me, SENDER)
    clock.forward(seconds=60)
    assert hints(me) == [Hint(ask=asked)]
    outbox.deliver(asked, me, SENDER)
    first, second = mail.notes
    assert first == second
    assert row(engine).state == "delivered"


def test_a_lost_worker_is_followed_by_another(engine: Engine, clock: Clock, asked: int) -> None:
    with engine.begin() as db:
        assert stored.claim(db, asked, at=NOW, owner="worker-0")
    clock.forward(seconds=11)
    assert hints(worker(engine, clock)) == []
    assert hints(worker(engine, clock, lost=lambda name: name == "worker-0")) == [Hint(ask=asked)]


def test_a_lease_that_ran_out_is_taken_back(engine: Engine, clock: Clock, asked: int) -> None:
    with engine.begin() as db:
        stored.claim(db, asked, at=NOW, owner="another machine")
    clock.forward(seconds=LEASE.total_seconds() + 1)
    assert hints(worker(engine, clock)) == [Hint(ask=asked)]


def test_who_wakes_up_late_settles_nothing(engine: Engine, me: Worker, asked: int) -> None:
    with engine.begin() as db:
        late = stored.claim(db, asked, at=NOW, owner="worker-0")
        stored.recover(db, at=NOW + 2 * LEASE, lost=lambda _: False)
    assert late is not None
    outbox.deliver(asked, me, SENDER)
    with engine.begin() as db:
        refused = after_failure(Refused("no"), tries=1, in_doubt=False)
        assert stored.settle(db, late, refused, at=NOW) is False


def test_a_question_is_given_up_when_the_back_off_is_used_up(
    engine: Engine, me: Worker, mail: FakePost, clock: Clock, asked: int
) -> None:
    mail.fails_with = [TryLater("450 greylisted")] * 20
    for _ in BACKOFF:
        outbox.deliver(asked, me, SENDER)
        assert row(engine).state == "pending"
        clock.time = row(engine).next_attempt_at
    outbox.deliver(asked, me, SENDER)
    assert row(engine).state == "held"
    assert "450 greylisted" in row(engine).reason


def test_it_waits_as_long_as_the_server_says(
    engine: Engine, me: Worker, mail: FakePost, asked: int
) -> None:
    mail.fails_with = [TryLater("450 in an hour", timedelta(hours=1))]
    outbox.deliver(asked, me, SENDER)
    assert row(engine).next_attempt_at == NOW + timedelta(hours=1)
    outbox.deliver(asked, me, SENDER)
    assert mail.notes == []


def test_a_refusal_is_final_and_kept_in_the_servers_words(
    engine: Engine, me: Worker, mail: FakePost, asked: int
) -> None:
    mail.fails_with = [Refused("550 5.1.1 no such user")]
    outbox.deliver(asked, me, SENDER)
    assert (row(engine).state, row(engine).reason) == ("refused", "550 5.1.1 no such user")


def test_a_bug_holds_the_question(
    engine: Engine, me: Worker, mail: FakePost, asked: int, caplog: pytest.LogCaptureFixture
) -> None:
    mail.fails_with = [KeyError("oops")]
    outbox.deliver(asked, me, SENDER)
    assert row(engine).state == "held"
    assert "met a bug" in caplog.text


def test_questions_wait_while_their_channel_is_paused(
    engine: Engine, me: Worker, mail: FakePost, clock: Clock, asked: int
) -> None:
    mail.fails_with = [Disconnected("535 wrong password")]
    outbox.deliver(asked, me, SENDER)
    clock.forward(days=1)
    assert hints(me) == []
    outbox.deliver(asked, me, SENDER)
    assert mail.notes == []
    with engine.begin() as db:
        pacing.resume(db, "mail")
    assert hints(me) == [Hint(ask=asked)]
    outbox.deliver(asked, me, SENDER)
    assert row(engine).state == "delivered"


def test_what_can_no_longer_be_answered_is_not_sent(
    engine: Engine, me: Worker, mail: FakePost, clock: Clock, asked: int
) -> None:
    clock.time += VALID
    outbox.deliver(asked, me, SENDER)
    assert mail.notes == []
    assert row(engine).state == "skipped"


def test_who_complained_since_is_not_written_to(
    engine: Engine, me: Worker, mail: FakePost, asked: int
) -> None:
    with engine.begin() as db:
        suppressions.suppress(db, "ann@example.org", "complaint", at=NOW)
    outbox.deliver(asked, me, SENDER)
    assert mail.notes == []
    assert (row(engine).state, row(engine).reason) == (
        "skipped",
        "nothing is sent to this address: complaint",
    )


@pytest.mark.parametrize("channel", ["gone", "mute"])
def test_a_channel_that_cannot_write_is_named(engine: Engine, clock: Clock, channel: str) -> None:
    id = question(engine, channel=channel)
    outbox.deliver(id, worker(engine, clock, mute=FakeChannel()), SENDER)
    assert row(engine).state == "refused"
    assert f"[channels.{channel}]" in row(engine).reason


def test_the_log_names_neither_token_nor_address(
    engine: Engine, me: Worker, asked: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    outbox.deliver(asked, me, SENDER)
    assert "question 1: delivered" in caplog.text
    assert row(engine).token not in caplog.text
    assert "ann@" not in caplog.text


@dataclass
class FakeMessenger(FakePost):
    """Writes to XMPP addresses."""

    scheme: ClassVar[str] = "xmpp"


def test_a_question_goes_by_a_channel_that_has_such_addresses(
    engine: Engine, clock: Clock, mail: FakePost
) -> None:
    messenger = FakeMessenger()
    me = worker(engine, clock, mail=mail, jabber=messenger)
    outbox.deliver(question(engine, "xmpp:ann@example.org"), me, SENDER)
    outbox.deliver(question(engine, "bob@example.org", channel="jabber"), me, SENDER)
    assert [note.address for note in messenger.notes] == ["xmpp:ann@example.org"]
    assert [note.address for note in mail.notes] == ["bob@example.org"]


def test_a_question_for_which_there_is_no_channel_is_refused(me: Worker, mail: FakePost) -> None:
    asked = question(me.engine, "xmpp:ann@example.org")
    outbox.deliver(asked, me, SENDER)
    with reading(me.engine) as db:
        row = db.execute(select(asks).where(asks.c.id == asked)).one()
    assert (row.state, mail.notes) == ("refused", [])
    assert "no channel writes to xmpp: addresses" in row.reason
