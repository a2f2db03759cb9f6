"""What operators ask for at a page or by a program: done once, or refused, and written down."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from publisher import operating, subscribing
from publisher.domain.channel import (
    ChannelError,
    Disconnected,
    Receipt,
    Refused,
    TryLater,
    Unsure,
)
from publisher.domain.delivery import State
from publisher.domain.issue import BadSource, Edition
from publisher.operating import Desk, NotPossible, Unknown
from publisher.storage import homes, identity, releases
from tests.publisher.fakes import NOW, FakeChannel, FakeMailing, edition, work
from tests.publisher.house import ISSUE, House


def test_a_retry_is_done_once_and_written_down(engine: Engine) -> None:
    house = House(engine, a=FakeChannel(fails_with=[Refused("no")]), b=FakeChannel())
    house.run()
    assert house.standing("a").state is State.REFUSED
    assert operating.retry(house.desk, ISSUE, ["a"]) == 1
    assert house.standing("a").state is State.PENDING
    work(house.me)
    assert house.standing("a").state is State.DELIVERED
    with pytest.raises(NotPossible, match="nothing there failed"):
        operating.retry(house.desk, ISSUE, ["a"])
    assert house.done() == [("ines", "retry", ISSUE, "a", "1 tried again")]
    assert house.calls == ["sweep"]


def test_a_retry_takes_the_text_as_it_is_now(engine: Engine) -> None:
    channel = FakeChannel(fails_with=[Refused("too rude")])
    house = House(engine, a=channel)
    house.run()
    house.there = [edition(title="December", revision="2")]
    operating.retry(house.desk, ISSUE)
    work(house.me)
    assert [post.title for post in channel.out_there] == ["December"]


def test_a_stopped_channel_goes_on_with_a_retry(engine: Engine) -> None:
    house = House(engine, a=FakeChannel(fails_with=[Disconnected("token expired")]))
    house.run()
    assert house.standing("a").state is State.HELD
    operating.retry(house.desk, ISSUE, ["a"])
    work(house.me)
    assert house.standing("a").state is State.DELIVERED


@pytest.mark.parametrize(
    ("answer", "url", "state", "out"),
    [
        ("delivered", "https://fake.example/7", State.DELIVERED, 1),
        ("resend", "", State.PENDING, 1),
        ("skip", "", State.SKIPPED, 1),
    ],
)
def test_an_answer_settles_what_is_held(
    engine: Engine, answer: str, url: str, state: State, out: int
) -> None:
    channel = FakeChannel(fails_with=[Unsure("lost")], keeps_it_anyway=True, cannot_be_asked=True)
    house = House(engine, a=channel)
    house.run()
    house.clock.forward(hours=1)
    work(house.me)
    assert house.standing("a").state is State.HELD
    assert operating.settle(house.desk, ISSUE, "a", answer, url=url) == 1
    assert (house.standing("a").state, house.standing("a").url) == (state, url)
    with pytest.raises(NotPossible, match="waits for an answer"):
        operating.settle(house.desk, ISSUE, "a", "delivered", url="https://fake.example/8")
    assert len(house.done()) == 1
    assert len(channel.out_there) == out


@pytest.mark.parametrize("url", ["", "there", "javascript:alert(1)", "https://", " "])
def test_where_it_is_has_to_be_an_address(engine: Engine, url: str) -> None:
    house = House(engine, a=FakeChannel(fails_with=[Refused("no")]))
    house.run()
    with pytest.raises(NotPossible, match="say where it is"):
        operating.settle(house.desk, ISSUE, "a", "delivered", url=url)
    assert not house.done()


def test_what_there_is_not_is_said(engine: Engine) -> None:
    house = House(engine, a=FakeChannel())
    house.run()
    for wish in (
        lambda: operating.retry(house.desk, "1999-01"),
        lambda: operating.retry(house.desk, ISSUE, ["zebra"]),
        lambda: operating.settle(house.desk, ISSUE, "zebra", "skip"),
        lambda: operating.pause(house.desk, ISSUE, "zebra"),
        lambda: operating.pause_channel(house.desk, "zebra"),
        lambda: operating.publish(house.desk, "1999-01"),
        lambda: operating.correct(house.desk, "1999-01"),
    ):
        with pytest.raises(Unknown):
            wish()
    with pytest.raises(NotPossible, match="no answer"):
        operating.settle(house.desk, ISSUE, "a", "burn")
    assert not house.done()


def test_publishing_says_what_stands_against_it(engine: Engine) -> None:
    house = House(engine, a=FakeChannel())
    for changes, words in (
        ({"draft": True}, "is a draft"),
        ({"title": "bad"}, "it is bad"),
        ({"lang": "fr"}, "no channel takes"),
    ):
        house.there = [edition(**changes)]
        with pytest.raises(NotPossible, match=words):
            operating.publish(house.desk, ISSUE)
    house.there = [edition()]
    assert operating.publish(house.desk, ISSUE) == 1
    assert operating.publish(house.desk, ISSUE) == 0
    assert [did for _, did, *_ in house.done()] == ["publish", "publish"]


def test_a_source_that_cannot_be_read_is_said(engine: Engine) -> None:
    house = House(engine, a=FakeChannel())

    def broken(_: str) -> Sequence[Edition]:
        raise BadSource("2026-11.md", "the head does not end", line=3)

    desk = replace(house.desk, editions=broken)
    with pytest.raises(NotPossible, match="the head does not end"):
        operating.publish(desk, ISSUE)


def test_a_pause_a_way_on_and_an_end(engine: Engine) -> None:
    mail = FakeMailing()
    house = House(engine, mail=mail)
    subscribing.add(["ann@example.org"], engine=engine, at=NOW)
    house.plan()
    operating.pause(house.desk, ISSUE, "mail")
    work(house.me)
    assert not mail.out_there
    operating.resume(house.desk, ISSUE, "mail")
    operating.cancel(house.desk, ISSUE, "mail")
    work(house.me)
    assert not mail.out_there
    assert house.standing("mail").state is State.SKIPPED
    assert [(did, words) for _, did, _, _, words in house.done()] == [
        ("pause", ""),
        ("resume", ""),
        ("cancel", "1 skipped"),
    ]


def test_a_whole_channel_stops_and_goes_on(engine: Engine) -> None:
    channel = FakeChannel()
    house = House(engine, a=channel)
    house.plan()
    operating.pause_channel(house.desk, "a")
    assert "paused by ines" in house.standing("a").reason
    with pytest.raises(NotPossible, match="stopped already"):
        operating.pause_channel(house.desk, "a")
    work(house.me)
    assert not channel.out_there
    operating.resume_channel(house.desk, "a")
    work(house.me)
    assert len(channel.out_there) == 1


@pytest.mark.parametrize("error", [Disconnected, Refused, TryLater, None])
def test_what_a_check_finds_is_told_without_secrets(
    engine: Engine, error: type[ChannelError] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = FakeChannel()
    house = House(engine, a=channel)

    def check() -> list[str]:
        words = "https://me:a-password@net.example takes 500 characters"
        if error:
            raise error(words)
        return [words]

    monkeypatch.setattr(channel, "check", check)
    ok, [words] = operating.check(house.desk, "a")
    assert ok is (error is None)
    assert "@net.example takes 500 characters" in words
    assert "a-password" not in words


def test_what_waits_is_held_and_released(engine: Engine) -> None:
    house = House(engine, a=FakeChannel())
    with engine.begin() as db:
        releases.add(db, ISSUE, "en", dated=NOW, at=NOW)
    assert operating.hold(house.desk, ISSUE) == ["en"]
    assert operating.release(house.desk, ISSUE) == ["en"]
    assert house.calls == ["go on"]
    assert operating.call_off(house.desk, ISSUE) == ["en"]
    with pytest.raises(NotPossible, match="waits for a release"):
        operating.release(house.desk, ISSUE)
    assert [did for _, did, *_ in house.done()] == ["hold", "release", "call off"]


def test_a_correction_reaches_what_is_out(engine: Engine) -> None:
    house = House(engine, a=FakeChannel(), b=FakeChannel())
    house.run()
    house.there = [edition(title="November, mended", revision="2")]
    house.clock.time += timedelta(minutes=5)
    found = operating.correct(house.desk, ISSUE, ["a"])
    assert [(one.channel, str(one.outcome)) for one in found] == [("a", "corrected")]
    assert house.done() == [
        ("ines", "correct", ISSUE, "a", ""),
        ("ines", "corrected", ISSUE, "a", "a (en): corrected"),
    ]


def test_what_is_out_is_taken_back_where_that_can_be(engine: Engine) -> None:
    house = House(engine, a=FakeChannel(), b=FakeTakingBack())
    house.run()
    found = operating.retract(house.desk, ISSUE, ["a", "b"])
    assert [(one.channel, str(one.outcome)) for one in found] == [
        ("a", "stays"),
        ("b", "taken back"),
    ]
    assert house.standing("b").state is State.SKIPPED
    assert house.standing("a").state is State.DELIVERED
    assert [did for _, did, *_ in house.done()] == ["retract", "retracted"]


@pytest.mark.parametrize(
    "deed",
    [
        lambda desk: operating.publish(desk, ISSUE),
        lambda desk: operating.retry(desk, ISSUE),
        lambda desk: operating.settle(desk, ISSUE, "a", "resend"),
        lambda desk: operating.correct(desk, ISSUE),
        lambda desk: operating.retract(desk, ISSUE, ["a"]),
        lambda desk: operating.release(desk, ISSUE),
    ],
    ids=["publish", "retry", "settle", "correct", "retract", "release"],
)
def test_from_a_store_that_is_fenced_nothing_reaches_anybody(
    engine: Engine, deed: Callable[[Desk], object]
) -> None:
    channel = FakeTakingBack()
    house = House(engine, a=channel)
    house.run()
    with engine.begin() as db:
        releases.add(db, ISSUE, "en", dated=NOW, at=NOW)
        identity.make(db, homes.of(db), at=NOW)
        identity.fence(db, "it was copied", at=NOW)
    house.there = [edition(title="December", revision="2")]
    with pytest.raises(NotPossible, match="it was copied"):
        deed(house.desk)
    assert [post.title for post in channel.out_there] == [edition().title]
    assert (house.done(), house.calls) == ([], [])


class FakeTakingBack(FakeChannel):
    """A fake whose network takes posts back."""

    def retract(self, receipt: Receipt) -> None:
        self.out_there.clear()
