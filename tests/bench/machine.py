"""A worker that takes itself to be on a machine of its own.

    python -m tests.bench.machine NAME SECONDS celery ARGUMENTS

Owner's names are made with NAME in the place of this machine's boot and namespace, and the clock
goes SECONDS wrong: what a second machine is to the first, without a second machine. All else is
the program's own.
"""

import runpy
import sys
from datetime import datetime, timedelta, tzinfo

from publisher import processes, publishing


def elsewhere(name: str, wrong: timedelta) -> None:
    """Be on a machine of that name, whose clock goes so wrong."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + wrong

    processes._here = lambda: f"{name}/0"  # type: ignore[assignment]
    publishing.datetime = Clock  # type: ignore[attr-defined]


def main() -> None:
    name, seconds, program = sys.argv[1:4]
    elsewhere(name, timedelta(seconds=float(seconds)))
    sys.argv = sys.argv[3:]
    runpy.run_module(program, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
