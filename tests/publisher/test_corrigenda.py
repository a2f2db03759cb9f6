"""Those who were sent something wrong are told, once, and nobody else is."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from publisher import corrigenda, publishing, subscribing
from publisher.auditing import audit, broken
from publisher.publishing import Worker
from publisher.storage import standins
from publisher.storage.engine import reading
from publisher.subscribing import Choices
from tests.publisher.fakes import NOW, Clock, FakeChannel, FakeMailing, edition, work, worker

OLD = edition()
NEW = replace(OLD, correction="The meeting is on the 12th, not <b>the 2nd</b>.", revision="2")


@pytest.fixture
def mail() -> FakeMailing:
    return FakeMailing()


@pytest.fixture
def me(engine: Engine, mail: FakeMailing) -> Worker:
    made = worker(engine, Clock(), mail=mail, net=FakeChannel())
    subscribing.add(["ann@one.example", "bob@two.example"], engine=engine)
    with engine.begin() as db:
        publishing.plan([OLD], db=db, channels=made.channels, at=NOW)
    work(made)
    subscribing.add(["cas@late.example"], engine=engine)
    return made


def tell(me: Worker, *found: object) -> dict[tuple[str, str, str], int]:
    with me.engine.begin() as db:
        return corrigenda.plan(
            found or [NEW],  # type: ignore[arg-type]
            db=db,
            channels=me.channels,
            at=NOW,
        )


def test_who_was_sent_the_issue_is_told_once_and_nobody_else(me: Worker, mail: FakeMailing) -> None:
    [((key, _, _), new)] = tell(me).items()
    assert (key.partition(".correction-")[0], new) == ("2026-11", 2)
    work(me)
    told = [post for post in mail.out_there if post.title.startswith("Correction: ")]
    assert sorted(post.to.address for post in told if post.to) == [
        "ann@one.example",
        "bob@two.example",
    ]
    assert list(tell(me).values()) == [0]
    work(me)
    assert len(mail.out_there) == 4
    with reading(me.engine) as db:
        assert broken(audit(db, at=NOW)) == []


def test_who_left_since_is_not_told(me: Worker, mail: FakeMailing) -> None:
    subscribing.remove("bob@two.example", engine=me.engine)
    assert list(tell(me).values()) == [1]


def test_another_word_of_correction_is_another_mail(me: Worker) -> None:
    tell(me)
    other = replace(NEW, correction="It is on the 13th after all.")
    assert list(tell(me, other).values()) == [2]


class Answerer(FakeChannel):
    """A network on which a post can be answered."""

    answers = True


def test_an_answer_is_said_once_where_it_is_asked_for_and_something_is_out(
    engine: Engine,
) -> None:
    net, other = Answerer(), Answerer()
    me = worker(engine, Clock(), net=net, other=other, deaf=FakeChannel())
    with engine.begin() as db:
        here = {name: me.channels[name] for name in ("net", "deaf")}
        publishing.plan([OLD], db=db, channels=here, at=NOW)
    work(me)
    told = {"db": None, "channels": me.channels, "at": NOW, "answers": ["net", "other", "deaf"]}
    for _ in range(2):
        with engine.begin() as db:
            corrigenda.plan([NEW], **told | {"db": db})  # type: ignore[arg-type]
        work(me)
    assert [post.reply_to for post in net.out_there] == ["", "1"]
    assert net.out_there[1].title == "Correction: November"
    assert other.out_there == []


def test_no_answer_is_said_where_nobody_asked_for_it(me: Worker) -> None:
    assert [channel for _, _, channel in tell(me)] == ["mail"]


def test_without_a_word_of_correction_nobody_is_told(me: Worker) -> None:
    assert tell(me, OLD) == {}
    assert tell(me, replace(OLD, correction="false")) == {}


def test_the_mail_says_what_was_wrong_and_where_it_is_right() -> None:
    found = corrigenda.corrigendum(replace(NEW, lang="de"))
    assert found.title == "Korrektur: November"
    assert "not &lt;b&gt;the 2nd&lt;/b&gt;" in found.html
    assert f'<a href="{NEW.url}">' in found.html
    assert found.url.startswith(f"{NEW.url}#correction-")  # so that it is found again
    assert found.text.startswith("The meeting is on the 12th")


def test_a_correction_never_stands_in_for_a_translation(me: Worker) -> None:
    waits = Choices(languages=("de",), else_after=7)
    subscribing.add(["dora@waits.example"], engine=me.engine, choices=waits, at=NOW)
    tell(me)
    with reading(me.engine) as db:
        found = standins.due(db, channels=["mail"], at=NOW + timedelta(days=8))
    assert [one.issue for one in found] == ["2026-11"]
