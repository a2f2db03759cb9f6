"""A release through the five real channels, against stand-ins that write down what they take."""

import logging
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from publisher import mailing, processes, publishing, subscribing, wiring
from publisher.auditing import Found, audit, broken
from publisher.domain.issue import Edition
from publisher.publishing import Worker, utcnow
from publisher.rendering.reading import read_edition
from publisher.sandbox.joining import FIRST
from publisher.sandbox.outside import Outside
from publisher.sandbox.running import sandbox, settings
from publisher.storage import engine as storage
from publisher.storage.engine import reading
from publisher.storage.waiting import Hint
from publisher.testing.crashes import killed_before
from tests.bench import newsroom
from tests.faults import oracle
from tests.faults.proxy import proxies
from tests.faults.world import FORGETFUL, ISSUE, reader

NETWORKS = ("email", "mastodon", "reddit", "lemmy")
LATER = timedelta(minutes=20)  # between two looks of those who bring it to its end
LONGEST = 60  # such looks
ARRIVING = 0.05  # seconds in which the outside has taken in what a dead process sent
MAIL = "readers"


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A release that was killed before one of its steps, and what became of it in the end."""

    step: int
    what: str  # "" when it came to its end before
    held: int  # mails that wait for a person
    in_window: int  # mails that were between their mark and their settlement
    wrong: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A configuration, a store with its readers and nothing published, and the outside."""

    folder: Path
    outside: Outside
    journal: Path
    edition: Edition
    _later: list[timedelta] = field(default_factory=lambda: [timedelta(0)])

    @property
    def store(self) -> Path:
        return self.folder / "store.db"

    @property
    def feed(self) -> Path:
        return self.folder / "feed.atom.xml"

    def tried(self, step: int) -> Tried:
        """Kill a release before that step, and bring what is left of it to its end."""
        return self.tried_with(step, lambda: killed_before(step, self.release).what)

    def tried_with(self, step: int, kill: Callable[[], str]) -> Tried:
        """The same with a killer of one's own, who says what the step was; "" if nobody died."""
        self._renew()
        what = kill()
        time.sleep(ARRIVING)
        in_window = self._marked()
        self._bring_to_its_end()
        rows, out = self._rows(), oracle.outside(self.journal, self.feed)
        return Tried(
            step=step,
            what=what,
            held=sum(row.state == "held" for row in rows),
            in_window=len(in_window),
            wrong=tuple(self._wrong(rows, out, in_window)),
        )

    def release(self) -> None:
        """What one worker does of a release by itself."""
        with _opened(self.store) as engine:
            me = self._worker(engine)
            with engine.begin() as db:
                publishing.plan([self.edition], db=db, channels=me.channels, at=me.now())
            _work(me)

    def _bring_to_its_end(self) -> None:
        """What others do after that, hours if need be, from the trigger on: it comes again."""
        self._later[:] = [timedelta(0)]
        self.release()
        with _opened(self.store) as engine:
            me = self._worker(engine)
            for _ in range(LONGEST):
                if not any(row.state in oracle.UNFINISHED for row in self._rows()):
                    return
                self._later[0] += LATER
                _work(me)

    def _worker(self, engine: Engine) -> Worker:
        wiring.channels.cache_clear()  # no connection is shared with the process that died
        return Worker(
            engine=engine,
            channels=wiring.channels(),
            name=processes.owner(),
            unsubscribe="https://pages.example/unsubscribe/",
            secret=b"secret",
            lost=processes.lost,
            now=self._now,
        )

    def _now(self) -> datetime:
        return utcnow() + self._later[0]

    def _renew(self) -> None:
        for end in ("-wal", "-shm"):
            Path(f"{self.store}{end}").unlink(missing_ok=True)
        shutil.copy(self.folder / "ready.db", self.store)
        for network in NETWORKS:
            for kept in self.outside.posts(network):
                self.outside.remove(network, kept.id)
        for file in (self.journal, *self.folder.glob("feed.atom.xml*")):
            file.unlink(missing_ok=True)
        self._later[:] = [timedelta(0)]

    def _marked(self) -> set[str]:
        """The readers whose mail was marked, and of whose answer nobody has written yet."""
        marked = "SELECT recipient FROM deliveries WHERE state = 'sending'"
        with sqlite3.connect(self.store) as db:
            found = db.execute(f"{marked} AND marked_at IS NOT NULL AND recipient != ''").fetchall()
        db.close()
        return {recipient for (recipient,) in found}

    def _rows(self) -> list[oracle.Row]:
        with _opened(self.store) as engine:
            return oracle.rows(engine)

    def _wrong(
        self, rows: Sequence[oracle.Row], out: Sequence[oracle.Out], in_window: set[str]
    ) -> Iterator[str]:
        verdict = oracle.judged(out, rows, [oracle.key(1)])
        for name in ("lost", "doubled", "unfinished", "untrue"):
            yield from (f"{name}: {words}" for words in getattr(verdict, name))
        for row in rows:
            if row.state not in {"delivered", "held"}:
                yield f"{row.channel} {row.recipient}: {row.state} in the end"
            if row.state == "held" and (row.channel != MAIL or row.recipient not in in_window):
                yield f"{row.channel} {row.recipient}: held, and was not about to be sent"
        found = [
            Found(channel=one.channel, remote_id=one.remote_id, recipient=one.recipient)
            for one in out
        ]
        with _opened(self.store) as engine, reading(engine) as db:
            odd = broken(audit(db, at=self._now(), outside=found, secrets=oracle.SECRETS))
        yield from (f"{one.rule}: {one.place}: {one.words}" for one in odd)


def _work(me: Worker) -> None:
    hints: list[Hint] = []
    publishing.sweep(me, hint=hints.append)
    for hint in hints:
        if hint.post:
            mailing.deliver_copies(hint.post, me)
        else:
            publishing.deliver(hint.delivery, me)


@contextmanager
def _opened(store: Path) -> Iterator[Engine]:
    engine = storage.connect(f"sqlite:///{store}")
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def scene(folder: Path, *, readers: int) -> Iterator[Scene]:
    """Stand-ins that hold nothing yet, a configuration that names them, and a list of readers."""
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # who dies hangs up
    journal = folder / "journal.jsonl"
    with ExitStack() as stack:
        there = stack.enter_context(sandbox(journal=journal, networks=FIRST))
        ways = {network: there.at(network) for network in ("mastodon", "lemmy")}
        through = stack.enter_context(proxies(ways, mastodon=FORGETFUL, lemmy=FORGETFUL))
        urls = {name: f"http://{proxy.host}:{proxy.port}" for name, proxy in through.items()}
        seen = replace(there, urls={**there.urls, **urls})
        config = folder / "publisher.toml"
        store = f"sqlite:///{folder}/wiring.db"  # who is killed has another
        config.write_text(
            '[site]\nname = "The Broken Post"\nbase_url = "https://news.example/"\n'
            f'[store]\ndatabase = "{store}"\n' + settings(seen, feed=folder / "feed.atom.xml"),
            encoding="utf-8",
        )
        stack.enter_context(newsroom.configured(config))
        _make_ready(folder / "ready.db", readers)
        yield Scene(
            folder=folder, outside=there.outside, journal=journal, edition=edition_of(folder)
        )


def _make_ready(store: Path, readers: int) -> None:
    with _opened(store) as engine:
        storage.migrate(engine)
        subscribing.add([reader(number) for number in range(readers)], engine=engine)


def edition_of(folder: Path) -> Edition:
    """The issue that is released; written there."""
    path = folder / f"{oracle.key(1)}.md"
    path.write_text(ISSUE.format(number=1), encoding="utf-8")
    os.utime(path, (time.time() - 60,) * 2)
    return read_edition(path, root=folder, site=wiring.settings().site, static=None)


def enumerated(there: Scene, *, every: int = 1, first: int = 1) -> Iterator[Tried]:
    """The release killed before each step, or each `every`-th from `first` on, to its end."""
    step = first
    while True:
        tried = there.tried(step)
        yield tried
        if not tried.what:
            return
        step += every
