"""What this program says to a store, written down for its successor's tests.

`python -m tests.publisher.statements` writes `golden/statements-VERSION.jsonl`, VERSION being the
store's. Whoever writes a migration runs it at the version before: see
docs/decisions/additive-migrations.md.
"""

import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from psycopg.types.json import Json, Jsonb
from sqlalchemy import Engine, event

from publisher import asking, fencing, mailing, outbox, publishing, subscribing
from publisher.domain.channel import Refused, TryLater
from publisher.domain.delivery import State
from publisher.publishing import Worker
from publisher.storage import engine as storage
from publisher.storage import migrating, workers
from publisher.storage.waiting import Hint
from tests.bench import stores
from tests.publisher.fakes import NOW, Clock, FakeChannel, FakeMailing, edition, worker

GOLDEN = Path(__file__).parent / "golden"
SIGN: dict[str, Any] = {"role": "worker", "host": "here", "version": "1", "started_at": NOW}


def everyday(engine: Engine, folder: Path) -> None:
    """Planning, claiming, marking, settling, pausing, resting, retrying, asking, signs of life.

    What is left: three delivered, one pending, one skipped.
    """
    witness = fencing.Witness(path=folder / "witness")
    fencing.recognise(engine, witness, at=NOW)
    fencing.grow(engine, witness)
    clock = Clock()
    subscribing.add(["ann@example.org", "bob@example.org"], engine=engine, at=NOW)
    busy = FakeChannel(fails_with=[TryLater("busy")] * 9)
    refusing = FakeChannel(fails_with=[Refused("no")])
    me = worker(engine, clock, busy=busy, feed=FakeChannel(), mail=FakeMailing(), no=refusing)
    with engine.begin() as db:
        workers.beat(db, "worker@here:1", at=NOW, **SIGN)
        publishing.plan([edition()], db=db, channels=me.channels, at=NOW)
    for _ in range(4):  # a circuit opens meanwhile
        _work(me)
        clock.forward(hours=2)
    with engine.begin() as db:
        publishing.settle("2026-11", "no", State.SKIPPED, db=db, at=clock())
        channels = [me.channels["busy"]]
        publishing.retry("2026-11", db=db, channels=channels, editions=[], at=clock())
        publishing.resume("busy", db=db, at=clock())
    with engine.begin() as db:
        eve = "eve@example.org"
        asking.ask(db, eve, eve, how="form", channel="mail", lang="en", at=clock())
    outbox.sweep(me, hint=lambda _: True)
    asking.forget_unanswered(engine=engine, at=clock() + timedelta(days=30))


def _work(me: Worker) -> None:
    hints: list[Hint] = []
    publishing.sweep(me, hint=hints.append)
    for hint in hints:
        if hint.post:
            mailing.deliver_copies(hint.post, me)
        else:
            publishing.deliver(hint.delivery, me)


@contextmanager
def _heard(engine: Engine) -> Iterator[list[dict[str, Any]]]:
    """Every statement, what was given with it, and how many rows it met."""
    said: list[dict[str, Any]] = []

    def hear(_db: Any, cursor: Any, sql: str, given: Any, _context: Any, many: bool) -> None:
        one = {"on": engine.dialect.name, "sql": sql, "given": given, "many": many}
        if not sql.upper().startswith(("BEGIN", "PRAGMA")):
            said.append(one | {"rows": cursor.rowcount})

    event.listen(engine, "after_cursor_execute", hear)
    yield said
    event.remove(engine, "after_cursor_execute", hear)


def recorded(kind: str, folder: Path) -> Iterator[str]:
    """Lines of JSON, for one kind of database."""
    with stores.opened(kind, folder) as database:
        engine = storage.connect(database.address)
        storage.migrate(engine)
        with _heard(engine) as said:
            everyday(engine, folder)
        engine.dispose()
    yield from (json.dumps(one, default=_plain) + "\n" for one in said)


def _plain(value: Any) -> str:
    """What a driver takes as text, too: moments, and psycopg's wrapper of JSON."""
    return json.dumps(value.obj) if isinstance(value, Jsonb | Json) else str(value)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        lines = [line for kind in stores.KINDS for line in recorded(kind, Path(folder))]
    place = GOLDEN / f"statements-{migrating.head()}.jsonl"
    here = re.compile("|".join(map(re.escape, (folder, str(Path.cwd())))))
    place.write_text("".join(here.sub("/news", line) for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main()
