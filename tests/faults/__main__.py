"""`make faults`: the whole service under kills and faults, and whether the promise was kept."""

import argparse
import logging
import random
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench import stores
from tests.faults import report
from tests.faults.breaking import Wanted, broken, known
from tests.faults.shows import SHOWS, shown
from tests.faults.world import Shape

BROKERS = ("embedded", "server")
POLICIES = ("hold", "resend")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The run that is asked for, or the shows instead; and whether to write the outcome down."""

    run: Wanted
    shows: tuple[str, ...]
    record: bool


def asked(words: Sequence[str]) -> Asked:
    """What the command line asks for."""
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
    parser.add_argument("--show", default="", metavar="NAME,NAME", help=f"{', '.join(SHOWS)}")
    parser.add_argument("--record", action="store_true", help="into docs/reliability.md")
    found = parser.parse_args(words)
    only, shows = _names(found.only), _names(found.show)
    for given, there in ((only, known(found.database)), (shows, SHOWS)):
        if unknown := sorted(set(given) - set(there)):
            parser.error(f"no {', '.join(unknown)} here; there are {', '.join(sorted(there))}")
    return Asked(run=_run(found, only), shows=shows, record=found.record)


def _names(given: str) -> tuple[str, ...]:
    return tuple(filter(None, given.split(",")))


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
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # our cuts are no news
    wanted = asked(sys.argv[1:])
    sys.exit(0 if (_show(wanted) if wanted.shows else _break(wanted)) else 1)


def _show(wanted: Asked) -> bool:
    """Make the shows, and say of each whether it is as promised."""
    made = []
    for name in wanted.shows:
        one = shown(name, wanted.run.shape)
        made.append(one)
        print("\n".join(report.shown(one)), flush=True)
    if wanted.record:
        report.record_shows(made)
    return all(one.good for one in made)


def _break(wanted: Asked) -> bool:
    """Make the run, and say what it came to."""
    print(f"seed {wanted.run.seed}, commit {report.commit()}", flush=True)
    ended = broken(wanted.run, lambda line: print(line, flush=True))
    print("\n".join(report.told(ended)))
    if wanted.record:
        report.record(ended)
    return ended.kept


if __name__ == "__main__":
    main()
