"""Who is silent, decided without asking anybody."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from publisher import signs
from publisher.signs import BEAT, BUSY, GAP, QUIET, Told, Watch
from publisher.storage import workers
from publisher.storage.workers import REMEMBERED, Sign
from tests.publisher.fakes import NOW

SIGN = Sign(name="a:1", role="worker", host="here", version="1", started_at=NOW, beat_at=NOW)


def watched(watch: Watch, *, until: float) -> Watch:
    """The same after looks at a store in which nothing changes."""
    while watch.looked < until:
        watch = watch.seen(watch.last, now=watch.looked + BEAT)
    return watch


def test_a_process_is_silent_once_it_gave_no_sign_for_too_long() -> None:
    watch = Watch(since=0, looked=0, last=NOW)
    assert not watched(watch, until=QUIET).is_silent(busy=False)
    assert watched(watch, until=QUIET + BEAT).is_silent(busy=False)


def test_a_process_whose_pool_may_be_full_has_longer() -> None:
    watch = Watch(since=0, looked=0, last=NOW)
    assert not watched(watch, until=QUIET + BEAT).is_silent(busy=True)
    assert watched(watch, until=BUSY + BEAT).is_silent(busy=True)


def test_a_sign_ends_the_silence() -> None:
    watch = watched(Watch(since=0, looked=0, last=NOW), until=QUIET)
    watch = watch.seen(NOW + timedelta(seconds=1), now=QUIET + 1)
    assert not watched(watch, until=2 * QUIET).is_silent(busy=False)


def test_a_process_that_never_gave_a_sign_is_silent_too() -> None:
    assert watched(Watch(since=0, looked=0), until=QUIET + BEAT).is_silent(busy=False)


def test_after_a_sleep_of_the_whole_machine_nobody_is_silent() -> None:
    watch = Watch(since=0, looked=0, last=NOW).seen(NOW, now=QUIET + GAP)
    assert not watch.is_silent(busy=False)


def test_a_clock_that_was_set_back_is_a_sign_all_the_same() -> None:
    watch = watched(Watch(since=0, looked=0, last=NOW), until=QUIET)
    watch = watch.seen(NOW - timedelta(hours=1), now=QUIET + 1)
    assert not watch.is_silent(busy=False)


@pytest.mark.parametrize(
    ("age", "busy", "well"), [(50, False, True), (70, False, False), (70, True, True)]
)
def test_a_role_is_told_of_by_its_last_sign(age: float, busy: bool, well: bool) -> None:
    at = NOW + timedelta(seconds=age)
    told = signs.told_of("worker", [SIGN], at=at, busy=busy, here=lambda: "here")
    assert told.well is well
    assert told.silent == (() if well else (1,))
    assert f"{age} seconds ago" in told.words


def test_another_machine_or_role_tells_nothing() -> None:
    others = [replace(SIGN, host="there"), replace(SIGN, role="questions")]
    told = signs.told_of("worker", others, at=NOW, busy=False, here=lambda: "here")
    assert told == Told(well=False, words="no worker on here has given a sign of life")


def test_a_process_is_known_by_its_sign() -> None:
    assert signs.pid("publisher-worker-7@host:12") == 12
    assert signs.pid("schedule:31@host") == 31


def test_a_worker_that_was_replaced_is_not_asked_for() -> None:
    old = replace(SIGN, started_at=NOW - timedelta(hours=1), beat_at=NOW - timedelta(minutes=5))
    told = signs.told_of("worker", [SIGN, old], at=NOW, busy=False, here=lambda: "here")
    assert told.well


def test_a_schedule_alone_carries_nothing() -> None:
    schedule = replace(SIGN, role="schedule")
    assert signs.nobody_works([schedule], at=NOW, busy=False)
    assert not signs.nobody_works([schedule, SIGN], at=NOW, busy=False)


def beat(engine: Engine, name: str, *, after: timedelta) -> None:
    with engine.begin() as db:
        known = {"role": "worker", "host": "here", "version": "1", "started_at": NOW}
        workers.beat(db, name, at=NOW + after, **known)  # type: ignore[arg-type]


def test_a_process_has_one_row_with_its_last_sign(engine: Engine) -> None:
    beat(engine, "a:1", after=timedelta(0))
    beat(engine, "a:1", after=timedelta(seconds=5))
    with engine.begin() as db:
        (sign,) = workers.known(db)
    assert sign.beat_at == NOW + timedelta(seconds=5)


def test_who_is_long_gone_is_forgotten_when_another_begins(engine: Engine) -> None:
    beat(engine, "old:1", after=timedelta(0))
    beat(engine, "new:1", after=REMEMBERED + BEAT * timedelta(seconds=1))
    with engine.begin() as db:
        assert [sign.name for sign in workers.known(db)] == ["new:1"]


def test_only_who_gave_a_sign_lately_is_alive(engine: Engine) -> None:
    beat(engine, "old:1", after=timedelta(0))
    beat(engine, "new:1", after=timedelta(minutes=5))
    with engine.begin() as db:
        alive = workers.alive(db, at=NOW + timedelta(minutes=5))
    assert [sign.name for sign in alive] == ["new:1"]
