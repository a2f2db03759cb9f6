"""`celery` with a sampler in each child: where the CPU's time goes, by line, written to a file.

A sample is taken every few milliseconds of CPU, so that what runs is hardly slowed; cProfile's
hook on every call would more than double the time of short functions. What each thread has used
since the sample before is put down to where that thread is now.
"""

import os
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

from celery.__main__ import main
from celery.signals import worker_process_init

EVERY = 0.003  # seconds of CPU
WRITE = 300  # samples
OURS = "deliver_copies"  # what called the task is of no interest

lines: Counter[str] = Counter()
functions: Counter[str] = Counter()
used: dict[int, int] = {}  # nanoseconds of CPU, by thread
samples = [0]


def _place(frame: FrameType) -> str:
    code = frame.f_code
    return f"{'/'.join(Path(code.co_filename).parts[-3:])}:{code.co_qualname}"


def _sample(_: int, interrupted: FrameType | None) -> None:
    samples[0] += 1
    frames = sys._current_frames() | {threading.get_ident(): interrupted}
    for thread, frame in frames.items():
        now = time.clock_gettime_ns(time.pthread_getcpuclockid(thread))
        spent = now - used.get(thread, now)
        used[thread] = now
        if frame is not None and spent:
            _put_down(frame, spent // 1000)
    if samples[0] % WRITE == 0:
        _write()


def _put_down(frame: FrameType, microseconds: int) -> None:
    lines[f"{_place(frame)}:{frame.f_lineno}"] += microseconds
    seen: set[str] = set()
    step: FrameType | None = frame
    while step is not None:
        seen.add(_place(step))
        step = None if step.f_code.co_name == OURS else step.f_back
    functions.update(dict.fromkeys(seen, microseconds))


def _write() -> None:
    total = max(1, lines.total())
    text = [f"{samples[0]} samples, {total / 1e6:.1f} s of CPU", "", "in the function and below:"]
    text += [f"{n / total:6.1%} {place}" for place, n in functions.most_common(90)]
    text += ["", "at the line:"]
    text += [f"{n / total:6.1%} {place}" for place, n in lines.most_common(90)]
    Path(f"{os.environ['BENCH_PROFILE']}.{os.getpid()}").write_text("\n".join(text) + "\n")


def _begin(**_: Any) -> None:
    signal.signal(signal.SIGPROF, _sample)
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)


worker_process_init.connect(_begin)

if __name__ == "__main__":
    main()
