"""`make bench-backup`: how long a backup and a restore take, and in how much memory."""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, Integer, insert, literal, select, text
from sqlalchemy.sql import Subquery

from publisher import backups, fencing
from publisher.domain.delivery import State
from publisher.fencing import Witness
from publisher.publishing import utcnow
from publisher.storage.engine import connect, migrate
from publisher.storage.schema import deliveries, delivery_log, posts, subscribers
from tests.bench import stores

T = TypeVar("T")
NOW = utcnow()
WORKER = "12345678/4026531836/1234/567890/140"
STEPS = (("", State.PENDING), (State.PENDING, State.SENDING), (State.SENDING, State.DELIVERED))


def fill(engine: Engine, copies: int) -> None:
    """One mailing that is through: a reader, a delivery and three lines of the log for each."""
    with engine.begin() as db:
        post = {"issue": "2026-11", "lang": "en", "channel": "mail", "kind": "email", "body": {}}
        db.execute(posts.insert().values(id=1, planned_at=NOW, **post))
        who = literal("reader").concat(text("i")).concat("@example.org")
        here = literal(NOW, delivery_log.c.at.type)
        reader: dict[str, Any] = {
            "address": who,
            "address_key": who,
            "token": literal("a-token-of-24-characters").concat(text("i")),
            "state": literal("confirmed"),
            "origin": literal("operator"),
            **{name: literal("") for name in ("name", "languages", "lists")},
            **{name: here for name in ("added_at", "changed_at")},
        }
        copy: dict[str, Any] = {
            "id": text("i"),
            "post_id": literal(1),
            "recipient": who,
            "state": literal(State.DELIVERED.value),
            "reason": literal("250 2.0.0 Ok: queued as 4XYZ"),
            "remote_id": literal("<2026-11.en.").concat(text("i")).concat("@example.org>"),
            "in_doubt": literal(value=False),
            "attempts": literal(1),
            "forgiven": literal(0),
            **{name: literal("") for name in ("owner", "url")},
            **{name: here for name in ("changed_at", "marked_at")},
        }
        rows = _numbers(engine, copies)
        for table, row in ((subscribers, reader), (deliveries, copy)):
            new = select(*row.values()).select_from(rows)
            db.execute(insert(table).from_select(list(row), new))
        for was, now in STEPS:
            line: dict[str, Any] = {
                "delivery_id": deliveries.c.id,
                "at": deliveries.c.changed_at,
                "was": literal(str(was)),
                "now": literal(str(now)),
                "attempt": literal(1),
                "reason": deliveries.c.reason,
                "worker": literal(WORKER),
                **{name: literal("") for name in ("remote_id", "url")},
            }
            db.execute(insert(delivery_log).from_select(list(line), select(*line.values())))


def _numbers(engine: Engine, last: int) -> Subquery:
    counting = {
        "sqlite": "with recursive n(i) as (select 1 union all select i + 1 from n where i < :last)"
        " select i from n",
        "postgresql": "select i from generate_series(1, :last) as n(i)",
    }
    found = text(counting[engine.dialect.name]).bindparams(last=last)
    return found.columns(i=Integer).subquery("numbers")


def timed(name: str, work: Callable[[], T]) -> T:
    began = time.monotonic()
    done = work()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name}: {time.monotonic() - began:.1f} s, {peak:.0f} MB of memory at most so far")
    return done


@contextmanager
def empty(kind: str, folder: Path) -> Iterator[Engine]:
    folder.mkdir()
    with stores.opened(kind, folder) as database:
        engine = connect(database.address)
        yield engine
        engine.dispose()


def measure(kind: str, target: str, copies: int, folder: Path) -> None:
    file = folder / "backup.db"
    with empty(kind, folder / "source") as engine:
        migrate(engine)
        fencing.recognise(engine, Witness(path=folder / "witness"), at=NOW)
        fill(engine, copies)
        made = lambda: backups.back_up(engine, file, at=NOW, replacing=False)  # noqa: E731
        size = timed(f"backup of {kind}", made).size
        print(f"  {size / 1e6:.0f} MB")
    with empty(target, folder / "target") as engine:
        timed(f"restore into {target}", lambda: backups.restore(file, engine, room=folder, at=NOW))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, default=1_000_000)
    parser.add_argument("--database", choices=stores.KINDS, default="sqlite")
    parser.add_argument("--into", choices=stores.KINDS, default="sqlite")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="publisher-bench-") as folder:
        measure(chosen.database, chosen.into, chosen.copies, Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
