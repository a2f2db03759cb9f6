"""What a process, its broker and its store take up, sampled, and whether it grows."""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import cast

import redis
from sqlalchemy import Engine, func, select
from sqlalchemy.pool import QueuePool

from publisher.storage.engine import reading
from publisher.storage.schema import slow_domains, tallies, workers

KB = 1024


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One look. Sizes are in KB; what is not a size is a number of things."""

    memory: float
    files: float
    sockets: float
    threads: float
    connections: float  # to the store, in use or kept
    messages: float  # in all queues
    unacked: float
    broker: float  # memory that it says it uses
    journal: float  # SQLite's WAL
    tallies: float
    slow: float
    workers: float
    store: float
    released: float


# How much more of each the last tenth may have than the second.
MAY_GROW = {
    "memory": 8 * KB,
    "files": 2,
    "sockets": 2,
    "threads": 2,
    "connections": 1,
    "messages": 50,
    "unacked": 50,
    "broker": 512,
    "journal": 8 * KB,
    "tallies": 1500,  # of addresses, each for a day
    "slow": 5,
    "workers": 0,
}


def sample(store: Path, engine: Engine, broker: redis.Redis, *, released: int) -> Sample:
    """Look once."""
    opened = [_target(path) for path in Path("/proc/self/fd").iterdir()]
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    lists = [key for key in _keys(broker) if broker.type(key) == b"list"]
    told = cast(dict[str, int], broker.info("memory"))
    with reading(engine) as db:
        counts = [db.scalar(select(func.count()).select_from(t)) for t in (tallies, slow_domains)]
        seen = db.scalar(select(func.count()).select_from(workers))
    return Sample(
        memory=pages * os.sysconf("SC_PAGE_SIZE") / KB,
        files=len(opened),
        sockets=sum(target.startswith("socket:") for target in opened),
        threads=threading.active_count(),
        connections=_connections(engine),
        messages=sum(broker.llen(key) for key in lists),
        unacked=broker.hlen("publisher:unacked"),
        broker=told["used_memory"] / KB,
        journal=_size(store.with_name(store.name + "-wal")),
        tallies=counts[0] or 0,
        slow=counts[1] or 0,
        workers=seen or 0,
        store=_size(store),
        released=released,
    )


def _target(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return ""  # the look itself had it open


def _keys(broker: redis.Redis) -> list[bytes]:
    return cast(list[bytes], broker.keys("*"))


def _connections(engine: Engine) -> int:
    pool = cast(QueuePool, engine.pool)
    return pool.checkedin() + pool.checkedout()


def _size(path: Path) -> float:
    return path.stat().st_size / KB if path.exists() else 0.0


@dataclass(frozen=True, kw_only=True)
class Row:
    """What one measure did between the second and the last tenth of a run."""

    name: str
    early: float
    late: float
    bound: float

    @property
    def grows(self) -> bool:
        return self.late - self.early > self.bound


def judged(samples: Sequence[Sample]) -> list[Row]:
    """Each measure's mean in the second tenth and in the last: the first one is for warming up."""
    tenth = max(1, len(samples) // 10)
    early, late = samples[tenth : 2 * tenth], samples[-tenth:]
    rows = [
        Row(
            name=f.name,
            early=_mean(early, f.name),
            late=_mean(late, f.name),
            bound=MAY_GROW[f.name],
        )
        for f in fields(Sample)
        if f.name in MAY_GROW
    ]
    first, last = _a_release(samples[: 5 * tenth]), _a_release(samples[-5 * tenth :])
    return [*rows, Row(name="store, a release", early=first, late=last, bound=first / 2)]


def _mean(samples: Sequence[Sample], name: str) -> float:
    return sum(float(getattr(one, name)) for one in samples) / len(samples)


def _a_release(samples: Sequence[Sample]) -> float:
    """How many KB the store grew by for each release in between."""
    first, last = samples[0], samples[-1]
    return (last.store - first.store) / max(1.0, last.released - first.released)
