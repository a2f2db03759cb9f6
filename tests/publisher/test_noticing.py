"""Programs elsewhere hear what becomes of deliveries and who leaves: all of it, in order."""

from dataclasses import dataclass, field
from datetime import timedelta
from threading import Thread

import pytest
from sqlalchemy import Engine, func, select

from publisher import noticing, subscribing
from publisher.domain.channel import (
    Disconnected,
    Notice,
    Noticing,
    Refused,
    TryLater,
    Unsure,
)
from publisher.domain.delivery import State
from publisher.forgetting import forget
from publisher.publishing import settle
from publisher.storage import notices
from publisher.storage.engine import reading
from publisher.storage.schema import notices as stored
from tests.publisher.fakes import NOW, FakeChannel, FakeMailing, edition
from tests.publisher.house import ISSUE, House


@dataclass
class FakeListener(FakeChannel):
    """A pretend program. `answers` is used up from the front: what it raises, None for well."""

    events: tuple[str, ...] = ("delivered", "refused", "held", "unsubscribed")
    answers: list[Exception | None] = field(default_factory=list)
    heard: list[Notice] = field(default_factory=list)

    def notify(self, notice: Notice) -> None:
        answer = self.answers.pop(0) if self.answers else None
        if not isinstance(answer, TryLater | Disconnected | Refused):
            self.heard.append(notice)
        if answer:
            raise answer


def house_with(engine: Engine, listener: FakeListener, **channels: FakeChannel) -> House:
    house = House(engine, ears=listener, **channels)
    tell(house)  # from now on it listens
    return house


def tell(house: House) -> int:
    return noticing.tell_all(house.desk.engine, house.me.channels, now=house.clock)


def events(listener: FakeListener) -> list[tuple[str, str]]:
    return [(one.event, str(one.data.get("channel", ""))) for one in listener.heard]


def trouble(house: House) -> list[tuple[str, str]]:
    with reading(house.desk.engine) as db:
        return notices.troubles(db)


def test_it_hears_what_became_of_each_post(engine: Engine) -> None:
    ears = FakeListener()
    house = house_with(
        engine,
        ears,
        a=FakeChannel(),
        b=FakeChannel(fails_with=[Refused("422 too long")]),
        c=FakeChannel(fails_with=[Disconnected("401")]),
        d=FakeChannel(fails_with=[TryLater("busy")]),
    )
    assert isinstance(ears, Noticing)
    house.run()
    assert tell(house) == 4
    assert sorted(events(ears)) == [
        ("delivered", "a"),
        ("delivered", "ears"),
        ("held", "c"),
        ("refused", "b"),
    ]
    refused = next(one for one in ears.heard if one.event == "refused")
    assert refused.data["reason"] == "422 too long"
    assert (refused.data["issue"], refused.data["lang"]) == (ISSUE, "en")
    assert tell(house) == 0


def test_it_hears_only_what_it_asked_for_and_nothing_of_before(engine: Engine) -> None:
    ears = FakeListener(events=("refused",))
    house = House(engine, ears=ears, b=FakeChannel(fails_with=[Refused("no")] * 2))
    house.run()
    assert tell(house) == 0
    house.there = [edition("2026-12")]
    house.run()
    assert tell(house) == 1
    assert events(ears) == [("refused", "b")]


def test_copies_for_readers_are_not_told_one_by_one_and_leaving_is(engine: Engine) -> None:
    ears = FakeListener(events=("delivered", "unsubscribed"))
    house = house_with(engine, ears, mail=FakeMailing())
    subscribing.add(["ann@example.org", "bob@example.org"], engine=engine, at=NOW)
    house.run()
    subscribing.remove("ann@example.org", engine=engine, at=NOW)
    subscribing.remove("ann@example.org", engine=engine, at=NOW)  # she had left
    tell(house)
    assert events(ears) == [("delivered", "ears"), ("unsubscribed", "")]
    assert ears.heard[1].data == {"address": "ann@example.org"}


def test_of_who_is_forgotten_nothing_is_told(engine: Engine) -> None:
    ears = FakeListener()
    house = house_with(engine, ears)
    subscribing.add(["ann@example.org"], engine=engine, at=NOW)
    forget("ann@example.org", engine=engine, at=NOW)
    tell(house)
    assert ears.heard == []
    assert tell(house) == 0


def test_what_a_person_settles_is_told(engine: Engine) -> None:
    ears = FakeListener()
    house = house_with(engine, ears, b=FakeChannel(fails_with=[Refused("no")]))
    house.run()
    with engine.begin() as db:
        url = "https://there.example/1"
        settle(ISSUE, "b", State.DELIVERED, db=db, at=house.clock(), url=url)
    tell(house)
    assert ears.heard[-1].data["url"] == url
    assert events(ears)[-1] == ("delivered", "b")


@pytest.mark.parametrize("error", [TryLater("503"), Unsure("lost"), ValueError("a bug")])
def test_what_failed_is_told_again_after_a_rest_under_the_same_id(
    engine: Engine, error: Exception
) -> None:
    ears = FakeListener()
    house = house_with(engine, ears)
    house.run()
    ears.answers = [error]
    assert tell(house) == 0
    assert [name for name, _ in trouble(house)] == ["ears"]
    assert tell(house) == 0  # it rests
    house.clock.forward(seconds=6)
    assert tell(house) == 1
    assert len({one.id for one in ears.heard}) == 1
    assert trouble(house) == []


@pytest.mark.parametrize("error", [TryLater, Disconnected, Refused, ValueError])
def test_why_it_could_not_be_told_holds_no_secret(
    engine: Engine, error: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    ears = FakeListener()
    house = house_with(engine, ears)
    house.run()
    ears.answers = [error("no to https://me:a-password@ears.example")]
    tell(house)
    said = f"{trouble(house)} {caplog.messages}"
    assert "@ears.example" in said
    assert "a-password" not in said


def test_it_rests_longer_each_time_and_as_long_as_it_asks(engine: Engine) -> None:
    ears = FakeListener()
    house = house_with(engine, ears)
    house.run()
    ears.answers = [TryLater("503"), TryLater("503"), TryLater("429", timedelta(hours=3))]
    for rest in (5, 30, 3 * 3600):
        assert tell(house) == 0
        house.clock.forward(seconds=rest - 1)
        left = len(ears.answers)
        assert tell(house) == 0
        assert len(ears.answers) == left
        house.clock.forward(seconds=2)
    assert tell(house) == 1


def test_order_is_kept_and_what_is_refused_stands_in_nobodys_way(engine: Engine) -> None:
    ears = FakeListener(events=("delivered",))
    house = house_with(engine, ears, a=FakeChannel())
    for key in ("2026-11", "2026-12"):
        house.there = [edition(key)]
        house.run()
    ears.answers = [Refused("400 what is that"), TryLater("503")]
    assert tell(house) == 1
    house.clock.forward(minutes=1)
    assert tell(house) == 3
    ids = [one.id for one in ears.heard]
    assert ids == sorted(ids, key=lambda id: int(id.split("-")[1]))


def test_who_has_to_be_mended_is_left_alone_for_an_hour(engine: Engine) -> None:
    ears = FakeListener()
    house = house_with(engine, ears)
    house.run()
    ears.answers = [Disconnected("410 gone")]
    tell(house)
    assert trouble(house) == [("ears", "410 gone")]
    house.clock.forward(minutes=59)
    assert tell(house) == 0
    house.clock.forward(minutes=2)
    assert tell(house) == 1


def test_two_at_once_tell_everything_once(engine: Engine) -> None:
    ears = FakeListener()
    house = house_with(engine, ears, a=FakeChannel(), b=FakeChannel())
    house.run()
    threads = [Thread(target=tell, args=(house,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ears.heard) == 3
    assert len({one.id for one in ears.heard}) == 3


def test_who_is_lost_in_the_middle_is_followed_after_the_lease(engine: Engine) -> None:
    ears = FakeListener()
    house = house_with(engine, ears)
    house.run()

    class Killed(BaseException):
        pass

    ears.answers = [Killed()]  # type: ignore[list-item]
    with pytest.raises(Killed):
        tell(house)
    assert tell(house) == 0
    house.clock.time += notices.LEASE
    assert tell(house) == 1
    assert len({one.id for one in ears.heard}) == 1


def test_what_is_old_is_dropped(engine: Engine) -> None:
    ears = FakeListener()
    house = house_with(engine, ears)
    house.run()
    ears.answers = [Disconnected("401")] * 99
    tell(house)
    house.clock.forward(days=3, minutes=1)
    tell(house)
    with reading(engine) as db:
        assert db.scalar(select(func.count()).select_from(stored)) == 0
    ears.answers = []
    house.clock.forward(hours=2)
    assert tell(house) == 0
