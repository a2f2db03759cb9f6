"""A worker and an operators' desk over one store, with pretend channels."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlalchemy import Engine

from publisher import publishing
from publisher.domain.issue import Edition
from publisher.domain.plan import AT_ONCE
from publisher.operating import Desk
from publisher.publishing import Worker
from publisher.releasing import Site
from publisher.storage import actions, reports
from publisher.storage.engine import reading
from publisher.storage.reports import Standing
from tests.publisher.fakes import Clock, FakeChannel, configured, edition, work, worker

ISSUE = "2026-11"


class House:
    """A worker and a desk over one store."""

    def __init__(self, engine: Engine, **channels: FakeChannel) -> None:
        self.clock = Clock()
        self.me: Worker = worker(engine, self.clock, "worker-1", lambda _: False, **channels)
        self.there = [edition()]
        self.rules = AT_ONCE
        self.calls: list[str] = []
        self.desk = Desk(
            engine=engine,
            site=self._site,
            channels=lambda: self.me.channels,
            editions=self._editions,
            sweep=self._call("sweep"),
            go_on=self._go_on,
            receipts=self._call("receipts"),
            leave="https://news.example/unsubscribe/",
            now=self.clock,
            by="ines",
            is_person=True,
        )

    def bring(self, **channels: FakeChannel) -> None:
        """Have more channels from now on."""
        new = {name: configured(name, channel) for name, channel in channels.items()}
        self.me = replace(self.me, channels={**self.me.channels, **new})

    def _go_on(self) -> int:
        self.calls.append("go on")
        return 0

    def _call(self, name: str) -> Callable[[], object]:
        return lambda: self.calls.append(name)

    def _editions(self, issue: str) -> Sequence[Edition]:
        return [one for one in self.there if one.key == issue]

    def _site(self) -> Site:
        return Site(
            engine=self.desk.engine,
            channels=self.me.channels,
            rules=self.rules,
            edition=lambda issue, lang: next(
                (e for e in self.there if (e.key, e.lang) == (issue, lang)), None
            ),
            errors=lambda edition: "it is bad" if edition.title == "bad" else "",
            unproven=lambda _: "",
            now=self.clock,
        )

    def plan(self) -> None:
        with self.desk.engine.begin() as db:
            publishing.plan(self.there, db=db, channels=self.me.channels, at=self.clock())

    def run(self) -> None:
        """Plan, and make every attempt that is due."""
        self.plan()
        work(self.me)

    def standing(self, channel: str) -> Standing:
        with reading(self.desk.engine) as db:
            return next(s for s in reports.standings(db) if s.channel == channel)

    def done(self) -> list[tuple[str, str, str, str, str]]:
        with reading(self.desk.engine) as db:
            rows = actions.latest(db, 99)
        return [(r.by, r.did, r.issue, r.channel, r.words) for r in reversed(rows)]
