"""Celery with a clock that is ahead or behind: `python -m tests.faults.clock SECONDS worker …`."""

import sys
from datetime import datetime, timedelta, tzinfo
from types import SimpleNamespace
from typing import Any

from celery.__main__ import main

from publisher import publishing


def shift(seconds: float) -> None:
    """Let the program's clock, in this process and those that fork from it, be off by so much."""

    def now(zone: tzinfo | None = None) -> datetime:
        return datetime.now(zone) + timedelta(seconds=seconds)

    there: Any = publishing
    there.datetime = SimpleNamespace(now=now)  # `utcnow` looks there, and everybody asks `utcnow`


if __name__ == "__main__":
    shift(float(sys.argv.pop(1)))
    sys.exit(main())
