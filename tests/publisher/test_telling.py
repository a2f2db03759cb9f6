"""Hand-offs: a person is told once, reminded until they answer, and never by two at once."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from sqlalchemy import Engine

from publisher import correcting, publishing, retracting, telling
from publisher.domain.channel import (
    ChannelError,
    Disconnected,
    Handed,
    Note,
    Post,
    Receipt,
    Refused,
    TryLater,
    Unsure,
)
from publisher.domain.delivery import State
from publisher.domain.issue import Edition
from publisher.publishing import Worker
from publisher.storage import deliveries, reports
from publisher.storage.reports import Standing
from tests.publisher.fakes import Clock, FakeChannel, configured, edition, work
from tests.publisher.fakes import worker as worker_of

ISSUE = edition()
MENDED = replace(ISSUE, title="Mended", text="Mended", revision="2")
TO = "ines@harbour.example"
THERE = "https://tube.example/1"


@dataclass
class ByHand(FakeChannel):
    """A fake place that only a person can post to."""

    to: str = TO
    remind: float = 24

    def deliver(self, post: Post) -> Receipt:
        raise Handed(self._note("Please post", post.text))

    def update(self, receipt: Receipt, post: Post) -> Receipt:
        raise Handed(self._note("Please correct", f"{receipt.url} {post.text}"))

    def retract(self, receipt: Receipt) -> None:
        raise Handed(self._note("Please take down", receipt.url))

    def _note(self, subject: str, text: str) -> Note:
        return Note(key="k", lang="en", subject=subject, text=text, address=self.to)


@dataclass
class Carrier(FakeChannel):
    """A fake that writes to people."""

    notes: list[Note] = field(default_factory=list)
    errors: list[ChannelError] = field(default_factory=list)

    def write(self, note: Note) -> Receipt:
        if self.errors:
            raise self.errors.pop(0)
        self.notes.append(note)
        return Receipt(id="1")


@pytest.fixture
def mail() -> Carrier:
    return Carrier()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def planned(
    engine: Engine,
    mail: Carrier,
    clock: Clock,
    *editions: Edition,
    languages: tuple[str, ...] = ("en",),
    **settings: Any,
) -> Worker:
    """A worker with editions to post by hand, and one channel that carries notes and no post."""
    tube = configured("tube", ByHand(**settings), *languages)
    channels = {"tube": tube, "mail": configured("mail", mail, "fr")}
    me = replace(worker_of(engine, clock), channels=channels)
    with engine.begin() as db:
        publishing.plan(editions or [ISSUE], db=db, channels=channels, at=clock())
    return me


@pytest.fixture
def me(engine: Engine, mail: Carrier, clock: Clock) -> Worker:
    return planned(engine, mail, clock)


def standing(me: Worker) -> Standing:
    with me.engine.connect() as db:
        [found] = reports.standings(db, ISSUE.key)
    return found


def answered(me: Worker) -> None:
    with me.engine.begin() as db:
        assert publishing.settle(ISSUE.key, "tube", State.DELIVERED, db=db, at=me.now(), url=THERE)


def test_a_person_is_asked_and_it_is_held_until_they_answer(me: Worker, mail: Carrier) -> None:
    work(me)
    work(me)
    [note] = mail.notes
    answer = f"publisher settle {ISSUE.key} --channel tube --delivered ADDRESS"
    assert note.text.splitlines()[-1].strip() == answer
    assert note.subject == "Please post"
    found = standing(me)
    assert found.state is State.HELD
    assert found.reason == f"handed to {TO}, who answers by `{answer}`"
    answered(me)
    assert (standing(me).state, standing(me).url) == (State.DELIVERED, THERE)


def test_they_are_reminded_until_they_answer(me: Worker, mail: Carrier, clock: Clock) -> None:
    work(me)
    clock.forward(hours=23)
    work(me)
    assert len(mail.notes) == 1
    clock.forward(hours=2)
    work(me)
    work(me)
    first, second = mail.notes
    assert second.subject == "Reminder: Please post"
    assert second.key != first.key
    answered(me)
    clock.forward(days=9)
    work(me)
    assert len(mail.notes) == 2


def test_reminders_come_to_an_end(me: Worker, mail: Carrier, clock: Clock) -> None:
    for _ in range(30):
        work(me)
        clock.forward(hours=25)
    assert len(mail.notes) == telling.MOST
    assert standing(me).state is State.HELD


def test_nobody_is_reminded_where_that_is_not_wished(
    engine: Engine, mail: Carrier, clock: Clock
) -> None:
    me = planned(engine, mail, clock, remind=0)
    work(me)
    clock.forward(days=9)
    work(me)
    assert len(mail.notes) == 1


@pytest.mark.parametrize("error", [TryLater("busy"), Unsure("lost"), Disconnected("no password")])
def test_a_note_that_could_not_be_brought_is_brought_later(
    me: Worker, mail: Carrier, clock: Clock, error: ChannelError
) -> None:
    mail.errors = [error]
    work(me)
    assert standing(me).state is State.PENDING
    assert standing(me).reason.startswith(f"{TO} cannot be told")
    assert str(error) in standing(me).reason
    clock.forward(minutes=5)
    work(me)
    assert [note.subject for note in mail.notes] == ["Please post"]
    assert standing(me).state is State.HELD


def test_an_address_that_is_not_taken_is_said(me: Worker, mail: Carrier) -> None:
    mail.errors = [Refused("no such mailbox")]
    work(me)
    assert standing(me).state is State.REFUSED
    assert standing(me).reason == f"{TO} cannot be told: mail: no such mailbox"


def test_a_place_to_which_nobody_carries_stops_with_the_remedy(
    engine: Engine, mail: Carrier, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    me = planned(engine, mail, clock, to="xmpp:ines@harbour.example")
    work(me)
    found = standing(me)
    assert found.state is State.HELD
    assert "no channel writes to xmpp: addresses; add one" in found.reason
    assert "channel tube is paused" in caplog.text


def test_one_in_doubt_is_handed_on_again_and_not_looked_for(me: Worker, mail: Carrier) -> None:
    with me.engine.begin() as db:
        held = deliveries.claim(db, 1, at=me.now(), owner="gone")
        assert held
        deliveries.mark(db, [(held.id, held.attempt)], at=me.now())
    again = replace(me, lost=lambda name: name == "gone")
    work(again)
    work(again)
    assert len(mail.notes) == 1
    assert standing(me).state is State.HELD
    tube = me.channels["tube"].channel
    assert isinstance(tube, ByHand)
    assert tube.looks == 0


def corrected(me: Worker) -> list[correcting.Outcome]:
    found = correcting.correct([MENDED], engine=me.engine, channels=me.channels, now=me.now)
    return [one.outcome for one in found]


def test_a_changed_text_is_handed_on_at_once(me: Worker, mail: Carrier) -> None:
    work(me)
    assert corrected(me) == [correcting.Outcome.CORRECTED]
    work(me)
    assert mail.notes[1].subject == "Changed: Please post"
    assert mail.notes[1].text.startswith("Mended")


def test_a_correction_is_asked_for_once(me: Worker, mail: Carrier) -> None:
    work(me)
    answered(me)
    assert corrected(me) == [correcting.Outcome.CORRECTED]
    assert corrected(me) == [correcting.Outcome.SAME]
    [_, note] = mail.notes
    assert (note.subject, note.text) == ("Please correct", f"{THERE} Mended")
    assert standing(me).url == THERE


def test_a_correction_that_could_not_be_asked_for_is_tried_again(me: Worker, mail: Carrier) -> None:
    work(me)
    answered(me)
    mail.errors = [Unsure("lost")]
    assert corrected(me) == [correcting.Outcome.FAILED]
    assert corrected(me) == [correcting.Outcome.CORRECTED]


def test_a_retraction_is_asked_for_and_counts_as_out(me: Worker, mail: Carrier) -> None:
    work(me)
    answered(me)
    mail.errors = [Unsure("lost")]
    for wanted in (retracting.Outcome.FAILED, retracting.Outcome.STAYS):
        [one] = retracting.retract(
            ISSUE.key, engine=me.engine, channels=me.channels, only=["tube"], now=me.now
        )
        assert one.outcome is wanted
    assert mail.notes[1].text == THERE
    assert standing(me).state is State.DELIVERED


def test_each_language_is_answered_for_by_itself(
    engine: Engine, mail: Carrier, clock: Clock
) -> None:
    german = replace(ISSUE, lang="de")
    me = planned(engine, mail, clock, ISSUE, german, languages=("en", "de"))
    work(me)
    work(me)
    assert sorted(note.text.split("--lang ")[1][:2] for note in mail.notes) == ["de", "en"]
    with me.engine.begin() as db:
        met = publishing.settle(
            ISSUE.key, "tube", State.DELIVERED, db=db, at=me.now(), url=THERE, lang="de"
        )
        assert met == 1
        states = {s.lang: s.state for s in reports.standings(db, ISSUE.key)}
    assert states == {"de": State.DELIVERED, "en": State.HELD}
