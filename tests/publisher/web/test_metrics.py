"""What Prometheus is told: parsed by its own client, over real stores."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine, text

from publisher import mailing, publishing, subscribing
from publisher.config import Settings
from publisher.domain.channel import Disconnected, TryLater
from publisher.publishing import Worker
from publisher.sandbox.serving import serving
from publisher.storage import deliveries, identity, workers
from publisher.storage.homes import Home
from publisher.storage.waiting import Hint
from publisher.web import metrics
from publisher.web.app import build
from publisher.web.metrics import Figures
from publisher.web.showing import Web
from tests.docs.pages import DOCS
from tests.publisher.fakes import (
    NOW,
    Clock,
    FakeChannel,
    FakeMailing,
    configured,
    edition,
    worker,
)
from tests.publisher.web.conftest import CONFIG, settings_of

Told = dict[tuple[str, ...], float]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def figures(settings: Settings, engine: Engine, clock: Clock) -> Figures:
    web = Web(
        settings=settings,
        engine=engine,
        feeds=(),
        lists={},
        messengers={},
        hint=lambda _: False,
        now=clock,
        queues=lambda: {"publisher": 3, "publisher.networks": 0},
    )
    ticks = iter(range(0, 10**6, 100))
    return Figures(web=web, clock=lambda: float(next(ticks)))


def told(figures: Figures) -> Told:
    """Every sample by its name and the values of its labels, after a look to begin with."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in figures.collect()
        for sample in family.samples
    }


def planned(engine: Engine, **channels: FakeChannel) -> None:
    with engine.begin() as db:
        known = {name: configured(name, channel) for name, channel in channels.items()}
        publishing.plan([edition()], db=db, channels=known, at=NOW)


def work(me: Worker) -> None:
    hints: list[Hint] = []
    publishing.sweep(me, hint=hints.append)
    for hint in hints:
        if hint.post:
            mailing.deliver_copies(hint.post, me)
        else:
            publishing.deliver(hint.delivery, me)


def test_what_waits_is_told_by_channel_and_state_with_how_long_it_is_due(
    engine: Engine, clock: Clock, figures: Figures
) -> None:
    subscribing.add(["ann@example.org", "bob@example.org"], engine=engine)
    mail, net = FakeMailing(), FakeChannel(fails_with=[TryLater("429")])
    planned(engine, mail=mail, net=net)
    clock.forward(minutes=7)
    seen = told(figures)
    assert seen["publisher_deliveries", "mail", "pending"] == 2
    assert seen["publisher_overdue_seconds", "mail"] == 420
    work(worker(engine, clock, mail=mail, net=net))
    seen = told(figures)
    assert ("publisher_deliveries", "mail", "pending") not in seen
    assert seen["publisher_deliveries", "net", "pending"] == 1
    assert seen["publisher_overdue_seconds", "net"] == 0


def test_attempts_are_counted_once_by_outcome_with_the_time_they_took(
    engine: Engine, clock: Clock, figures: Figures
) -> None:
    subscribing.add(["ann@example.org", "bob@example.org"], engine=engine)
    mail = FakeMailing(refuses={"bob@example.org": TryLater("451 later")})
    planned(engine, mail=mail)
    told(figures)
    clock.forward(seconds=20)
    work(worker(engine, clock, mail=mail))
    assert ("publisher_attempts_total", "mail", "delivered") not in told(figures)
    for _ in range(3):
        seen = told(figures)
    assert seen["publisher_attempts_total", "mail", "delivered"] == 1
    assert seen["publisher_attempts_total", "mail", "pending"] == 1
    assert seen["publisher_delivery_seconds_sum", "mail"] == pytest.approx(20, abs=0.1)
    assert seen["publisher_delivery_seconds_bucket", "mail", "10.0"] == 0
    assert seen["publisher_delivery_seconds_bucket", "mail", "30.0"] == 1
    assert seen["publisher_delivery_seconds_bucket", "mail", "+Inf"] == 1


def test_a_lost_worker_is_counted(engine: Engine, clock: Clock, figures: Figures) -> None:
    planned(engine, net=FakeChannel())
    told(figures)
    with engine.begin() as db:
        assert deliveries.claim(db, 1, at=clock(), owner="lost")
    work(worker(engine, clock, net=FakeChannel(), lost=lambda name: name == "lost"))
    told(figures)
    assert told(figures)["publisher_lost_workers_total", "net"] == 1


def test_what_is_held_and_the_channel_that_is_paused_are_told(
    engine: Engine, clock: Clock, figures: Figures
) -> None:
    net = FakeChannel(fails_with=[Disconnected("revoked")])
    planned(engine, net=net)
    work(worker(engine, clock, net=net))
    seen = told(figures)
    assert seen["publisher_deliveries", "net", "held"] == 1
    assert seen["publisher_channel_paused", "net"] == 1


def test_signs_of_life_queues_and_the_fence_are_told(
    engine: Engine, clock: Clock, figures: Figures
) -> None:
    with engine.begin() as db:
        known: dict[str, Any] = {"host": "h", "version": "1", "started_at": NOW}
        workers.beat(db, "a", role="worker", at=NOW - timedelta(seconds=3), **known)
        workers.beat(db, "b", role="worker", at=NOW - timedelta(hours=3), **known)
        identity.make(db, Home(), at=NOW)
        identity.fence(db, "a copy", at=NOW)
    seen = told(figures)
    assert seen["publisher_workers", "worker"] == 1
    assert seen["publisher_worker_silence_seconds", "worker"] == 3
    assert seen["publisher_queue_messages", "publisher"] == 3
    assert seen[("publisher_store_fenced",)] == 1
    assert seen[("publisher_broker_up",)] == 1


def test_without_a_store_the_rest_is_told(
    engine: Engine, figures: Figures, caplog: pytest.LogCaptureFixture
) -> None:
    with engine.begin() as db:
        db.execute(text("update alembic_version set version_num = '9999'"))
    seen = told(figures)
    assert seen[("publisher_database_up",)] == 0
    assert seen[("publisher_broker_up",)] == 1


def test_who_asks_again_at_once_costs_nothing(settings: Settings, engine: Engine) -> None:
    asked = []

    def queues() -> dict[str, int]:
        asked.append(1)
        return {}

    app = build(settings, engine, queues=queues)
    with serving(app) as address, httpx.Client(base_url=address, trust_env=False) as client:
        for _ in range(5):
            assert client.get("/metrics").status_code == 200
    assert len(asked) == 1


# --- over HTTP


@contextmanager
def asked(engine: Engine, folder: Path, web: str = "") -> Iterator[httpx.Client]:
    settings = settings_of(CONFIG.replace("[web]\n", f"[web]\n{web}\n"), folder)
    app = build(settings, engine)
    with serving(app) as address, httpx.Client(base_url=address, trust_env=False) as client:
        yield client


def test_the_answer_is_what_prometheus_reads(engine: Engine, tmp_path: Path) -> None:
    planned(engine, net=FakeChannel())
    with asked(engine, tmp_path) as client:
        answer = client.get("/metrics")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert families["publisher_deliveries"].samples[0].value == 1
    assert families["publisher_attempts"].type == "counter"
    assert all(family.documentation for family in families.values())


@pytest.mark.parametrize(
    ("web", "headers", "status"),
    [
        ("", {}, 200),
        ("", {"X-Forwarded-For": "198.51.100.7"}, 404),
        ("", {"Forwarded": "for=198.51.100.7"}, 404),
        ('trusted_proxies = ["127.0.0.1"]', {"X-Forwarded-For": "198.51.100.7"}, 404),
        ('metrics_from = ["198.51.100.0/24"]', {}, 404),
        (
            'trusted_proxies = ["127.0.0.1"]\nmetrics_from = ["198.51.100.0/24"]',
            {"X-Forwarded-For": "198.51.100.7"},
            200,
        ),
        ("metrics_from = []", {}, 404),
    ],
)
def test_only_who_is_meant_is_told(
    engine: Engine, tmp_path: Path, web: str, headers: dict[str, str], status: int
) -> None:
    with asked(engine, tmp_path, web) as client:
        assert client.get("/metrics", headers=headers).status_code == status


def test_no_address_of_a_reader_is_in_it(engine: Engine, tmp_path: Path, clock: Clock) -> None:
    subscribing.add(["ann@example.org"], engine=engine)
    planned(engine, mail=FakeMailing())
    with asked(engine, tmp_path) as client:
        assert "example.org" not in client.get("/metrics").text


# --- the page about it


PAGE = (DOCS / "monitoring.md").read_text(encoding="utf-8")


def test_every_metric_is_described_and_nothing_else(figures: Figures) -> None:
    described = set(re.findall(r"^\| `(publisher_\w+)`", PAGE, re.MULTILINE))
    families = {
        family.name + ("_total" if family.type == "counter" else "") for family in figures.collect()
    }
    assert described == families


def test_the_alerts_ask_for_metrics_that_there_are(figures: Figures) -> None:
    [rules] = [b for b in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "alert:" in b]
    asked_for = [
        name
        for group in yaml.safe_load(rules)["groups"]
        for rule in group["rules"]
        for name in re.findall(r"publisher_\w+", rule["expr"])
    ]
    names = {family.name for family in figures.collect()}
    assert asked_for
    assert {name.removesuffix("_total") for name in asked_for} <= names
    assert metrics.KEPT < 15
