"""What operators have done about what is out: told, left, tried out; once, and written down."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from publisher import operating, readership, subscribing
from publisher.addresses import BadAddress
from publisher.domain.bounce import Kind, Verdict
from publisher.domain.channel import Post, Receipt, Refused
from publisher.domain.correction import Change
from publisher.operating import HasErrors, NotPossible, Unknown
from publisher.storage import bounces, changes, consents, weighing
from publisher.storage.engine import reading
from tests.publisher.fakes import NOW, FakeChannel, FakeMailing, edition, work
from tests.publisher.house import ISSUE, House
from tests.publisher.test_two_people import RULES, house_of, of

WRONG = edition(correction="The meeting is on the 12th.", revision="2")


class Letters(FakeMailing):
    """Mail of which a copy can be sent to one address."""

    def deliver(self, post: Post) -> Receipt:
        if self.fails_with:
            raise self.fails_with.pop(0)
        self.out_there.append(post)
        return Receipt(id="<test@fake>", note="250 queued")


def mailed(engine: Engine) -> tuple[House, FakeMailing]:
    """An issue that two readers were mailed, and that is on a network."""
    mail = Letters()
    subscribing.add(["ann@one.example", "bob@two.example"], engine=engine, at=NOW)
    house = house_of(engine, mail=mail, net=FakeChannel())
    house.rules = replace(RULES, own={})
    house.run()
    return house, mail


def asked(house: House) -> list[str]:
    with reading(house.desk.engine) as db:
        return [one.lang for one in changes.open_(db)]


def test_readers_are_told_once(engine: Engine) -> None:
    house, mail = mailed(engine)
    house.there = [WRONG]
    [word] = operating.tell(house.desk, ISSUE)
    assert (word.channel, word.lang, word.planned) == ("mail", "en", 2)
    work(house.me)
    assert sum(post.title.startswith("Correction: ") for post in mail.out_there) == 2
    assert [word.planned for word in operating.tell(house.desk, ISSUE)] == [0]
    work(house.me)
    assert len(mail.out_there) == 4
    assert house.done()[0] == ("ines", "tell", ISSUE, "", "2 planned")
    assert house.calls == ["sweep", "sweep"]


def test_without_words_for_readers_nobody_is_told(engine: Engine) -> None:
    house, _ = mailed(engine)
    with pytest.raises(NotPossible, match="no `correction:`"):
        operating.tell(house.desk, ISSUE)
    house.there = [WRONG]
    with pytest.raises(NotPossible, match="none of these channels can tell"):
        operating.tell(house.desk, ISSUE, ["net"])
    assert house.done() == []


def test_two_people_tell_where_two_decide(engine: Engine) -> None:
    house, mail = mailed(engine)
    house.there, house.rules = [WRONG], RULES
    assert operating.tell(house.desk, ISSUE) == []
    with pytest.raises(NotPossible, match="two people decide about mail"):
        operating.tell(replace(house.desk, by="token ci", is_person=False), ISSUE)
    work(house.me)
    assert len(mail.out_there) == 2
    [word] = operating.tell(of(house, "adam"), ISSUE)
    assert word.planned == 2
    with reading(engine) as db:
        assert not consents.waiting(db, at=house.clock())
    assert [one.planned for one in operating.tell(house.desk, ISSUE)] == [0]  # nothing new to send


def test_a_change_is_left_and_asked_about_no_more(engine: Engine) -> None:
    house, _ = mailed(engine)
    with pytest.raises(NotPossible, match="nothing is asked"):
        operating.leave(house.desk, ISSUE)
    change = Change(issue=ISSUE, lang="en", revision="2", is_silenced=False)
    with engine.begin() as db:
        changes.see(db, change, at=NOW, due=NOW, asks="was changed")
    assert asked(house) == ["en"]
    assert operating.leave(house.desk, ISSUE) == ["en"]
    assert asked(house) == []
    assert house.done() == [("ines", "leave", ISSUE, "", "en")]


def test_a_test_copy_goes_to_one_address_and_is_no_delivery(engine: Engine) -> None:
    house, mail = mailed(engine)
    house.there = [edition(draft=True), edition(lang="de")]
    [one] = operating.rehearse(house.desk, ISSUE, "Cas@three.example")
    assert (one.channel, one.lang, one.ok, one.words) == ("mail", "en", True, "250 queued")
    sent = mail.out_there[-1]
    assert sent.to is not None
    assert (sent.to.address, sent.title[:7]) == ("Cas@three.example", "[Test] ")
    assert sent.to.unsubscribe_url.startswith("https://news.example/unsubscribe/")
    readers = house.standing("mail").readers
    assert readers == {"delivered": 2}
    assert house.done() == [("ines", "send a test", ISSUE, "", "mail (en): sent")]


def test_a_test_copy_that_is_refused_says_why_and_names_nobody(engine: Engine) -> None:
    house, mail = mailed(engine)
    mail.fails_with = [Refused("550 no such user")]
    [one] = operating.rehearse(house.desk, ISSUE, "cas@three.example", ["mail"])
    assert (one.ok, one.words) == (False, "550 no such user")
    assert house.done() == [("ines", "send a test", ISSUE, "mail", "mail (en): not sent")]


def test_a_test_copy_needs_an_address_and_mail(engine: Engine) -> None:
    house, mail = mailed(engine)
    with pytest.raises(BadAddress):
        operating.rehearse(house.desk, ISSUE, "nobody")
    with pytest.raises(NotPossible, match="none of these channels sends mail"):
        operating.rehearse(house.desk, ISSUE, "cas@three.example", ["net"])
    with pytest.raises(Unknown):
        operating.rehearse(house.desk, "2027-01", "cas@three.example")
    assert len(mail.out_there) == 2


def test_what_has_errors_is_published_when_somebody_says_so(engine: Engine) -> None:
    house = House(engine, a=FakeChannel())
    house.there = [edition(title="bad")]
    with pytest.raises(HasErrors, match="it is bad"):
        operating.publish(house.desk, ISSUE)
    assert operating.publish(house.desk, ISSUE, despite_errors=True) == 1
    assert house.done() == [("ines", "publish", ISSUE, "", "1 planned, despite its errors")]


@pytest.mark.parametrize("there", [edition(draft=True), edition(text=" \n")])
def test_what_is_no_issue_is_not_published_for_anybody(engine: Engine, there: object) -> None:
    house = House(engine, a=FakeChannel())
    house.there = [there]  # type: ignore[list-item]
    with pytest.raises(NotPossible):
        operating.publish(house.desk, ISSUE, despite_errors=True)
    assert house.done() == []


def test_bounces_that_were_set_aside_count_once(engine: Engine) -> None:
    house, _ = mailed(engine)
    with pytest.raises(NotPossible, match="no bounces are set aside"):
        readership.believe(house.desk, ISSUE, "mail")
    with engine.begin() as db:
        copies = [1, 2]
        for copy in copies:
            bounces.record(db, copy, kind=Kind.HARD, at=NOW, status="5.1.1", words="gone")
        weighing.judge(db, ISSUE, "mail", Verdict.ASIDE)
        assert weighing.numbers_aside(db, ISSUE) == [("mail", 2)]
    found = readership.believe(house.desk, ISSUE, "mail")
    assert (found.counted, found.stopped) == (2, 2)
    with pytest.raises(NotPossible):
        readership.believe(house.desk, ISSUE, "mail")
    words = "2 bounces count, 2 readers stopped"
    assert house.done() == [("ines", "believe", ISSUE, "mail", words)]
