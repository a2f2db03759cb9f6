"""What two people decide about: one asks, and it is done once another one wants the same."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import Engine

from publisher import operating, releasing
from publisher.domain.channel import Refused, Unsure
from publisher.domain.delivery import State
from publisher.domain.plan import AT_ONCE
from publisher.operating import Desk, NotPossible
from publisher.storage import consents, releases, reports, users
from publisher.storage.engine import reading
from tests.publisher.fakes import NOW, FakeChannel, edition, work
from tests.publisher.house import ISSUE, House

RULES = replace(AT_ONCE, own={"mail": replace(AT_ONCE, two_people=True)})
ASKED = "another person has to agree within 24 hours"


def house_of(engine: Engine, **channels: FakeChannel) -> House:
    """One where two people decide about `mail`: ines and adam may, rosa may only look."""
    house = House(engine, **channels)
    house.rules = RULES
    with engine.begin() as db:
        for name, role in (("ines", "release"), ("adam", "admin"), ("rosa", "read")):
            users.add(db, name, at=NOW, role=role, password="", session="s")
    return house


def of(house: House, name: str) -> Desk:
    return replace(house.desk, by=name)


def planned(house: House) -> set[str]:
    with reading(house.desk.engine) as db:
        return {one.channel for one in reports.standings(db, ISSUE)}


def pending(house: House) -> list[tuple[str, str]]:
    with reading(house.desk.engine) as db:
        return [(one.wanted.did, one.by) for one in consents.waiting(db, at=house.clock())]


def test_one_asks_and_another_publishes(engine: Engine) -> None:
    house = house_of(engine, mail=FakeChannel(), feed=FakeChannel())
    assert operating.publish(house.desk, ISSUE) == 0
    assert operating.publish(house.desk, ISSUE) == 0  # the same person twice is one
    assert (planned(house), pending(house)) == (set(), [("publish", "ines")])
    assert operating.publish(of(house, "adam"), ISSUE) == 2
    assert (planned(house), pending(house)) == ({"mail", "feed"}, [])
    assert house.done()[0] == ("ines", "ask to publish", ISSUE, "", ASKED)
    assert house.done()[-1] == ("adam", "publish", ISSUE, "", "2 planned")


def test_other_channels_need_one(engine: Engine) -> None:
    house = house_of(engine, mail=FakeChannel(), feed=FakeChannel())
    assert operating.publish(house.desk, ISSUE, ["feed"]) == 1
    assert (planned(house), pending(house)) == ({"feed"}, [])


def test_what_is_there_already_needs_nobody(engine: Engine) -> None:
    house = house_of(engine, mail=FakeChannel(), feed=FakeChannel())
    house.run()
    house.bring(late=FakeChannel())
    assert operating.publish(house.desk, ISSUE) == 1
    assert pending(house) == []


@pytest.mark.parametrize("name", ["rosa", "somebody who was taken away"])
def test_who_may_not_does_not_count_as_the_first(engine: Engine, name: str) -> None:
    """An account that was taken away, or may only look by now."""
    house = house_of(engine, mail=FakeChannel())
    operating.publish(of(house, name), ISSUE)
    assert operating.publish(house.desk, ISSUE) == 0
    assert pending(house) == [("publish", "ines")]


def test_a_word_lasts_a_day(engine: Engine) -> None:
    house = house_of(engine, mail=FakeChannel())
    operating.publish(house.desk, ISSUE)
    house.clock.forward(hours=24)
    assert pending(house) == []
    assert operating.publish(of(house, "adam"), ISSUE) == 0
    assert pending(house) == [("publish", "adam")]


def test_another_text_is_asked_for_anew(engine: Engine) -> None:
    house = house_of(engine, mail=FakeChannel())
    operating.publish(house.desk, ISSUE)
    house.there = [edition(title="Not what ines read", revision="2")]
    assert operating.publish(of(house, "adam"), ISSUE) == 0
    assert pending(house) == [("publish", "adam")]
    assert operating.publish(house.desk, ISSUE) == 1


def test_a_program_is_no_person(engine: Engine) -> None:
    house = house_of(engine, mail=FakeChannel())
    program = replace(house.desk, by="token ci", is_person=False)
    with pytest.raises(NotPossible, match="two people decide about mail"):
        operating.publish(program, ISSUE)
    operating.publish(house.desk, ISSUE)
    with pytest.raises(NotPossible, match="two people decide about mail"):
        operating.publish(program, ISSUE)
    assert (planned(house), pending(house)) == (set(), [("publish", "ines")])


def wait(house: House) -> None:
    with house.desk.engine.begin() as db:
        releases.add(db, ISSUE, "en", dated=NOW, at=NOW)


def released(house: House) -> bool:
    with reading(house.desk.engine) as db:
        return releases.of(db, ISSUE)[0].facts.released_at is not None


def test_two_release(engine: Engine) -> None:
    house = house_of(engine, mail=FakeChannel(), feed=FakeChannel())
    wait(house)
    assert operating.release(house.desk, ISSUE) == []
    assert (released(house), house.calls) == (False, [])
    assert operating.release(of(house, "adam"), ISSUE) == ["en"]
    assert (released(house), house.calls) == (True, ["go on"])


def test_a_file_that_is_away_for_a_moment_lets_nobody_through(engine: Engine) -> None:
    house = house_of(engine, mail=FakeChannel())
    wait(house)
    house.there = []
    assert operating.release(house.desk, ISSUE) == []
    assert not released(house)


@pytest.mark.parametrize("other", [operating.hold, operating.call_off])
def test_what_was_asked_is_taken_back(
    engine: Engine, other: Callable[[Desk, str], list[str]]
) -> None:
    house = house_of(engine, mail=FakeChannel())
    wait(house)
    operating.release(house.desk, ISSUE)
    other(of(house, "adam"), ISSUE)
    assert pending(house) == []


def test_two_retry_what_failed_there(engine: Engine) -> None:
    house = house_of(engine, mail=FakeChannel(fails_with=[Refused("no")]), feed=FakeChannel())
    house.run()
    assert operating.retry(house.desk, ISSUE) == 0
    assert house.standing("mail").state is State.REFUSED
    assert operating.retry(of(house, "adam"), ISSUE) == 1
    assert house.standing("mail").state is State.PENDING


def test_one_retries_what_failed_elsewhere(engine: Engine) -> None:
    house = house_of(engine, mail=FakeChannel(), feed=FakeChannel(fails_with=[Refused("no")]))
    house.run()
    assert operating.retry(house.desk, ISSUE) == 1


def test_two_send_again_what_is_held(engine: Engine) -> None:
    lost = FakeChannel(fails_with=[Unsure("lost")], keeps_it_anyway=True, cannot_be_asked=True)
    house = house_of(engine, mail=lost)
    house.run()
    house.clock.forward(hours=1)
    work(house.me)
    assert operating.settle(house.desk, ISSUE, "mail", "resend", lang="en") == 0
    assert operating.settle(of(house, "adam"), ISSUE, "mail", "resend") == 0  # not the same
    assert house.standing("mail").state is State.HELD
    assert operating.settle(of(house, "adam"), ISSUE, "mail", "resend", lang="en") == 1
    assert house.standing("mail").state is State.PENDING


def test_one_says_that_it_is_there_or_never_will_be(engine: Engine) -> None:
    house = house_of(engine, mail=FakeChannel(fails_with=[Refused("no")]))
    house.run()
    assert operating.settle(house.desk, ISSUE, "mail", "skip") == 1


def test_two_at_once_are_two(engine: Engine) -> None:
    """Whichever comes second sends it, and nobody's word is lost."""
    house = house_of(engine, mail=FakeChannel())
    start, found = Barrier(2), []

    def ask(name: str) -> None:
        start.wait(timeout=10)
        found.append(operating.publish(of(house, name), ISSUE))

    threads = [Thread(target=ask, args=[name]) for name in ("ines", "adam")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(found) == [0, 1]
    assert pending(house) == []


def test_who_asks_again_renews_the_word(engine: Engine) -> None:
    house = house_of(engine, mail=FakeChannel())
    operating.publish(house.desk, ISSUE)
    house.clock.forward(hours=23)
    operating.publish(house.desk, ISSUE)
    house.clock.forward(hours=23)
    assert operating.publish(of(house, "adam"), ISSUE) == 1


def seen(house: House) -> set[str]:
    """What a step of the schedule plans."""
    releasing.go_on(house.desk.site())
    return planned(house)


def test_what_two_released_goes_out_as_they_saw_it(engine: Engine) -> None:
    house = house_of(engine, mail=FakeChannel(), feed=FakeChannel())
    house.rules = replace(RULES, order=("feed",), gate=timedelta(hours=1))
    wait(house)
    operating.release(house.desk, ISSUE)
    operating.release(of(house, "adam"), ISSUE)
    assert seen(house) == {"feed"}
    house.there = [edition(title="Something else", revision="2")]
    house.clock.forward(hours=2)
    assert seen(house) == {"feed"}
    with reading(engine) as db:
        [release] = releases.of(db, ISSUE)
        assert "have to look again" in releasing.told(
            release, releasing.planned(db, release, house.desk.site())
        )
    operating.release(house.desk, ISSUE)
    assert seen(house) == {"feed"}
    operating.release(of(house, "adam"), ISSUE)
    assert seen(house) == {"feed", "mail"}
    with reading(engine) as db:
        assert releases.of(db, ISSUE)[0].facts.trouble == ""


def test_what_is_not_there_when_two_release_is_not_released(engine: Engine) -> None:
    house = house_of(engine, mail=FakeChannel())
    wait(house)
    house.there = []
    operating.release(house.desk, ISSUE)
    with engine.begin() as db:  # as if the mail had been asked about all the same
        releasing.release(db, ISSUE, at=NOW, agreed={})
    house.there = [edition()]
    assert seen(house) == set()


def test_a_command_asks_nobody_and_binds_nobody(engine: Engine) -> None:
    house = house_of(engine, mail=FakeChannel(), feed=FakeChannel())
    house.rules = replace(RULES, order=("feed",), gate=timedelta(hours=1))
    wait(house)
    with engine.begin() as db:
        releasing.release(db, ISSUE, at=NOW)
    assert seen(house) == {"feed"}
    house.there = [edition(revision="2")]
    house.clock.forward(hours=2)
    assert seen(house) == {"feed", "mail"}


def test_a_request_is_withdrawn_once(engine: Engine) -> None:
    house = house_of(engine, mail=FakeChannel())
    operating.publish(house.desk, ISSUE)
    operating.withdraw(of(house, "adam"), ISSUE)
    assert pending(house) == []
    assert house.done()[-1] == ("adam", "withdraw", ISSUE, "", "publish")
    with pytest.raises(NotPossible, match="nothing waits for a second person"):
        operating.withdraw(house.desk, ISSUE)
    assert operating.publish(of(house, "adam"), ISSUE) == 0


def test_nobody_is_asked_about_nothing(engine: Engine) -> None:
    house = house_of(engine, mail=FakeChannel())
    house.run()
    with pytest.raises(NotPossible, match="nothing there waits for an answer"):
        operating.settle(house.desk, ISSUE, "mail", "resend")
    assert pending(house) == []


def test_one_person_where_one_is_enough_binds_nobody_either(engine: Engine) -> None:
    house = house_of(engine, mail=FakeChannel(), feed=FakeChannel())
    house.rules = replace(AT_ONCE, hold=timedelta(days=9), order=("feed",), gate=timedelta(hours=1))
    wait(house)
    assert operating.release(house.desk, ISSUE) == ["en"]
    assert seen(house) == {"feed"}
    house.there = [edition(revision="2")]
    house.clock.forward(hours=2)
    assert seen(house) == {"feed", "mail"}
