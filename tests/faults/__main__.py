"""`make faults`: the whole service under kills and faults, and whether the promise was kept."""

import argparse
import random
import signal
import sys
from collections.abc import Sequence

from tests.bench import stores
from tests.faults import report
from tests.faults.breaking import Wanted, broken, known
from tests.faults.world import Shape

BROKERS = ("embedded", "server")
POLICIES = ("hold", "resend")


def wanted(words: Sequence[str]) -> tuple[Wanted, bool]:
    """The run that is asked for, and whether to write its outcome down."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--releases", type=int, default=20, help="issues to publish")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--faults", type=int, help="besides kills; by default a third of them")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--only", default="", metavar="FAULT,FAULT", help="these faults alone")
    parser.add_argument("--readers", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--database", choices=stores.KINDS, default="sqlite")
    parser.add_argument("--broker", choices=BROKERS, default="embedded")
    parser.add_argument("--when-unsure", choices=POLICIES, default="hold")
    parser.add_argument("--pause", type=float, default=0.8, help="mean seconds between events")
    parser.add_argument("--long", action="store_true", help="the broker is gone for a minute")
    parser.add_argument("--record", action="store_true", help="into docs/reliability.md")
    found = parser.parse_args(words)
    only = tuple(filter(None, found.only.split(",")))
    if unknown := set(only) - known(found.database).keys():
        there = ", ".join(sorted(known(found.database)))
        parser.error(f"no fault {', '.join(sorted(unknown))} there; there are {there}")
    return _run(found, only), found.record


def _run(found: argparse.Namespace, only: tuple[str, ...]) -> Wanted:
    shape = Shape(
        readers=found.readers,
        workers=found.workers,
        database=found.database,
        broker=found.broker,
        when_unsure=found.when_unsure,
    )
    return Wanted(
        seed=found.seed,
        releases=found.releases,
        kills=found.kills,
        faults=found.kills // 3 if found.faults is None else found.faults,
        only=only,
        pause=found.pause,
        long=found.long,
        shape=shape,
    )


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # everything started ends with us
    asked, write = wanted(sys.argv[1:])
    print(f"seed {asked.seed}, commit {report.commit()}", flush=True)
    ended = broken(asked, lambda line: print(line, flush=True))
    print("\n".join(report.told(ended)))
    if write:
        report.record(ended)
    sys.exit(0 if ended.kept else 1)


if __name__ == "__main__":
    main()
