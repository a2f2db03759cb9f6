"""Killing a process before the k-th thing it does to the outside or to its store."""

import itertools
import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any, NoReturn

LONGEST = 60  # seconds that a process may take
MOST = 300  # steps: who takes more never ends

# What cannot be taken back, or is heard, by the type it belongs to, or the module. An event loop
# in C sends unseen, so what it has heard counts, too: by the name of a Python function.
SENDING = {"send", "sendall", "sendmsg", "sendto"}
HEARING = {"recv", "recv_into"}
HEARD_UNSEEN = {"buffer_updated", "data_received"}  # of asyncio's protocols
STEPS = {
    "socket": {"connect", *SENDING, *HEARING},
    "SSLSocket": {"connect", *SENDING, *HEARING},
    "FileIO": {"truncate", "write"},
    "BufferedWriter": {"flush", "write"},
    "BufferedRandom": {"flush", "write"},
    "TextIOWrapper": {"flush", "write"},
    "Connection": {"commit"},
    "posix": {"fdatasync", "fsync", "link", "rename", "replace", "sendfile", "unlink", "write"},
}


@dataclass(frozen=True, kw_only=True)
class Death:
    """Before which step a process was killed, and what the step was; or that it went through."""

    step: int
    what: str = ""

    @property
    def through(self) -> bool:
        """Whether it was not killed at all: it has fewer steps."""
        return not self.what


def killed_before(step: int, work: Callable[[], object]) -> Death:
    """Do `work` in a process of its own that is killed (SIGKILL) before its `step`-th step, from 1.

    Raises AssertionError with the traceback where the work itself fails or does not end.
    """
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the pretend outside has threads
        child = os.fork()
    if child == 0:
        os.close(reading)
        _work_and_die(step, work, writing)
    os.close(writing)
    with open(reading, encoding="utf-8", errors="replace") as said:  # noqa: PTH123  no path
        words = said.read()
    _, status = os.waitpid(child, 0)
    died = os.WIFSIGNALED(status) and os.WTERMSIG(status)
    assert died != signal.SIGALRM, f"it hangs: {LONGEST} seconds are over"
    assert died == signal.SIGKILL or status == 0, words
    return Death(step=step, what=words if died else "")


def _work_and_die(step: int, work: Callable[[], object], out: int) -> NoReturn:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(LONGEST)
    ended = 0
    try:
        watch = _watching(step, out)
        threading.setprofile(watch)
        sys.setprofile(watch)
        work()
    except BaseException:  # noqa: BLE001  nothing of this process may go on in the parent's name
        ended = 1
        sys.setprofile(None)
        os.write(out, traceback.format_exc().encode())
    sys.setprofile(None)
    os._exit(ended)


def _watching(step: int, out: int) -> Callable[[FrameType, str, Any], None]:
    """See sys.setprofile: it is told of every call of a function, in C too, in every thread."""
    taken = itertools.count(1)
    before = ""

    def watch(frame: FrameType, event: str, called: Any) -> None:
        nonlocal before
        what = _step(frame, event, called)
        if not what:
            return
        before, last = what, before
        if not _alike(last, what) and next(taken) == step:
            sys.setprofile(None)
            os.write(out, what.encode())
            os.kill(os.getpid(), signal.SIGKILL)

    return watch


def _step(frame: FrameType, event: str, called: Any) -> str:
    """What is about to happen, or has, if it counts."""
    if event == "call":
        name = frame.f_code.co_name
        return f"before {name}" if name in HEARD_UNSEEN else ""
    if event not in ("c_call", "c_return"):
        return ""
    owner, name = _owner(called), called.__name__
    if name not in STEPS.get(owner, ()) or not _leaves(called):
        return ""
    if event == "c_call":
        return f"before {owner}.{name}"
    return f"after {owner}.{name}" if name == "commit" else ""


def _alike(last: str, now: str) -> bool:
    """Whether the world is the same at both: nothing between, or the rest of a message."""
    if now.rsplit(maxsplit=1)[-1] in HEARD_UNSEEN:
        return False
    names = {what.rpartition(".")[2] for what in (last, now)}
    half = names <= SENDING or names <= HEARING  # nobody acts on half a request
    return half or (last.startswith("after") and now.startswith("before"))


def _owner(called: Any) -> str:
    owner = getattr(called, "__self__", None)
    return owner.__name__ if isinstance(owner, type(sys)) else type(owner).__name__


def _leaves(called: Any) -> bool:
    """Whether it is no line within the process, such as those that wake event loops."""
    family = getattr(called.__self__, "family", None)
    return family is None or family.name.startswith("AF_INET")
