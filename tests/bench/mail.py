"""`make bench-mail`: an issue to many readers, against Postfix's smtp-source in the same run."""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from celery import Celery

from publisher import embedded, wiring
from publisher.domain.channel import Post
from publisher.domain.issue import Edition
from publisher.embedded import Process
from tests.bench import naive, newsroom, postfix, spent, stores, table
from tests.bench.newsroom import CHANNEL, Newsroom
from tests.bench.postfix import Missing, Postfix, Sink
from tests.bench.table import Run

PATIENCE = 90.0  # seconds without a message before a run is given up
YARDSTICK = 20_000  # messages of one run of smtp-source
TICK = 0.1  # seconds between looks at the sink's count
CANNOT, STOPPED = 2, 143


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What to measure. `naive` is how many readers the naive way gets; 0 leaves it out."""

    readers: int
    connections: int
    size: int
    naive: int
    database: str
    dkim: bool
    workers: int
    yardstick: int


@dataclass
class Bench:
    """What stands ready, and what was measured on it."""

    wanted: Wanted
    folder: Path
    postfix: Postfix
    sink: Sink
    database: stores.Database
    log: IO[bytes]
    runs: list[Run] = field(default_factory=list)


def wanted(words: Sequence[str]) -> Wanted:
    parser = argparse.ArgumentParser(prog="make bench-mail", description=__doc__)
    parser.add_argument("--readers", type=int, default=100_000)
    parser.add_argument("--connections", type=int, default=10)
    parser.add_argument("--size", type=int, default=40_000, help="bytes of a message")
    parser.add_argument("--naive", type=int, default=1_000, help="readers of the naive way")
    parser.add_argument("--database", choices=stores.KINDS, default="sqlite")
    parser.add_argument("--dkim", action="store_true", help="sign with RSA-2048")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--yardstick", type=int, default=YARDSTICK, help="messages of smtp-source")
    return Wanted(**vars(parser.parse_args(words)))


# --- ways of sending


def ours(bench: Bench, room: Newsroom, edition: Edition) -> None:
    """The program's own way: planned, then sent until the store has every answer."""
    start, readers = bench.sink.taken(), bench.wanted.readers
    processes = newsroom.crew(room, bench.log, workers=bench.wanted.workers)
    with embedded.running(processes, room.state):
        time.sleep(5)  # the workers import, the machine comes to rest
        roots = {"smtp-sink": bench.sink.pid, **_pids(processes), **bench.database.roots()}
        with spent.watching(roots) as watch:
            print(f"Planned in {newsroom.plan(edition):.1f} s.", flush=True)
            begun = time.monotonic()
            wiring.sweep()
            moments = _followed(bench.sink, start, readers, begun)
            left = _settled(readers)
        taken = bench.sink.taken() - start
    name = f"ours, {bench.database.kind}{', DKIM RSA-2048' if bench.wanted.dkim else ''}"
    seconds = moments[-1][0]
    run = Run(name=name, messages=taken, seconds=seconds, watch=watch, moments=moments, begun=begun)
    bench.runs.append(run)
    print(f"The sink counted {taken:,} messages; the store has {_in_words(left)}.")


def _followed(sink: Sink, start: int, wanted: int, begun: float) -> list[tuple[float, int]]:
    """The moments until the sink has taken all, or nothing more comes."""
    moments, last = [(0.0, 0)], time.monotonic()
    while moments[-1][1] < wanted and time.monotonic() < last + PATIENCE:
        time.sleep(TICK)
        taken, now = sink.taken() - start, time.monotonic()
        if taken > moments[-1][1]:
            last = now
            moments.append((now - begun, taken))
            _tell(taken, wanted)
    return moments


def _settled(wanted: int) -> dict[str, int]:
    """The store's count once it has every answer, or after a while."""
    end = time.monotonic() + 30
    while (found := newsroom.states()).get("delivered", 0) < wanted and time.monotonic() < end:
        time.sleep(TICK)
    return found


def smtp_source(bench: Bench, *, size: int, keep: str, messages: int) -> Run:
    """Postfix's own generator on the same sink: as many lines, as many bytes."""
    with spent.watching({"smtp-sink": bench.sink.pid}) as watch:
        seconds, cpu = postfix.source(
            bench.postfix,
            bench.sink.port,
            messages=messages,
            size=size,
            sessions=bench.wanted.connections,
            keep=keep,
        )
        watch.note("smtp-source", cpu)
    name = f"smtp-source {keep}".strip()
    run = Run(name=name, messages=messages, seconds=seconds, watch=watch)
    bench.runs.append(run)
    return run


def one_task_a_reader(bench: Bench, post: Post) -> Run:
    """The naive way, from the first task given until the sink has every message."""
    readers, concurrency = bench.wanted.naive, wiring.concurrency()
    place = bench.folder / "naive"
    with naive.running(
        place, post, port=bench.sink.port, concurrency=concurrency, output=bench.log
    ) as (app, processes):
        _warmed(app, bench.sink, concurrency)
        start = bench.sink.taken()
        roots = {"smtp-sink": bench.sink.pid, **_pids(processes)}
        with spent.watching(roots) as watch:
            begun = time.monotonic()
            _given(app, readers)
            moments = _followed(bench.sink, start, readers, begun)
    seconds, taken = moments[-1]
    run = Run(name="one task a reader", messages=taken, seconds=seconds, watch=watch)
    bench.runs.append(run)
    return run


def _warmed(app: Celery, sink: Sink, tasks: int) -> None:
    start = sink.taken()
    _given(app, tasks)
    _followed(sink, start, tasks, time.monotonic())


def _given(app: Celery, readers: int) -> None:
    for number in range(readers):
        app.send_task("naive.send", args=[newsroom.address(number), f"{number:032}"])


def _pids(processes: Sequence[Process]) -> dict[str, int]:
    return {process.name: process.popen.pid for process in processes if process.popen}


# --- telling


def _tell(taken: int, wanted: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{taken:,} of {wanted:,}", end="\r" if taken < wanted else "\n", file=sys.stderr)


def _in_words(states: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {state}" for state, count in sorted(states.items())) or "nothing"


def _shown(bench: Bench) -> Iterator[str]:
    sent = [run for run in bench.runs if run.name.startswith("ours")][-1]
    sources = [run for run in bench.runs if run.name.startswith("smtp-source")]
    naives = [run for run in bench.runs if run.name == "one task a reader"]
    yield ""
    yield from table.ways(bench.runs)
    yield ""
    yield from table.ratios(
        sent,
        max(sources, key=lambda run: run.rate, default=None),
        naives[-1] if naives else None,
    )
    yield ""
    yield from table.processes(sent)
    yield ""
    yield from table.pace(sent)
    yield from table.effort(sent)
    yield from table.memory(sent)
    yield f"{'database, MB':<42}{newsroom.database_size(bench.database.address) / 2**20:>20,.0f}"


# --- all of it


@contextmanager
def _ready(wanted: Wanted) -> Iterator[Bench]:
    found = postfix.find()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="publisher-bench-")))
        log = stack.enter_context((folder / "bench.log").open("ab"))
        database = stack.enter_context(stores.opened(wanted.database, folder))
        sink = stack.enter_context(postfix.running(found, folder))
        yield Bench(
            wanted=wanted, folder=folder, postfix=found, sink=sink, database=database, log=log
        )


def _channel(wanted: Wanted, folder: Path) -> dict[str, object]:
    signing = stores.dkim(folder) if wanted.dkim else {}
    return {"connections": wanted.connections, **signing}


def measure(wanted: Wanted) -> None:
    with ExitStack() as stack:
        bench = stack.enter_context(_ready(wanted))
        room = stack.enter_context(
            newsroom.opened(
                bench.folder,
                port=bench.sink.port,
                database=bench.database.address,
                channel=_channel(wanted, bench.folder),
            )
        )
        newsroom.sign_up(newsroom.address(number) for number in range(wanted.readers))
        edition = newsroom.issue(room, size=wanted.size)
        size = newsroom.mail_size(edition)
        print(
            f"{wanted.readers:,} readers, {wanted.connections} connections, messages of {size:,}"
            f" bytes, {wanted.workers} worker, {os.cpu_count()} cores, Python {newsroom.python()}",
            flush=True,
        )
        if wanted.yardstick:
            smtp_source(bench, size=size, keep="-d", messages=wanted.yardstick)
        ours(bench, room, edition)
        if wanted.yardstick:
            smtp_source(bench, size=size, keep="-d", messages=wanted.yardstick)
            smtp_source(bench, size=size, keep="", messages=wanted.yardstick // 4)
        if wanted.naive:
            one_task_a_reader(bench, wiring.channels()[CHANNEL].channel.render(edition))
        print("\n".join(_shown(bench)))


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(STOPPED))  # everything started ends with us
    try:
        measure(wanted(sys.argv[1:]))
    except Missing as error:
        print(error, file=sys.stderr)
        sys.exit(CANNOT)


if __name__ == "__main__":
    main()
