"""Figures for Prometheus: https://prometheus.io/docs/instrumenting/exposition_formats/"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from fastapi import APIRouter, HTTPException, Request, Response
from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from publisher import __version__
from publisher.storage import engine as storage
from publisher.storage import identity, measures, workers
from publisher.storage.engine import BadStore, reading
from publisher.storage.measures import BUCKETS, Tallies
from publisher.web.headers import READING
from publisher.web.network import asker, is_passed_on
from publisher.web.showing import Web

log = logging.getLogger(__name__)

KEPT = 5.0  # seconds that an answer serves who asks again: scrapes are no load


def router(web: Web) -> APIRouter:
    """GET /metrics, for the networks of `[web] metrics_from`."""
    routes = APIRouter()
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures(web=web))

    @routes.api_route("/metrics", methods=READING)
    def metrics(request: Request) -> Response:
        _admit(web, request)
        text = generate_latest(registry)
        return Response(text, media_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})

    return routes


def _admit(web: Web, request: Request) -> None:
    """Raise 404 for whoever is not meant: a proxy that is not trusted passes on for anybody."""
    proxies = web.settings.proxies
    address = asker(request, proxies)
    believed = bool(proxies) or not is_passed_on(request)
    meant = any(address in network for network in web.settings.metrics_from if address)
    if not (believed and meant):
        raise HTTPException(404)


@dataclass(kw_only=True, eq=False)
class Figures:
    """What a scrape is told. prometheus_client calls it a collector."""

    web: Web
    clock: Callable[[], float] = time.monotonic
    tallies: Tallies = field(default_factory=Tallies)
    _last: tuple[float, list[Metric]] = (float("-inf"), [])
    _one: threading.Lock = field(default_factory=threading.Lock)

    def collect(self) -> Iterator[Metric]:
        """The families of metrics, a few seconds old at most."""
        with self._one:
            if self.clock() - self._last[0] > KEPT:
                self._last = (self.clock(), list(self._measured()))
            yield from self._last[1]

    def _measured(self) -> Iterator[Metric]:
        build = gauge("publisher_build_info", "The program that answers.", "version")
        build.add_metric([__version__], 1)
        yield build
        yield from self._broker()
        begun = self.clock()
        try:
            storage.require_current(self.web.engine)
            with reading(self.web.engine) as db:
                found = [*self._store(db)]
        except (SQLAlchemyError, BadStore) as error:
            log.warning("no figures of the store: %s", error)
            yield gauge("publisher_database_up", "Whether the store answers.", value=0)
            return
        yield gauge("publisher_database_up", "Whether the store answers.", value=1)
        told = "Seconds that the store took to answer all of this."
        yield gauge("publisher_database_answer_seconds", told, value=self.clock() - begun)
        yield from found

    def _broker(self) -> Iterator[Metric]:
        lengths = self.web.queues()
        yield gauge("publisher_broker_up", "Whether the broker answers.", value=int(bool(lengths)))
        waiting = gauge("publisher_queue_messages", "Messages in the broker's queues.", "queue")
        for name, number in lengths.items():
            waiting.add_metric([name], number)
        yield waiting

    def _store(self, db: Connection) -> Iterator[Metric]:
        yield from self._waiting(db)
        yield from self._told(db)
        yield from self._channels(db)
        yield from self._signs(db)
        me = identity.known(db)
        fenced = int(me is not None and me.fenced_at is not None)
        yield gauge("publisher_store_fenced", "Whether the store may send nothing.", value=fenced)

    def _waiting(self, db: Connection) -> Iterator[Metric]:
        rows = measures.waiting(db, at=self.web.now())
        number = gauge("publisher_deliveries", "Deliveries that are not final.", "channel", "state")
        words = "Seconds for which the first in line of what waits has been due."
        overdue = gauge("publisher_overdue_seconds", words, "channel")
        longest: dict[str, float] = {}
        for row in rows:
            number.add_metric([row.channel, row.state], row.number)
            longest[row.channel] = max(longest.get(row.channel, 0.0), row.overdue)
        for channel, seconds in longest.items():
            overdue.add_metric([channel], seconds)
        yield from (number, overdue)

    def _told(self, db: Connection) -> Iterator[Metric]:
        self.tallies.read(db)
        words = "Attempts that ended, by the state that the delivery then had."
        ended = counter("publisher_attempts", words, "channel", "outcome")
        for (channel, outcome), number in self.tallies.attempts.items():
            ended.add_metric([channel, outcome], number)
        words = "Deliveries taken back from a worker that was lost, or whose lease ran out."
        lost = counter("publisher_lost_workers", words, "channel")
        for channel, number in self.tallies.lost.items():
            lost.add_metric([channel], number)
        words = "Seconds from the plan of a post to its delivery, for each reader in a mailing."
        took = HistogramMetricFamily("publisher_delivery_seconds", words, labels=["channel"])
        for channel, spans in self.tallies.spans.items():
            took.add_metric([channel], _cumulated(spans), self.tallies.seconds[channel])
        yield from (ended, lost, took)

    def _channels(self, db: Connection) -> Iterator[Metric]:
        found = measures.standing(db, at=self.web.now())
        shown = (
            ("publisher_channel_paused", "Whether it waits for a person.", found.paused),
            ("publisher_channel_resting", "Whether its circuit is open.", found.resting),
            ("publisher_slow_domains", "Domains that asked for patience.", found.slow),
        )
        for name, words, values in shown:
            family = gauge(name, words, "channel")
            for channel, value in values.items():
                family.add_metric([channel], value)
            yield family
        yield gauge("publisher_questions", "Questions to readers yet to be sent.", value=found.asks)
        yield gauge("publisher_bounces", "Bounces yet to be weighed.", value=found.bounces)
        looked = gauge("publisher_source_look_timestamp_seconds", "When it was last looked at.")
        moments = [moment.timestamp() for moment in found.looked_at.values()]
        if moments:
            looked.add_metric([], max(moments))
        yield looked
        troubles = sum(found.problems.values())
        yield gauge("publisher_source_problems", "What is wrong in the source.", value=troubles)

    def _signs(self, db: Connection) -> Iterator[Metric]:
        now = self.web.now()
        number = gauge("publisher_workers", "Processes that gave a sign of life lately.", "role")
        age = gauge("publisher_worker_silence_seconds", "Since the last sign of a role.", "role")
        signs = workers.known(db)
        for role in sorted({sign.role for sign in signs}):
            ages = [(now - sign.beat_at).total_seconds() for sign in signs if sign.role == role]
            lively = workers.LIVELY.total_seconds()
            number.add_metric([role], sum(seconds <= lively for seconds in ages))
            age.add_metric([role], max(0.0, min(ages)))
        yield from (number, age)


def gauge(name: str, words: str, *labels: str, value: float | None = None) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=value, labels=None if value is not None else labels)


def counter(name: str, words: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(name, words, labels=labels)


def _cumulated(spans: list[int]) -> list[tuple[str, float]]:
    """Buckets as Prometheus has them: each counts all that took no longer."""
    total, found = 0, []
    for most, number in zip([*map(float, BUCKETS), float("inf")], spans, strict=True):
        total += number
        found.append(("+Inf" if most == float("inf") else str(most), float(total)))
    return found
