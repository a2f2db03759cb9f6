"""A thread on its way through the program: two mishaps, a killed worker, and no part twice."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine

from channels.mastodon import Mastodon
from publisher import publishing
from publisher.domain.delivery import LEASE, State
from publisher.publishing import Worker
from publisher.sandbox.networks import mastodon as stand_in
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving
from tests.channels.test_threads import LONG, FailingAt
from tests.publisher.fakes import NOW, Clock, worker
from tests.publisher.test_publishing import claim, standing, work


@pytest.fixture
def app() -> FailingAt:
    outside = Outside()
    return FailingAt(stand_in.app(outside), outside)


@pytest.fixture
def mastodon(app: FailingAt) -> Iterator[Any]:
    with serving(app) as url:
        yield Mastodon(instance=url, access_token="token", thread=9, timeout=0.5)


def planned(engine: Engine, clock: Clock, mastodon: Any) -> Worker:
    me = worker(engine, clock, fake=mastodon)
    with engine.begin() as db:
        edition = replace(LONG, date=NOW)
        assert publishing.plan([edition], db=db, channels=me.channels, at=NOW) == 1
    return me


def texts(app: FailingAt) -> list[str]:
    return [one.fields["text"] for one in app.outside.posts("mastodon")]


def test_a_thread_is_completed_through_two_lost_answers(
    engine: Engine, app: FailingAt, mastodon: Any
) -> None:
    clock = Clock()
    me = planned(engine, clock, mastodon)
    app.number, app.do = 2, "lose_answer"
    work(me)
    assert standing(engine).state == State.UNSURE
    app.number, app.do, app.inner = 4, "error_after", stand_in.app(app.outside)  # keys forgotten
    for _ in range(8):
        clock.forward(seconds=120)
        work(me)
    assert standing(engine).state == State.DELIVERED
    assert texts(app) == mastodon.render(LONG).details["parts"]


def test_a_thread_is_completed_after_its_worker_was_killed(
    engine: Engine, app: FailingAt, mastodon: Any
) -> None:
    clock = Clock()
    me = planned(engine, clock, mastodon)
    claim(engine, clock, marked=True)
    mastodon.deliver(mastodon.render(LONG))
    for one in app.outside.posts("mastodon")[2:]:
        app.outside.remove("mastodon", one.id)
    app.inner = stand_in.app(app.outside)
    for _ in range(4):
        clock.forward(seconds=LEASE.total_seconds() + 60)
        work(me)
    assert standing(engine).state == State.DELIVERED
    assert texts(app) == mastodon.render(LONG).details["parts"]
