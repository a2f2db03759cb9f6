"""What was seen waits for its release: for its page, for a while, for a person, for its turn."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from publisher import publishing, releasing
from publisher.domain.issue import Edition
from publisher.domain.plan import Rules
from publisher.publishing import Worker
from publisher.releasing import Site
from publisher.storage import releases, reports
from publisher.storage.engine import reading
from publisher.storage.waiting import Hint
from tests.publisher.fakes import NOW, Clock, FakeChannel, configured, edition, worker

KEY = "2026-11"
HOLD = timedelta(minutes=15)


@dataclass
class Newsroom:
    """A source with one issue, its site, and whoever takes releases further."""

    engine: Engine
    clock: Clock = field(default_factory=Clock)
    rules: Rules = field(default_factory=Rules)
    source: dict[tuple[str, str], Edition] = field(default_factory=dict)
    page: str = ""  # why it is not public
    wrong: str = ""
    channels: dict[str, FakeChannel] = field(
        default_factory=lambda: {"feed": FakeChannel(), "net": FakeChannel()}
    )
    looks: int = 0

    def seen(self, *editions: Edition) -> None:
        self.source |= {(one.key, one.lang): one for one in editions}
        with self.engine.begin() as db:
            releasing.wait(db, editions, at=self.clock())

    def go_on(self) -> int:
        return releasing.go_on(self.site)

    @property
    def site(self) -> Site:
        return Site(
            engine=self.engine,
            channels=self.worker.channels,
            rules=self.rules,
            edition=lambda issue, lang: self.source.get((issue, lang)),
            errors=lambda _: self.wrong,
            unproven=self._unproven,
            now=self.clock,
        )

    def _unproven(self, _: Edition) -> str:
        self.looks += 1
        return self.page

    @property
    def worker(self) -> Worker:
        channels = {name: configured(name, one) for name, one in self.channels.items()}
        return replace(worker(self.engine, self.clock), channels=channels)

    def planned(self) -> list[str]:
        with reading(self.engine) as db:
            return sorted(one.channel for one in reports.standings(db))

    def say(self, word: Callable[..., list[str]]) -> list[str]:
        with self.engine.begin() as db:
            return word(db, KEY, at=self.clock())

    def work(self) -> None:
        hints: list[Hint] = []
        publishing.sweep(self.worker, hint=hints.append)
        for hint in hints:
            publishing.deliver(hint.delivery, self.worker)

    def told(self) -> str:
        with reading(self.engine) as db:
            [found] = releases.of(db, KEY)
            return releasing.told(found, releasing.planned(db, found, self.site))


@pytest.fixture
def room(engine: Engine) -> Newsroom:
    made = Newsroom(engine=engine, rules=Rules(order=("feed",)))
    made.seen(edition())
    return made


def test_nothing_goes_out_before_its_page_is_there(room: Newsroom) -> None:
    room.page = "https://news.example/: answers 404"
    for _ in range(10):
        room.go_on()
        room.clock.forward(minutes=10)
    assert room.planned() == []
    assert "waits for its page: https://news.example/: answers 404" in room.told()


def test_after_its_page_it_waits_a_while_and_goes_out_in_order(room: Newsroom) -> None:
    room.go_on()
    room.clock.forward(minutes=14, seconds=59)
    assert room.go_on() == 0
    room.clock.forward(seconds=1)
    assert (room.go_on(), room.planned()) == (1, ["feed"])
    assert room.go_on() == 0  # the feed is not out yet
    room.work()
    assert (room.go_on(), room.planned()) == (1, ["feed", "net"])


def test_each_channel_gets_it_once_however_many_go_on_with_it(room: Newsroom) -> None:
    room.go_on()
    room.clock.forward(hours=1)
    for _ in range(3):
        room.go_on()
        room.go_on()
        room.work()
    assert [len(channel.out_there) for channel in room.channels.values()] == [1, 1]
    with reading(room.engine) as db:
        assert releases.waiting(db) == []


def test_a_page_is_looked_for_less_and_less_often(room: Newsroom) -> None:
    room.page = "answers 404"
    for _ in range(360):
        room.go_on()
        room.clock.forward(seconds=10)
    assert 15 <= room.looks <= 25  # of 360, in an hour


def test_that_a_page_is_missing_is_logged_once(
    room: Newsroom, caplog: pytest.LogCaptureFixture
) -> None:
    room.page = "answers 404"
    for _ in range(100):
        room.go_on()
        room.clock.forward(minutes=5)
    assert caplog.text.count("is not public: answers 404") == 1


def test_what_a_person_holds_stays_until_released(room: Newsroom) -> None:
    assert room.say(releasing.hold) == ["en"]
    room.go_on()
    room.clock.forward(days=3)
    assert room.go_on() == 0
    assert room.say(releasing.release) == ["en"]
    assert room.go_on() == 1


def test_what_a_person_releases_goes_without_its_page(room: Newsroom) -> None:
    room.page = "answers 404"
    room.go_on()
    room.say(releasing.release)
    assert room.go_on() == 1


def test_what_a_person_cancels_never_goes(room: Newsroom) -> None:
    room.say(releasing.cancel)
    room.clock.forward(days=3)
    assert (room.go_on(), room.say(releasing.release)) == (0, [])
    with room.engine.begin() as db:
        assert releasing.wait(db, [edition()], at=room.clock()) == 0


def test_a_persons_word_on_what_is_out_meets_nothing(room: Newsroom) -> None:
    room.say(releasing.release)
    for _ in range(2):
        room.go_on()
        room.work()
    assert room.say(releasing.hold) == []


def test_the_text_of_the_moment_goes_out_not_that_of_the_first_look(room: Newsroom) -> None:
    room.go_on()
    room.source[KEY, "en"] = edition(title="November, mended")
    room.clock.forward(hours=1)
    room.go_on()
    room.work()
    assert [post.title for post in room.channels["feed"].out_there] == ["November, mended"]


def test_an_edition_that_has_become_wrong_waits_and_says_why(room: Newsroom) -> None:
    room.go_on()
    room.wrong = "a.md:7: conflict"
    room.clock.forward(hours=1)
    assert room.go_on() == 0
    assert "a.md:7: conflict" in room.told()
    room.wrong = ""
    assert room.go_on() == 1


def test_an_edition_whose_file_is_gone_waits_and_says_so(room: Newsroom) -> None:
    room.source.clear()
    room.clock.forward(hours=1)
    assert room.go_on() == 0
    assert "its file is not in the source any more" in room.told()


def test_a_translation_is_a_release_of_its_own(room: Newsroom) -> None:
    german = edition(lang="de")
    room.source[KEY, "de"] = german
    room.go_on()
    room.clock.forward(days=20)
    for _ in range(3):
        room.go_on()
        room.work()
    with room.engine.begin() as db:
        assert releasing.wait(db, [edition(), german], at=room.clock()) == 1


def test_a_day_with_many_issues_stops_at_the_fuse(engine: Engine) -> None:
    room = Newsroom(engine=engine, rules=Rules(proof=False, hold=timedelta(0), most_a_day=3))
    room.seen(*(edition(key=f"2026-{n}") for n in range(5)))
    room.go_on()
    assert room.planned() == ["feed"] * 3 + ["net"] * 3
    room.clock.forward(hours=25)
    room.go_on()
    assert room.planned() == ["feed"] * 5 + ["net"] * 5


def test_a_release_at_half_past_two_goes_once_in_the_night_of_two_half_past_twos(
    engine: Engine,
) -> None:
    from datetime import UTC, datetime, time
    from zoneinfo import ZoneInfo

    night = Rules(proof=False, hold=timedelta(0), zone=ZoneInfo("Europe/Berlin"))
    room = Newsroom(engine=engine, rules=replace(night, earliest=time(2, 30), order=()))
    room.clock.time = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
    room.seen(edition())
    gone = []
    for _ in range(40):
        if room.go_on():
            gone.append(room.clock())
        room.clock.forward(minutes=5)
    assert gone == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC)]


def test_an_old_issue_waits_for_a_person_and_a_late_translation_does_not(
    engine: Engine,
) -> None:
    room = Newsroom(engine=engine, rules=Rules(proof=False, hold=timedelta(0), order=()))
    room.seen(edition(date=NOW - timedelta(days=100)))
    room.go_on()
    assert room.planned() == []
    room.say(releasing.release)
    room.go_on()
    assert room.planned() == ["feed", "net"]
    german = edition(lang="de", date=NOW - timedelta(days=100))
    room.seen(german)
    with reading(engine) as db:
        [found] = [one for one in releases.of(db, KEY) if one.lang == "de"]
    assert found.facts.dated is None


def test_many_who_go_on_at_once_plan_each_channel_once(engine: Engine) -> None:
    room = Newsroom(engine=engine, rules=Rules(proof=False, hold=timedelta(0), order=()))
    room.seen(edition())
    with ThreadPoolExecutor(max_workers=6) as pool:
        new = [done.result() for done in [pool.submit(room.go_on) for _ in range(6)]]
    assert (sum(new), room.planned()) == (2, ["feed", "net"])


@pytest.mark.parametrize(
    ("noon_before", "begins"),
    [  # the clocks of Berlin skip 02:30 in the one night, and have it twice in the other
        (datetime(2027, 3, 27, 12, tzinfo=UTC), datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),
        (datetime(2027, 10, 30, 12, tzinfo=UTC), datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),
    ],
)
def test_a_release_at_half_past_two_goes_out_once_in_both_nights_of_changed_clocks(
    engine: Engine, noon_before: datetime, begins: datetime
) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    rules = Rules(proof=False, zone=berlin, earliest=time(2, 30), order=())
    quiet = replace(rules, quiet_days=frozenset({noon_before.weekday()}))
    room = Newsroom(engine=engine, rules=quiet, clock=Clock(noon_before))
    room.seen(edition(date=noon_before))
    planned = {}
    while room.clock() < noon_before + timedelta(hours=24):
        if new := room.go_on():
            planned[room.clock()] = new
        room.clock.forward(minutes=10)
    assert planned == {begins: 2}
