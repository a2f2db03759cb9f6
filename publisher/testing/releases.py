"""One issue on its way through the program: planned, swept, delivered on a store of its own."""

import atexit
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory, mkdtemp

from sqlalchemy import Engine, select

from publisher import mailing, publishing, subscribing
from publisher.auditing import audit, broken
from publisher.domain.channel import Channel, Mailing, scheme_of
from publisher.domain.delivery import UNFINISHED, State
from publisher.domain.issue import Edition
from publisher.publishing import Worker
from publisher.registry import Configured
from publisher.storage.engine import connect, migrate
from publisher.storage.schema import deliveries
from publisher.storage.waiting import Hint
from publisher.testing.worlds import SECRET

KIND = "channel"
STORE = "publisher.db"
READER = "ada@reader.example"
BEGINNING = datetime(2026, 8, 5, 12, tzinfo=UTC)
STEP = timedelta(minutes=1)
LONGEST = 400  # steps, after which a release that is not over never will be


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where the one delivery stands, and what an audit of the store says against it."""

    state: State
    in_doubt: bool
    reason: str
    odd: tuple[str, ...] = ()


@dataclass(kw_only=True)
class Release:
    """An issue, a channel, a store in a folder, and a clock that goes on when it is told."""

    channel: Channel
    folder: Path
    edition: Edition
    time: datetime = BEGINNING

    def prepare(self) -> None:
        """Make the store, with a reader where the channel has readers."""
        _copy_empty_store(self.folder / STORE)
        self._take_over()
        if isinstance(self.channel, Mailing):
            reader = ":".join(filter(None, (scheme_of(self.channel), READER)))
            [added] = [subscribing.add([reader], engine=self._engine, at=self.time)]
            assert added, "the reader was not taken"
        self.close()

    def begin(self) -> None:
        """Publish, and make a first attempt."""
        with self._engine.begin() as db:
            editions = [replace(self.edition, date=BEGINNING)]
            publishing.plan(editions, db=db, channels=self._channels, at=self.time)
        self._work()

    def finish(self) -> Standing:
        """Publish again, as a person would who saw the machine die, until nothing is left to do."""
        self.begin()
        for _ in range(LONGEST):
            if self._state() not in UNFINISHED:
                return self.standing()
            self.time += STEP
            self._work()
        found = self.standing()
        raise AssertionError(f"still {found.state} after {LONGEST * STEP}: {found.reason}")

    def _state(self) -> State:
        with self._engine.connect() as db:
            return State(db.execute(select(deliveries.c.state)).scalar_one())

    def standing(self) -> Standing:
        """Where it stands now."""
        with self._engine.connect() as db:
            row = db.execute(select(deliveries)).one()
            odd = broken(audit(db, at=self.time, secrets=[SECRET]))
        return Standing(
            state=State(row.state),
            in_doubt=row.in_doubt,
            reason=row.reason,
            odd=tuple(f"{one.place}: {one.words}" for one in odd),
        )

    def close(self) -> None:
        """Leave the store, so that no connection is shared with a process to come."""
        self._engine.dispose()

    def _take_over(self) -> None:
        """Have the one engine of this process open this store from now on."""
        link, _ = _one_engine()
        link.unlink(missing_ok=True)
        link.symlink_to(self.folder / STORE)

    def _work(self) -> None:
        hints: list[Hint] = []
        publishing.sweep(self._worker, hint=hints.append)
        for hint in hints:
            if hint.post:
                mailing.deliver_copies(hint.post, self._worker)
            else:
                publishing.deliver(hint.delivery, self._worker)

    @property
    def _engine(self) -> Engine:
        return _one_engine()[1]

    @property
    def _channels(self) -> dict[str, Configured]:
        languages = (self.edition.lang,)
        made = Configured(name=KIND, kind=KIND, languages=languages, channel=self.channel)
        return {KIND: made}

    @property
    def _worker(self) -> Worker:
        return Worker(
            engine=self._engine,
            channels=self._channels,
            name="at work",
            unsubscribe="https://harbour.example/unsubscribe/",
            secret=b"bounces",
            lost=lambda _: True,
            now=lambda: self.time,
        )


@cache
def _one_engine() -> tuple[Path, Engine]:
    """The engine for the store of the release at hand, and the link that leads there.

    A release is prepared, goes on and is closed before the next. An engine of its own for each
    would compile every statement anew, which is most of the time that a release takes.
    """
    folder = Path(mkdtemp(prefix="publisher-testing-"))
    atexit.register(rmtree, folder, ignore_errors=True)
    return folder / STORE, connect(f"sqlite:///{folder / STORE}")


def _copy_empty_store(place: Path) -> None:
    place.write_bytes(_empty_store())


@cache
def _empty_store() -> bytes:
    """A store at this program's version, made once: its migrations take half a second."""
    with TemporaryDirectory(prefix="publisher-testing-") as folder:
        engine = connect(f"sqlite:///{folder}/{STORE}")
        migrate(engine)
        engine.dispose()  # who leaves last brings all of it into the one file
        return Path(folder, STORE).read_bytes()


def judge(standing: Standing, visible: Sequence[str], *, askable: bool) -> list[str]:
    """What is wrong with the end of a release, as sentences; none if all is well.

    There is one post and the log says so. Only where a channel cannot be asked may it end in
    doubt, with a person who is told.
    """
    told = not askable and standing.state is State.HELD and standing.in_doubt
    wrong: list[str] = []
    if len(visible) > 1:
        wrong.append(f"{len(visible)} posts are out there")
    if not told and not visible:
        wrong.append("no post is out there")
    if standing.state is not State.DELIVERED and not told:
        wrong.append(f"the log says {standing.state}: {standing.reason}")
    return [*wrong, *standing.odd]
