"""What changed at the source is carried to what is out, and nothing new is sent."""

from dataclasses import dataclass, field, replace

import pytest
from sqlalchemy import Engine

from publisher import correcting, mailing, publishing, subscribing
from publisher.auditing import audit, broken
from publisher.correcting import Correction, Outcome
from publisher.domain.channel import Post, Receipt, Refused, TryLater
from publisher.domain.issue import Edition
from publisher.publishing import Worker
from publisher.storage import reports
from publisher.storage.engine import reading
from publisher.storage.schema import deliveries
from publisher.storage.waiting import Hint
from tests.publisher.fakes import NOW, Clock, FakeChannel, FakeMailing, edition, worker

OLD, NEW = edition(title="Novembre"), edition(title="November")


@dataclass
class Editable(FakeChannel):
    """Takes edits, or says why not."""

    edits: list[Post] = field(default_factory=list)
    says: Receipt | Exception = field(
        default_factory=lambda: Receipt(id="1", url="https://fake.example/moved")
    )

    def update(self, receipt: Receipt, post: Post) -> Receipt:
        self.edits.append(post)
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


@pytest.fixture
def net() -> Editable:
    return Editable()


@pytest.fixture
def me(engine: Engine, net: Editable) -> Worker:
    """A worker by whom the old text is out on a network, and in two mailboxes."""
    made = worker(engine, Clock(), net=net, mail=FakeMailing())
    subscribing.add(["ann@one.example", "bob@two.example"], engine=engine)
    with engine.begin() as db:
        publishing.plan([OLD], db=db, channels=made.channels, at=NOW)
    hints: list[Hint] = []
    publishing.sweep(made, hint=hints.append)
    for hint in hints:
        if hint.post:
            mailing.deliver_copies(hint.post, made)
        else:
            publishing.deliver(hint.delivery, made)
    return made


def corrected(me: Worker, found: Edition = NEW) -> dict[str, Correction]:
    known = {"engine": me.engine, "channels": me.channels}
    return {one.channel: one for one in correcting.correct([found], **known, now=Clock())}  # type: ignore[arg-type]


def test_a_changed_text_is_carried_to_where_it_can_be_edited(me: Worker, net: Editable) -> None:
    found = corrected(me)["net"]
    assert (found.outcome, found.url) == (Outcome.CORRECTED, "https://fake.example/moved")
    assert [post.title for post in net.edits] == ["November"]
    assert len(net.out_there) == 1


def test_saying_it_again_edits_nothing(me: Worker, net: Editable) -> None:
    corrected(me)
    assert corrected(me)["net"].outcome is Outcome.SAME
    assert len(net.edits) == 1


def test_a_text_that_did_not_change_edits_nothing(me: Worker, net: Editable) -> None:
    assert {one.outcome for one in corrected(me, OLD).values()} == {Outcome.SAME}
    assert net.edits == []


def test_a_post_keeps_the_key_that_it_went_out_with(me: Worker, net: Editable) -> None:
    corrected(me)
    assert [post.key for post in net.edits] == [net.out_there[0].key]


def test_a_mail_stays_and_it_is_said_how_many_are_out(me: Worker) -> None:
    found = corrected(me)["mail"]
    assert (found.outcome, found.words) == (Outcome.LEFT, "2 mails are out")


@pytest.mark.parametrize(
    ("says", "outcome"),
    [
        (Refused("nothing can be edited there"), Outcome.LEFT),
        (NotImplementedError("nobody can edit there"), Outcome.LEFT),
        (TryLater("busy"), Outcome.FAILED),
    ],
)
def test_what_is_not_edited_is_told_and_may_be_said_again(
    me: Worker, net: Editable, says: Exception, outcome: Outcome
) -> None:
    net.says = says
    assert corrected(me)["net"].outcome is outcome
    net.says = Receipt(id="1")
    assert corrected(me)["net"].outcome is Outcome.CORRECTED


def test_what_is_not_out_is_not_corrected(engine: Engine, net: Editable) -> None:
    me = worker(engine, Clock(), net=net)
    with engine.begin() as db:
        publishing.plan([OLD], db=db, channels=me.channels, at=NOW)
    assert corrected(me, OLD) == {}


def test_a_post_that_waits_goes_out_as_it_is_now(engine: Engine, net: Editable) -> None:
    me = worker(engine, Clock(), net=net)
    with engine.begin() as db:
        publishing.plan([OLD], db=db, channels=me.channels, at=NOW)
    assert corrected(me)["net"].words == "it goes out as it is now"
    publishing.sweep(me, hint=lambda hint: publishing.deliver(hint.delivery, me))
    assert ([post.title for post in net.out_there], net.edits) == (["November"], [])


def test_a_post_that_may_be_out_is_not_written_anew(engine: Engine, net: Editable) -> None:
    me = worker(engine, Clock(), net=net)
    with engine.begin() as db:
        publishing.plan([OLD], db=db, channels=me.channels, at=NOW)
        db.execute(deliveries.update().values(state="unsure", in_doubt=True))
    found = corrected(me)["net"]
    assert (found.outcome, found.words) == (Outcome.FAILED, correcting.ON_ITS_WAY)


def test_a_correction_stands_in_the_log_and_breaks_no_invariant(me: Worker) -> None:
    corrected(me)
    with reading(me.engine) as db:
        [first, second] = reports.attempts(db, OLD.key, channel="net")
        assert broken(audit(db, at=NOW)) == []
    assert (first.outcome, second.outcome) == ("delivered", "delivered")
    assert (second.reason, second.worker) == ("corrected", "a person")


def test_the_archive_shows_the_new_text(me: Worker) -> None:
    corrected(me)
    with reading(me.engine) as db:
        [row] = reports.issues(db)
    assert row.title == "November"


def test_a_text_that_cannot_be_written_fails_by_its_name(me: Worker, net: Editable) -> None:
    class Wordless(Editable):
        def render(self, edition: Edition) -> Post:
            raise Refused("the title is too long")

    channel = replace(me.channels["net"], channel=Wordless())
    found = corrected(replace(me, channels={"net": channel}))["net"]
    assert found.outcome is Outcome.FAILED
    assert "the title is too long" in found.words
