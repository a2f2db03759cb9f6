"""Two hosts on one PostgreSQL, one of which is cut off or killed in the middle of a mailing."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, select

from publisher.domain.delivery import LEASE, State
from publisher.publishing import utcnow
from publisher.registry import Configured
from publisher.storage import engine as storage
from publisher.storage.schema import deliveries, delivery_log, posts, workers
from tests.proofs import judging, test_small
from tests.proofs.hole import Hole, hole
from tests.proofs.judging import judged
from tests.proofs.outside import Outside, outside

READERS = 1200  # more than one host claims at once
ELSEWHERE = "elsewhere/0/1/1/1"  # an owner of another boot: nobody here can see whether it lives
PATIENCE = 30  # seconds
AFTER_THE_LEASE = LEASE + timedelta(seconds=1)


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Outside]:
    with outside(tmp_path) as found:
        yield found


@pytest.fixture
def here(postgres_database: str) -> Iterator[Engine]:
    engine = storage.connect(postgres_database)
    storage.migrate(engine)
    yield engine
    engine.dispose()


def say_both_live(here: Engine) -> None:
    """Leave the signs of life by which a mailing is hinted at for each host."""
    now = utcnow()
    row = {"role": "worker", "version": "", "started_at": now, "beat_at": now}
    with here.begin() as db:
        db.execute(workers.insert(), [row | {"name": n, "host": n} for n in ("here", "elsewhere")])


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.005)


def socket_of(here: Engine) -> Path:
    """Where the server listens."""
    return Path(str(here.url.query["host"])) / ".s.PGSQL.5432"


def through(here: Engine, port: int) -> URL:
    """The store's address by another way, on which the server waits a second, not a minute."""
    soon = {"options": "-c idle_in_transaction_session_timeout=1s"}
    way = here.url.set(host="127.0.0.1", port=port).difference_update_query(["host"])
    return way.update_query_dict(soon)


@contextmanager
def elsewhere(here: Engine, mail: Configured, at: Outside) -> Iterator[tuple[BaseProcess, Hole]]:
    """Another host at the mailing, and its cable."""
    with hole([socket_of(here), ("127.0.0.1", at.port)]) as ways:
        store, server = ways.ports
        distant = through(here, store)
        theirs = replace(mail, channel=replace(mail.channel, port=server))  # type: ignore[type-var]
        fork = multiprocessing.get_context("fork")
        here.dispose()
        process = fork.Process(target=lambda: work(distant, theirs))
        process.start()
        try:
            yield process, ways
        finally:
            process.kill()
            process.join()


def work(address: URL, mail: Configured) -> None:
    test_small.worked(storage.connect(address), mail, name=ELSEWHERE)


def states(here: Engine, state: State) -> list[int]:
    with here.connect() as db:
        return list(db.scalars(select(deliveries.c.id).where(deliveries.c.state == state)))


def sent_by(here: Engine, *, elsewhere: bool) -> int:
    c = delivery_log.c
    with here.connect() as db:
        names = db.scalars(select(c.worker).where(c.now == "delivered")).all()
    return sum((name == ELSEWHERE) is elsewhere for name in names)


def wait(_: BaseProcess, ways: Hole) -> None:
    ways.cut()


def kill(process: BaseProcess, _: Hole) -> None:
    process.kill()


@pytest.mark.parametrize("fate", [wait, kill], ids=["cut off", "killed"])
def test_what_a_lost_host_held_is_sent_by_another_once_and_after_its_lease(
    fate: Callable[[BaseProcess, Hole], None], here: Engine, at: Outside
) -> None:
    mail = test_small.email(at, "hold")
    test_small.planned(here, mail, [f"reader.{n}@list{n % 9}.example" for n in range(READERS)])
    say_both_live(here)
    with elsewhere(here, mail, at) as (process, ways):
        until(lambda: at.taken() > 100)
        fate(process, ways)
        test_small.worked(here, mail)
        soon = len(states(here, State.SENDING))
        test_small.worked(here, mail, later=AFTER_THE_LEASE)
        ways.mend()
        process.join(PATIENCE)
        assert not process.is_alive()
    test_small.finished(here, mail)
    verdict = judged(judging.receipts(at.record), judging.rows(here))
    assert soon > 100  # nobody here can know that it is lost
    assert (verdict.missing, verdict.doubled, verdict.false) == ((), (), ())
    assert len(verdict.held) <= test_small.LINES
    assert sent_by(here, elsewhere=False) > READERS // 2


def test_a_host_joins_a_mailing_that_another_is_at(here: Engine, at: Outside) -> None:
    mail = test_small.email(at, "hold")
    test_small.planned(here, mail, [f"reader.{n}@list{n % 9}.example" for n in range(READERS)])
    say_both_live(here)
    with elsewhere(here, mail, at):
        until(lambda: at.taken() > 10)
        test_small.worked(here, mail)
        assert sent_by(here, elsewhere=False) > READERS // 4
        until(lambda: at.taken() == READERS)
    verdict = judged(judging.receipts(at.record), judging.rows(here))
    assert verdict.doubled == ()


def test_what_a_host_had_locked_when_it_was_cut_off_is_free_once_the_server_gives_it_up(
    here: Engine, at: Outside
) -> None:
    mail = test_small.email(at, "hold")
    test_small.planned(here, mail, ["reader.1@list.example"])
    with hole([socket_of(here)]) as ways:
        cut_off = storage.connect(through(here, ways.ports[0])).connect()
        cut_off.execute(posts.update().values(hinted_at=None))
        cut_off.execute(deliveries.update().values(reason=""))
        ways.cut()
        test_small.worked(here, mail)  # waits for the locks
        ways.mend()
        cut_off.invalidate()
    assert at.taken() == 1
