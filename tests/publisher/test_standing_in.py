"""A reader's own language, else the site's after so many days: one edition of an issue each."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, event, select, text, update

from publisher import auditing, choosing, mailing, publishing, standing_in, subscribing
from publisher.domain.channel import Refused
from publisher.domain.delivery import State
from publisher.domain.issue import Edition
from publisher.registry import Configured
from publisher.storage import copies, pauses, schema, standins
from publisher.storage.engine import connect, migrate, reading
from publisher.storage.waiting import Hint
from publisher.subscribing import Choices
from tests.publisher.fakes import Clock, FakeMailing, configured, edition, worker

ANN, EVE = "ann@example.org", "eve@example.org"
ISSUE = "2026-11"
Copies = list[tuple[str, str]]


class Crash(BaseException):
    """The process ends."""


@dataclass
class Desk:
    """A list in two languages, Eve, who reads the site's own, and whoever else joins."""

    engine: Engine
    clock: Clock = field(default_factory=Clock)
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {"readers": ("en", "de")})

    def __post_init__(self) -> None:
        self.channel = FakeMailing()
        self.joins(EVE, None, "en")

    @property
    def channels(self) -> dict[str, Configured]:
        return {name: configured(name, self.channel, *took) for name, took in self.lists.items()}

    def joins(self, address: str = ANN, days: int | None = 5, *languages: str) -> None:
        choices = Choices(languages=languages or ("de",), else_after=days)
        subscribing.add([address], engine=self.engine, choices=choices, at=self.clock())

    def chooses(self, days: int | None, *languages: str, address: str = ANN) -> None:
        reader = subscribing.about(address, engine=self.engine).reader
        assert reader
        choice: dict[str, Any] = {"languages": languages or ("de",), "lists": (), "place": ""}
        choosing.choose(
            reader.token, engine=self.engine, **choice, else_after=days, at=self.clock()
        )

    def comes(self, *langs: str, key: str = ISSUE, **channels: Configured) -> int:
        made = [edition(key, lang) for lang in langs or ("en",)]
        with self.engine.begin() as db:
            at = self.clock()
            return publishing.plan(made, db=db, channels=channels or self.channels, at=at)

    def passes(self, days: float) -> int:
        self.clock.forward(days=days)
        return self.looks()

    def looks(self) -> int:
        return standing_in.stand_in(
            engine=self.engine,
            channels=self.channels,
            language=lambda issue: "de" if issue.startswith("berlin/") else "en",
            at=self.clock(),
        )

    def copies(self, address: str = ANN) -> Copies:
        d, p = schema.deliveries.c, schema.posts.c
        wanted = select(p.channel, p.lang).join_from(schema.deliveries, schema.posts)
        with reading(self.engine) as db:
            rows = db.execute(wanted.where(d.recipient == address).order_by(d.id))
            return [(row.channel, row.lang) for row in rows]

    def odd(self) -> list[auditing.Oddity]:
        with reading(self.engine) as db:
            return auditing.broken(auditing.audit(db, at=self.clock()))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A store for all of these tests: making each one of its own takes longer than the tests."""
    address = f"sqlite:///{tmp_path_factory.mktemp('store')}/publisher.db"
    if request.param == "postgresql":
        postgres = request.getfixturevalue("postgres")
        admin = create_engine(postgres, isolation_level="AUTOCOMMIT")
        with admin.connect() as db:
            db.execute(text("create database standing_in"))
        admin.dispose()
        address = postgres.replace("/postgres?", "/standing_in?")
    store = connect(address)
    migrate(store)
    request.addfinalizer(store.dispose)
    return store


@pytest.fixture
def empty(store: Engine) -> Engine:
    with store.begin() as db:
        for table in reversed(schema.metadata.sorted_tables):
            db.execute(table.delete())
    return store


@pytest.fixture
def desk(empty: Engine) -> Iterator[Desk]:
    desk = Desk(empty)
    yield desk
    assert desk.odd() == []


ENGLISH, GERMAN = ("readers", "en"), ("readers", "de")


def test_the_original_comes_once_the_days_are_over(desk: Desk) -> None:
    desk.joins()
    desk.comes("en")
    assert (desk.passes(4.9), desk.copies()) == (0, [])
    assert (desk.passes(0.1), desk.copies()) == (1, [ENGLISH])
    assert (desk.passes(1), desk.passes(60), desk.copies()) == (0, 0, [ENGLISH])


def test_who_waits_for_ever_hears_nothing_of_what_nobody_translated(desk: Desk) -> None:
    desk.joins(ANN, None)
    desk.comes("en")
    assert (desk.passes(61), desk.copies()) == (0, [])


def test_a_translation_in_time_comes_alone(desk: Desk) -> None:
    desk.joins()
    desk.comes("en")
    desk.passes(3)
    desk.comes("de")
    assert (desk.passes(30), desk.copies()) == (0, [GERMAN])


def test_a_translation_that_is_too_late_goes_to_everybody_else(desk: Desk) -> None:
    desk.joins()
    desk.joins("bea@example.org", 30)
    desk.comes("en")
    desk.passes(6)
    desk.comes("de")
    assert (desk.copies(), desk.copies("bea@example.org")) == ([ENGLISH], [GERMAN])


def test_publishing_both_editions_again_sends_nobody_a_second_one(desk: Desk) -> None:
    desk.joins()
    desk.comes("en")
    desk.passes(6)
    desk.comes("de")
    assert desk.comes("en", "de") == 0


def test_who_joined_after_the_release_gets_nothing_of_it(desk: Desk) -> None:
    desk.comes("en")
    desk.clock.forward(hours=1)
    desk.joins()
    assert (desk.passes(30), desk.copies()) == (0, [])


def test_who_came_back_after_the_release_gets_nothing_of_it(desk: Desk) -> None:
    desk.joins()
    subscribing.remove(ANN, engine=desk.engine, at=desk.clock())
    desk.comes("en")
    desk.clock.forward(days=1)
    desk.joins()
    assert (desk.passes(30), desk.copies()) == (0, [])


def test_who_has_left_gets_nothing(desk: Desk) -> None:
    desk.joins()
    desk.comes("en")
    subscribing.remove(ANN, engine=desk.engine, at=desk.clock())
    assert (desk.passes(30), desk.copies()) == (0, [])


def test_a_shorter_wait_holds_for_what_is_waited_for_already(desk: Desk) -> None:
    desk.joins(ANN, 30)
    desk.comes("en")
    assert desk.passes(10) == 0
    desk.chooses(7)
    assert (desk.passes(0.01), desk.copies()) == (1, [ENGLISH])


def test_a_longer_wait_holds_for_what_is_waited_for_already(desk: Desk) -> None:
    desk.joins()
    desk.comes("en")
    assert desk.passes(4) == 0
    desk.chooses(30)
    assert (desk.passes(25), desk.passes(1)) == (0, 1)


def test_the_choice_brings_nothing_whose_days_were_over_when_it_was_made(desk: Desk) -> None:
    desk.joins(ANN, None)
    desk.comes("en", key="2026-10")
    desk.passes(6)
    desk.comes("en", key="2026-11")
    desk.passes(1)
    desk.chooses(5)
    assert (desk.passes(3), desk.passes(1), desk.passes(30)) == (0, 1, 0)


def test_who_takes_the_choice_back_gets_nothing(desk: Desk) -> None:
    desk.joins()
    desk.comes("en")
    desk.chooses(None)
    assert desk.passes(30) == 0


def test_who_read_the_original_and_changes_the_language_gets_no_translation_of_it(
    desk: Desk,
) -> None:
    desk.joins(ANN, None, "en")
    desk.comes("en")
    desk.chooses(5, "de")
    desk.comes("de")
    assert (desk.passes(30), desk.copies()) == (0, [ENGLISH])


def test_who_read_the_translation_and_changes_the_language_gets_no_original_of_it(
    desk: Desk,
) -> None:
    desk.joins()
    desk.comes("en", "de")
    desk.chooses(None, "en")
    desk.comes("en", "de")
    assert (desk.passes(30), desk.copies()) == (0, [GERMAN])


def test_who_got_the_original_instead_gets_no_translation_after_choosing_both(desk: Desk) -> None:
    desk.joins()
    desk.comes("en")
    desk.passes(5)
    desk.chooses(None, "en", "de")
    desk.comes("de")
    assert desk.copies() == [ENGLISH]


def test_who_chose_both_languages_gets_both(desk: Desk) -> None:
    desk.joins(ANN, 5, "de", "en")
    desk.comes("en")
    desk.comes("de")
    assert (desk.passes(30), desk.copies()) == (0, [ENGLISH, GERMAN])


def test_a_choice_of_who_reads_the_sites_language_means_nothing(desk: Desk) -> None:
    desk.joins(ANN, 5, "en")
    desk.comes("en")
    assert (desk.passes(30), desk.copies()) == (0, [ENGLISH])


def test_who_changes_to_a_language_that_is_out_already_waits_for_nothing(desk: Desk) -> None:
    desk.lists = {"readers": ("en", "de", "fr")}
    desk.joins(ANN, 5, "fr")
    desk.comes("en", "de")
    desk.passes(1)
    desk.chooses(5, "de")
    assert (desk.passes(30), desk.copies()) == (0, [])


def test_a_list_without_the_sites_language_brings_no_original(desk: Desk) -> None:
    desk.lists = {"berlin": ("de", "fr")}
    desk.joins()
    desk.comes("en")
    assert (desk.passes(30), desk.copies()) == (0, [])


def test_of_several_newsletters_each_has_its_own_original(desk: Desk) -> None:
    desk.joins(ANN, 5, "de")
    desk.joins("bea@example.org", 5, "en")
    desk.comes("de", key="berlin/7")
    assert desk.passes(5) == 1
    assert (desk.copies("bea@example.org"), desk.copies()) == ([GERMAN], [GERMAN])


def test_who_is_on_several_lists_gets_the_original_from_one(desk: Desk) -> None:
    desk.lists = {"readers": ("en", "de"), "weekly": ("en", "de")}
    desk.joins()
    desk.comes("en")
    assert desk.passes(5) == 1
    desk.comes("de")
    assert desk.copies() == [ENGLISH]


def test_who_has_the_original_from_another_list_gets_no_second_one(desk: Desk) -> None:
    desk.lists = {"english": ("en",), "readers": ("en", "de")}
    desk.joins()
    desk.comes("en")
    assert (desk.passes(30), desk.copies()) == (0, [("english", "en")])
    desk.comes("de")
    assert desk.copies() == [("english", "en"), GERMAN]


def test_two_workers_at_once_plan_one_copy_each(desk: Desk) -> None:
    for number in range(20):
        desk.joins(f"reader{number}@example.org")
    desk.comes("en")
    desk.clock.forward(days=5)
    with ThreadPoolExecutor(max_workers=4) as pool:
        assert sum(pool.map(lambda _: desk.looks(), range(4))) == 20


def test_a_translation_at_the_very_moment_sends_nobody_both(desk: Desk) -> None:
    for number in range(20):
        desk.joins(f"reader{number}@example.org")
    desk.comes("en")
    desk.clock.forward(days=5)
    with ThreadPoolExecutor(max_workers=2) as pool:
        instead, translated = pool.submit(desk.looks), pool.submit(desk.comes, "de")
        assert instead.result() + translated.result() == 20


def test_a_crash_leaves_all_or_nothing_of_a_batch_and_the_rest_for_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing_in, "BATCH", 2)
    for number in range(5):
        desk.joins(f"reader{number}@example.org")
    desk.comes("en")
    desk.clock.forward(days=5)
    commits: list[object] = []

    def crash(db: object) -> None:
        commits.append(db)
        if len(commits) == 3:  # the first is of looking
            raise Crash

    event.listen(desk.engine, "commit", crash)
    with pytest.raises(Crash):
        desk.looks()
    event.remove(desk.engine, "commit", crash)
    assert desk.looks() == 3


def test_the_original_is_sent_and_its_log_says_why(desk: Desk) -> None:
    desk.joins()
    desk.comes("en")
    desk.passes(5)
    me = worker(desk.engine, desk.clock, readers=desk.channel)
    hints: list[Hint] = []
    publishing.sweep(me, hint=hints.append)
    for hint in hints:
        mailing.deliver_copies(hint.post, me)
    assert [post.to.address for post in desk.channel.out_there if post.to] == [EVE, ANN]
    with reading(desk.engine) as db:
        told = db.scalars(
            select(schema.delivery_log.c.reason).where(schema.delivery_log.c.was == "")
        ).all()
    assert sorted(told) == ["", "nothing in their language within 5 days"]


def test_a_cancelled_original_stands_in_for_nothing(desk: Desk) -> None:
    desk.joins()
    desk.comes("en")
    with desk.engine.begin() as db:
        pauses.cancel(db, ISSUE, "readers", at=desk.clock())
    assert desk.passes(5) == 0


def test_an_original_that_could_not_be_written_stands_in_for_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Edition) -> None:
        raise Refused("too long")

    desk.joins()
    monkeypatch.setattr(desk.channel, "render", refuse, raising=False)
    desk.comes("en")
    assert desk.passes(5) == 0


def test_an_original_that_cannot_be_read_holds_up_no_other(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.joins()
    desk.comes("en", key="2026-10")
    desk.comes("en", key="2026-11")
    body = schema.posts.c.body
    with desk.engine.begin() as db:
        kept = db.scalar(select(body).where(schema.posts.c.issue == "2026-10"))
        spoil = update(schema.posts).where(schema.posts.c.issue == "2026-10")
        db.execute(spoil.values(body={"nothing": 1}))
    assert desk.passes(5) == 1
    assert "publisher retry" in caplog.text
    with desk.engine.begin() as db:
        db.execute(spoil.values(body=kept))


def test_a_store_that_has_forgotten_looks_before_it_sends(desk: Desk) -> None:
    desk.joins()
    desk.comes("en")
    desk.clock.forward(days=1)
    home = schema.identity.insert().values(
        id=1,
        name="n",
        home="{}",
        age=1,
        made_at=desk.clock(),
        forgot_since=desk.clock() - timedelta(days=2),
        adopted_at=desk.clock(),
    )
    with desk.engine.begin() as db:
        db.execute(schema.identity.delete())
        db.execute(home)
    desk.passes(5)
    with reading(desk.engine) as db:
        state = db.scalars(select(schema.deliveries.c.state)).all()
    assert state == [State.PENDING, State.UNSURE]


def test_nothing_to_do_asks_the_store_two_things(desk: Desk) -> None:
    desk.joins()
    desk.comes("en")
    desk.passes(5)
    asked: list[str] = []

    def note(*said: Any) -> None:
        asked.append(said[2])

    event.listen(desk.engine, "before_cursor_execute", note)
    desk.passes(0.5)
    event.remove(desk.engine, "before_cursor_execute", note)
    assert len([one for one in asked if one.startswith("SELECT")]) == 2


def test_the_audit_names_who_got_two_editions(empty: Engine) -> None:
    desk = Desk(empty)
    desk.joins()
    desk.comes("en")
    desk.passes(5)
    with empty.begin() as db:
        d = schema.deliveries.c
        db.execute(update(schema.deliveries).where(d.recipient == ANN).values(recipient="x"))
    desk.comes("de")
    with empty.begin() as db:
        db.execute(update(schema.deliveries).where(d.recipient == "x").values(recipient=ANN))
    assert {found.rule for found in desk.odd()} == {"once"}


STEPS = st.one_of(
    st.sampled_from(["en", "de", "fr", "crash"]),
    st.floats(0.1, 20),
    st.tuples(st.sampled_from(["en", "de", "fr"]), st.sampled_from([None, 1, 5, 30])),
)


def step_of(desk: Desk, step: Any) -> None:
    if step == "crash":
        undone(desk)
    elif isinstance(step, str):
        desk.comes(step)
    elif isinstance(step, float):
        desk.passes(step)
    else:
        desk.chooses(step[1], step[0])


def undone(desk: Desk) -> None:
    """A day goes by, and the process ends as it is about to commit what that brought."""
    desk.clock.forward(days=1)
    with desk.engine.connect() as db:
        at = desk.clock()
        for one in standins.due(db, channels=["readers"], at=at):
            readers = standins.readers(db, one, scheme="", taken=("en", "de", "fr"), at=at, limit=9)
            copies.plan(db, one.post_id, readers, at=at)
        db.rollback()


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEPS, max_size=12))
def test_whatever_comes_in_whatever_order_a_reader_gets_one_edition(
    store: Engine, steps: list[Any]
) -> None:
    for table in reversed(schema.metadata.sorted_tables):
        with store.begin() as db:
            db.execute(table.delete())
    desk = Desk(store, lists={"readers": ("en", "de", "fr")})
    desk.joins()
    for step in steps:
        step_of(desk, step)
        assert len(desk.copies()) <= 1
    assert "once" not in {found.rule for found in desk.odd()}
