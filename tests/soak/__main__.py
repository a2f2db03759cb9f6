"""Run hours of operation in minutes, and see whether anything grows: `make soak`.

The store, the broker and its messages are real, the clock runs fast, the networks are pretended.
One thread of one process does what the workers do, so that what leaks, leaks here. The schedule
sweeps as often as there is time for, every two virtual seconds at most; how often is told.
"""

import argparse
import logging
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import redis
from celery import Celery
from kombu.messaging import Consumer

from publisher import embedded, queue
from publisher.storage.engine import connect, migrate
from tests.soak.day import FastClock, Mail, Network, Office
from tests.soak.measured import Row, Sample, judged, sample

HOURS = 8.0
SAMPLES = 200
FAREWELL = 60.0  # seconds
NETWORKS = ("mastodon", "reddit", "lemmy", "feed")


def main() -> int:
    """Run, print what was measured, and tell by the exit code whether something grows."""
    wanted = _arguments()
    logging.disable(logging.ERROR)
    random.seed(wanted.seed)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="publisher-soak-")))
        app = stack.enter_context(_broker(folder))
        office = _office(folder, app, speed=wanted.hours * 60 / wanted.minutes)
        samples = _run(office, folder, seconds=wanted.minutes * 60)
        left = _finish(office)
        office.engine.dispose()
    print(f"\n{wanted.hours:g} hours in {wanted.minutes:g} minutes, seed {wanted.seed}:")
    print(f"{office.released} releases to {len(NETWORKS)} networks and by mail,")
    print(f"{office.sweeps} sweeps, {office.messages} messages worked off")
    _print(rows := judged(samples))
    print(f"posted twice: {len(office.double())}, not delivered in the end: {left}")
    return int(any(row.grows for row in rows) or bool(office.double()) or left > 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long it takes")
    parser.add_argument("--hours", type=float, default=HOURS, help="how long that is on its clock")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


@contextmanager
def _broker(folder: Path) -> Iterator[Celery]:
    with (folder / "broker.log").open("wb") as words:
        process = embedded.broker_process(folder, words)
        process.grace = 5
        with embedded.running([process], folder):
            app = queue.hinting(embedded.broker_url(folder))
            yield app
            app.close()


def _office(folder: Path, app: Celery, *, speed: float) -> Office:
    engine = connect(f"sqlite:///{folder / 'publisher.db'}")
    migrate(engine)
    clock = FastClock(speed=speed)
    networks = {name: Network(clock=clock, phase=30 * n) for n, name in enumerate(NETWORKS)}
    return Office(engine=engine, app=app, clock=clock, networks=networks, mail=Mail(clock=clock))


def _run(office: Office, folder: Path, *, seconds: float) -> list[Sample]:
    """Live through it: everything happens when its time has come on the fast clock."""
    speed, began = office.clock.speed, time.monotonic()
    every = {"sweep": 2.0, "release": 300.0, "visit": 60.0}  # virtual seconds
    due = dict.fromkeys(every, 0.0)
    samples: list[Sample] = []
    broker = redis.Redis(unix_socket_path=str(embedded.socket_path(folder)))
    with _consuming(office) as drain:
        while (passed := time.monotonic() - began) < seconds:
            for name, pause in every.items():
                if passed * speed >= due[name]:
                    due[name] = max(due[name] + pause, passed * speed - pause)
                    getattr(office, name)()
            drain()
            if passed >= len(samples) * seconds / SAMPLES:
                store = folder / "publisher.db"
                samples.append(sample(store, office.engine, broker, released=office.released))
                print(f"\r{passed / seconds:4.0%}  {samples[-1].memory / 1024:.0f} MB", end="")
                sys.stdout.flush()
    broker.close()
    return samples


@contextmanager
def _consuming(office: Office) -> Iterator[Any]:
    """What takes all that waits in the queues, and does it."""

    def received(message: Any) -> None:
        message.ack()
        [number], *_rest = message.decode()
        office.work(message.headers["task"], number)

    queues = list(office.app.amqp.queues.values())
    with office.app.connection() as connection, Consumer(connection, queues, on_message=received):  # type: ignore[no-untyped-call]

        def drain() -> None:
            with suppress(TimeoutError):
                while True:
                    connection.drain_events(timeout=0.005)

        yield drain


def _finish(office: Office) -> int:
    """Let the networks be well; how many deliveries are not through even then."""
    office.hurry()
    end = time.monotonic() + FAREWELL
    with _consuming(office) as drain:
        while office.unfinished() and time.monotonic() < end:
            office.sweep()
            drain()
    return office.unfinished()


def _print(rows: list[Row]) -> None:
    print(f"\n{'':20}{'second tenth':>14}{'last tenth':>14}{'may grow by':>14}")
    for row in rows:
        verdict = "  GROWS" if row.grows else ""
        print(f"{row.name:20}{row.early:14.1f}{row.late:14.1f}{row.bound:14.1f}{verdict}")


if __name__ == "__main__":
    sys.exit(main())
