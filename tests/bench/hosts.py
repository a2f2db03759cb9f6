"""`make bench-hosts`: how much faster several worker machines are than one."""

import argparse
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import select

from publisher import embedded, wiring
from publisher.embedded import Process
from publisher.publishing import utcnow
from publisher.storage.engine import reading
from publisher.storage.schema import delivery_log, workers
from tests.bench import newsroom, stores
from tests.bench.newsroom import Newsroom
from tests.proofs import judging
from tests.proofs.outside import Outside, outside

PATIENCE = 60.0  # seconds without a mail before it is given up
TICK = 0.05


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What to measure: `readers` for each machine, on up to `hosts` of them."""

    readers: int
    hosts: int
    connections: int
    size: int
    clock: float


@dataclass(frozen=True, kw_only=True)
class Run:
    """What so many machines did. `each` is what the one with the least and the most sent."""

    hosts: int
    mails: int
    seconds: float
    each: tuple[int, int]
    doubled: int

    @property
    def rate(self) -> float:
        return self.mails / self.seconds


def wanted(words: Sequence[str]) -> Wanted:
    parser = argparse.ArgumentParser(prog="make bench-hosts", description=__doc__)
    parser.add_argument("--readers", type=int, default=6_000, help="for each machine")
    parser.add_argument("--hosts", type=int, default=2)
    parser.add_argument("--connections", type=int, default=10, help="of each machine")
    parser.add_argument("--size", type=int, default=20_000, help="bytes of a message")
    parser.add_argument("--clock", type=float, default=2.0, help="seconds between two's clocks")
    return Wanted(**vars(parser.parse_args(words)))


def machines(room: Newsroom, output: IO[bytes], hosts: int, clock: float) -> list[Process]:
    """A worker on each of so many machines, as they take it."""
    found = []
    for number in range(hosts):
        name = f"machine-{number + 1}"
        worker = embedded.worker_process(room.settings, concurrency=4, output=output, name=name)
        elsewhere = [sys.executable, "-m", "tests.bench.machine", name, str(number * clock)]
        worker.command = [*elsewhere, *worker.command[2:]]
        worker.grace = 10
        found.append(worker)
    return found


def _say_alive(hosts: int) -> None:
    """Give the signs of life that tell how many machines there are."""
    now = utcnow()
    row = {"role": "worker", "version": "", "started_at": now, "beat_at": now}
    rows = [row | {"name": f"machine-{n}", "host": f"machine-{n}"} for n in range(hosts)]
    with wiring.engine().begin() as db:
        db.execute(workers.delete())
        db.execute(workers.insert(), rows)


@contextmanager
def _under_way(wanted: Wanted, hosts: int) -> Iterator[tuple[Newsroom, Outside]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="publisher-hosts-")))
        store = stack.enter_context(stores.opened("postgresql", folder))
        at = stack.enter_context(outside(folder))
        lines = {"connections": wanted.connections}
        opened = newsroom.opened(folder, port=at.port, database=store.address, channel=lines)
        room = stack.enter_context(opened)
        readers = wanted.readers * hosts
        newsroom.sign_up(f"distant.{n}@list{n % newsroom.DOMAINS}.example" for n in range(readers))
        log = stack.enter_context((folder / "hosts.log").open("ab"))
        crew = [
            embedded.broker_process(room.state, log),
            embedded.beat_process(room.state, room.settings, output=log),
            *machines(room, log, hosts, wanted.clock),
        ]
        stack.enter_context(embedded.running(crew, room.state))
        time.sleep(6)  # the workers import
        _say_alive(hosts)
        yield room, at


def measured(wanted: Wanted, hosts: int) -> Run:
    """So many machines send their share of readers each."""
    with _under_way(wanted, hosts) as (room, at):
        newsroom.plan(newsroom.issue(room, size=wanted.size))
        begun = time.monotonic()
        wiring.sweep()
        seconds = _until_taken(at, wanted.readers * hosts, begun)
        verdict = judging.judged(judging.receipts(at.record), judging.rows(wiring.engine()))
        return Run(
            hosts=hosts,
            mails=at.taken(),
            seconds=seconds,
            each=_shares(),
            doubled=len(verdict.doubled),
        )


def _until_taken(at: Outside, wanted: int, begun: float) -> float:
    """Seconds until the last mail was taken."""
    last, taken = time.monotonic(), 0
    while taken < wanted and time.monotonic() < last + PATIENCE:
        time.sleep(TICK)
        if at.taken() > taken:
            last, taken = time.monotonic(), at.taken()
    return last - begun


def _shares() -> tuple[int, int]:
    """Of all machines, the fewest and the most deliveries that one logged as delivered."""
    sent = select(delivery_log.c.worker).where(delivery_log.c.now == "delivered")
    with reading(wiring.engine()) as db:
        counted = Counter(name.split("/")[0] for name in db.scalars(sent))
    return min(counted.values()), max(counted.values())


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # everything started ends with us
    asked = wanted(sys.argv[1:])
    print(
        f"{asked.readers:,} readers a machine, {asked.connections} connections each, a server that"
        f" answers after 50 ms, PostgreSQL, clocks {asked.clock} s apart",
        flush=True,
    )
    runs = []
    for hosts in range(1, asked.hosts + 1):
        run = measured(asked, hosts)
        runs.append(run)
        print(
            f"{hosts} machine{'s' * (hosts > 1)}: {run.mails:,} mails in {run.seconds:.1f} s,"
            f" {run.rate:,.0f} a second, {run.rate / runs[0].rate:.2f} x one;"
            f" each sent {run.each[0]:,} to {run.each[1]:,}; twice: {run.doubled}",
            flush=True,
        )


if __name__ == "__main__":
    main()
