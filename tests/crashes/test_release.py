"""A release to five channels, killed at every crash point: what is left is brought to its end."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from publisher import mailing, publishing, subscribing
from publisher.auditing import audit, broken
from publisher.domain.delivery import State
from publisher.publishing import Worker
from publisher.registry import Configured
from publisher.storage import engine as storage
from publisher.storage import reports
from publisher.storage.engine import reading
from publisher.storage.schema import deliveries
from publisher.storage.waiting import Hint
from tests.crashes.outside import Noted, NotedMail
from tests.crashes.points import Points, survives, watch
from tests.publisher.fakes import NOW, edition

EVERY = int(os.environ.get("CRASHES_EVERY", "3"))  # 1: all of them, as `make crashes` does
NETWORKS = ("atom", "lemmy", "mastodon", "reddit")
READERS = ["ann@one.example", "bob@two.example", "eve@one.example"]
Work = Callable[[Worker], object]


def channels(folder: Path, points: Points) -> dict[str, Configured]:
    noted = [Noted(name=name, record=folder / name, points=points) for name in NETWORKS]
    noted.append(NotedMail(name="mail", record=folder / "mail", points=points))
    return {
        one.name: Configured(name=one.name, kind="noted", languages=("en",), channel=one)
        for one in noted
    }


def worker(engine: Engine, folder: Path, points: Points, later: timedelta, name: str) -> Worker:
    return Worker(
        engine=engine,
        channels=channels(folder, points),
        name=name,
        unsubscribe="https://pages.example/unsubscribe/",
        secret=b"secret",
        lost=lambda owner: owner != name,
        now=lambda: NOW + later,
    )


def publish(me: Worker) -> None:
    with me.engine.begin() as db:
        publishing.plan([edition()], db=db, channels=me.channels, at=me.now())


def work(me: Worker) -> int:
    hints: list[Hint] = []
    publishing.sweep(me, hint=hints.append)
    for hint in hints:
        if hint.post:
            mailing.deliver_copies(hint.post, me)
        else:
            publishing.deliver(hint.delivery, me)
    return len(hints)


def release(me: Worker) -> None:
    publish(me)
    work(me)


def retry(me: Worker) -> None:
    with me.engine.begin() as db:
        told = [*me.channels.values()]
        publishing.retry("2026-11", db=db, channels=told, editions=[edition()], at=me.now())


def settle(me: Worker) -> None:
    with me.engine.begin() as db:
        publishing.settle("2026-11", "mail", State.SKIPPED, db=db, at=me.now())


def killed_at(deadly: int, engine: Engine, folder: Path, doing: Sequence[Work]) -> bool:
    """Do it in a process that is killed there; whether it came to its end."""

    def living(points: Points) -> None:
        watch(engine, points)
        me = worker(engine, folder, points, timedelta(0), "the one that is killed")
        for work in doing:
            work(me)
        engine.dispose()

    engine.dispose()  # nothing open is inherited
    return survives(deadly, living, folder / "end")


def finish(engine: Engine, folder: Path) -> timedelta:
    """What others do after that, days if need be, from the trigger on: it may come again."""
    later = timedelta(0)
    publish(worker(engine, folder, Points(0), later, "another"))
    for _ in range(6):
        later += timedelta(hours=6)
        work(worker(engine, folder, Points(0), later, "another"))
    return later


def about_to_be_sent(engine: Engine) -> set[str]:
    """The readers whose mail was marked and not settled, by whoever was killed."""
    c = deliveries.c
    marked = select(c.recipient).where(c.state == State.SENDING, c.marked_at.is_not(None))
    with reading(engine) as db:
        return set(db.scalars(marked.where(c.recipient != "")))


def oddities(engine: Engine, folder: Path, at: timedelta, in_window: set[str]) -> list[str]:
    found = [
        one
        for configured in channels(folder, Points(0)).values()
        if isinstance(configured.channel, Noted)
        for one in configured.channel.taken()
    ]
    with reading(engine) as db:
        odd = broken(audit(db, at=NOW + at, outside=found))
        left = [
            f"{one.channel}: {one.state} {one.readers}"
            for one in reports.standings(db)
            if one.state not in (State.DELIVERED, State.HELD, State.SKIPPED)
            or (one.state is not State.DELIVERED and one.channel != "mail")
        ]
        held = select(deliveries.c.recipient).where(deliveries.c.state == State.HELD)
        left += [f"held: {one}" for one in db.scalars(held) if one not in in_window]
    return [f"{one.rule} {one.place}: {one.words}" for one in odd] + left


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A store with its readers, before anything is published, and an engine for copies of it.

    One engine for all: it has compiled every statement once.
    """

    folder: Path
    engine: Engine

    def renew(self) -> None:
        self.engine.dispose()
        for end in ("-wal", "-shm"):
            self.folder.joinpath(f"store.db{end}").unlink(missing_ok=True)
        shutil.copy(self.folder / "ready.db", self.folder / "store.db")


@pytest.fixture(scope="module")
def ready() -> Iterator[Ready]:
    memory = Path("/dev/shm")  # noqa: S108  quick to write to, where there is one
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as name:
        folder = Path(name)
        first = storage.connect(f"sqlite:///{folder}/ready.db")
        storage.migrate(first)
        subscribing.add(READERS, engine=first)
        first.dispose()
        engine = storage.connect(f"sqlite:///{folder}/store.db")
        yield Ready(folder=folder, engine=engine)
        engine.dispose()


def tried(ready: Ready, folder: Path, deadly: int, doing: Sequence[Work]) -> tuple[bool, list[str]]:
    """(whether it survived, what is odd once others have brought it to its end)."""
    folder.mkdir()
    ready.renew()
    survived = killed_at(deadly, ready.engine, folder, doing)
    in_window = about_to_be_sent(ready.engine)
    return survived, oddities(ready.engine, folder, finish(ready.engine, folder), in_window)


def points_of(ready: Ready, doing: Sequence[Work], every: int) -> int:
    """How many crash points it has, each `every`-th of which was tried and broke no promise."""
    folder = Path(tempfile.mkdtemp(dir=ready.folder))
    for deadly in range(1, 400, every):
        survived, odd = tried(ready, folder / str(deadly), deadly, doing)
        assert odd == [], f"crash point {deadly}"
        if survived:
            return deadly - 1
    raise AssertionError("it does not come to its end")


@pytest.mark.parametrize(
    ("doing", "every"),
    [([release], EVERY), ([publish, retry], 1), ([publish, settle], 1)],
    ids=["a release", "a retry", "a settling"],
)
def test_no_crash_point_loses_a_post_or_doubles_one(
    ready: Ready, doing: Sequence[Work], every: int
) -> None:
    assert points_of(ready, doing, every) >= len(doing) * 3  # of each commit: within, before, after
