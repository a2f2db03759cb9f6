"""A feed file that several processes replace, each in one step, on a local file system."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from publisher.domain.channel import Disconnected, TryLater

Feed = TypeVar("Feed")


def read(path: Path, parse: Callable[[bytes], Feed], kind: str) -> Feed | None:
    """What `parse` makes of the file; None where there is none.

    `parse` raises ValueError for what is no `kind`, which becomes Disconnected: no feed that a
    person could still mend is written over. Raises TryLater in the system's words.
    """
    try:
        with _troubles_named(path), suppress(FileNotFoundError):
            return parse(path.read_bytes())
    except ValueError as error:
        remedy = "mend it or move it away, then retry"
        raise Disconnected(f"{path} is no {kind}: {error}; {remedy}") from error
    return None


@contextmanager
def sole_writer(path: Path, timeout: float) -> Iterator[None]:
    """Let one in at a time, of this process or another, after `timeout` seconds at most.

    The lock file beside it stays, empty; the lock of a dead process is free. Makes the folder.
    Raises TryLater in the system's words, also for what is done inside.
    """
    with _troubles_named(path):
        target = path.resolve()
        target.parent.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + timeout
        with target.with_name(f".{target.name}.lock").open("ab") as lock:
            while not _lock(lock.fileno()):
                if time.monotonic() > deadline:
                    raise TryLater(f"another process has been writing {path} for too long")
                time.sleep(0.02)
            yield


def write(path: Path, content: bytes) -> None:
    """Replace the file in one step, as its sole writer. Its mode stays, and a symbolic link."""
    target = path.resolve()
    draft = target.with_name(f".{target.name}.new")
    try:
        with draft.open("wb") as out:
            out.write(content)
            if target.exists():
                os.fchmod(out.fileno(), target.stat().st_mode & 0o777)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(target)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def check_writable(path: Path) -> None:
    """Raise Disconnected where the file, or a folder on the way to it, could not be made."""
    folder = next(place for place in path.resolve().parents if place.exists())
    if not os.access(folder, os.W_OK | os.X_OK):
        raise Disconnected(f"{folder} cannot be written to: give this user the right to")


@contextmanager
def _troubles_named(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TryLater(f"{error.filename or path}: {error.strerror or error}") from error


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
