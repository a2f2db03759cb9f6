"""Which process holds a delivery, whether it still lives, and whether it was asked to stop."""

import mmap
import os
import threading
from functools import cache
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_stopping = mmap.mmap(-1, 1)  # shared with every process that forks from this one


def owner() -> str:
    """A name for this thread of this process, which no other bears before the next reboot.

    `BOOT/NAMESPACE/PID/START/THREAD`, from proc(5). Where there is no /proc the parts are
    empty, and `lost` can tell nothing.
    """
    pid = os.getpid()
    return f"{_here()}/{pid}/{_started(pid)}/{threading.get_ident()}"


def lost(name: str) -> bool:
    """Whether the process behind an owner's name is certainly gone. False also means unknown."""
    here, _, rest = name.partition(_here() + "/")
    if here or not rest or "//" in name:
        return False  # another machine or container, or none that can be told
    pid, started, *_ = rest.split("/")
    return _started(int(pid)) not in {started, "hidden"}


def machine(name: str) -> str:
    """The part of an owner's name that tells where it runs: machine and container."""
    return "/".join(name.split("/")[:2])


@cache
def _here() -> str:
    """This boot of this machine, and the namespace in which a process number means something."""
    try:
        namespace = os.readlink("/proc/self/ns/pid").strip("pid:[]")  # noqa: PTH115  no real path
        return f"{BOOT_ID.read_text().strip()[:8]}/{namespace}"
    except OSError:
        return "/"


def _started(pid: int) -> str:
    """The start time of a process in clock ticks since boot, "" when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return "" if Path("/proc/1/stat").exists() else "hidden"  # proc(5), hidepid
    except OSError:
        return "hidden"
    state, *numbers = stat.rpartition(")")[2].split()
    return "" if state in "ZX" else numbers[18]


def ask_to_stop() -> None:
    """Let this process and those that forked from it finish what they have begun, and no more."""
    _stopping[0] = 1


def asked_to_stop() -> bool:
    """Whether somebody has asked this process, or the one it forked from, to stop."""
    return bool(_stopping[0])
