"""`celery` with a sampler in each child: where the CPU's time goes, by line, written to a file.

A sample is taken every few milliseconds of CPU, so that what runs is hardly slowed; cProfile's
hook on every call would more than double the time of short functions.
"""

import atexit
import os
import signal
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

from celery.__main__ import main
from celery.signals import worker_process_init

EVERY = 0.003  # seconds of CPU
WRITE = 500  # samples

lines: Counter[str] = Counter()
functions: Counter[str] = Counter()


def _place(frame: FrameType) -> str:
    code = frame.f_code
    return f"{'/'.join(Path(code.co_filename).parts[-3:])}:{code.co_qualname}"


def _sample(_: int, frame: FrameType | None) -> None:
    if frame is None:
        return
    lines[f"{_place(frame)}:{frame.f_lineno}"] += 1
    seen: set[str] = set()
    step: FrameType | None = frame
    while step is not None:
        seen.add(_place(step))
        step = step.f_back
    functions.update(seen)
    if lines.total() % WRITE == 0:
        _write()


def _write() -> None:
    total = lines.total()
    text = [f"{total} samples, {EVERY * total:.1f} s of CPU", "", "in the function and below:"]
    text += [f"{n / total:6.1%} {place}" for place, n in functions.most_common(80)]
    text += ["", "at the line:"]
    text += [f"{n / total:6.1%} {place}" for place, n in lines.most_common(80)]
    Path(f"{os.environ['BENCH_PROFILE']}.{os.getpid()}").write_text("\n".join(text) + "\n")


def _begin(**_: Any) -> None:
    lines.clear()
    functions.clear()
    signal.signal(signal.SIGPROF, _sample)
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
    atexit.register(_write)


worker_process_init.connect(_begin)

if __name__ == "__main__":
    main()
