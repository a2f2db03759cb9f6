"""A file that is replaced in one step, or stays as it was."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO


def replace(path: Path, content: bytes) -> None:
    """Put `content` under a name, on the disk, in one step; the file's mode stays.

    What a killed writer left beside it is written over by the next; two at once are the caller's
    to prevent. Raises OSError, for a symbolic link in the way too: whose file is it?
    """
    if path.is_symlink():
        raise FileExistsError(0, "is a symbolic link; put a file there, or take it away", str(path))
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666
    try:
        number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        with open(number, "wb") as out:  # noqa: PTH123  of a number
            out.write(content)
            if path.exists():
                os.fchmod(number, mode)
            out.flush()
            os.fsync(number)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    _sync(path.parent)


@contextmanager
def privately(path: Path) -> Iterator[TextIO]:
    """A text file for its owner's eyes that takes the place of `path` once all is written."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
