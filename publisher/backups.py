"""Backup and restore: a store in one file, made while it works, and fenced wherever it wakes up."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from publisher.storage import copying, identity, searching
from publisher.storage import engine as storage
from publisher.storage.engine import BadStore, reading

HEADER = b"SQLite format 3\0"  # https://www.sqlite.org/fileformat.html
PATIENCE = 30.0  # seconds that somebody may hold the store


class BadBackup(Exception):
    """A file that cannot be a backup, or a place for one; the message names it and the remedy."""


class NotWritten(Exception):
    """A backup that did not come about. There is no file then, or the one that was there."""


@dataclass(frozen=True, kw_only=True)
class Backup:
    """What a file holds: rows by table, how many bytes, and when it was made."""

    file: Path
    rows: Mapping[str, int]
    size: int
    made_at: datetime


def back_up(engine: Engine, file: Path, *, at: datetime, replacing: bool) -> Backup:
    """Write all of a store into one SQLite file, as it is at one moment, while it is at work.

    The file is its owner's alone, appears when it is whole, and is fenced: whoever opens it as a
    store sends nothing. Only when `replacing` may one of that name be there. Raises BadBackup and
    NotWritten.
    """
    _require_place(file, engine, replacing=replacing)
    with _beside(file) as draft:
        if engine.dialect.name == "sqlite":
            _snapshot(Path(str(engine.url.database)), draft)
        else:
            _read_out(engine, draft)
        rows = _finish(draft, at)
        _put(draft, file, replacing=replacing)
    return Backup(file=file, rows=rows, size=file.stat().st_size, made_at=at)


def _require_place(file: Path, engine: Engine, *, replacing: bool) -> None:
    if not file.parent.is_dir():
        raise BadBackup(f"{file}: there is no folder {file.parent}; make it first")
    if file.is_dir():
        raise BadBackup(f"{file}: is a folder; name a file in it")
    own = engine.url.database if engine.dialect.name == "sqlite" else None
    if own and file.exists() and file.samefile(own):
        raise BadBackup(f"{file}: is the store itself; name another file")
    if file.exists() and not replacing:
        raise BadBackup(f"{file}: exists already; name another file, or say --force")


@contextmanager
def _beside(file: Path) -> Iterator[Path]:
    """A new file in the same folder, for its owner's eyes, gone in the end."""
    number, path = tempfile.mkstemp(prefix=f".{file.name}.", suffix=".part", dir=file.parent)
    os.close(number)
    try:
        yield Path(path)
    finally:
        for left in (path, f"{path}-journal"):
            Path(left).unlink(missing_ok=True)


def _snapshot(store: Path, draft: Path) -> None:
    """Copy a store in a file, and nobody waits for it meanwhile.

    Source: https://www.sqlite.org/lang_vacuum.html#vacuum_with_an_into_clause
    """
    try:
        db = sqlite3.connect(store, timeout=PATIENCE, isolation_level=None)
        try:
            db.execute("VACUUM INTO ?", (str(draft),))
        finally:
            db.close()
    except sqlite3.Error as error:
        raise NotWritten(f"{draft.parent}: the backup was not written: {error}") from error


def _read_out(engine: Engine, draft: Path) -> None:
    """Copy a store on a server, as it is for one transaction."""
    snapshot = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with storage.draft(draft) as target, engine.connect() as source:
        storage.migrate(target)
        db = source.execution_options(**snapshot)
        with db.begin(), target.begin() as new:
            expected = copying.counted(db)
            if copying.copy(db, new) != expected:
                raise NotWritten(f"{draft.parent}: not all rows arrived in the backup; try again")
            searching.refresh(new)


def _finish(draft: Path, at: datetime) -> Mapping[str, int]:
    """Mark a file as a backup, and see whether it is whole; its rows."""
    with storage.draft(draft) as engine:
        with engine.begin() as db:
            identity.mark_backup(db, at=at)
        with reading(engine) as db:
            if faults := copying.faults(db):
                raise NotWritten(f"the store is not sound: {'; '.join(faults)}")
            return copying.counted(db)


def _put(draft: Path, file: Path, *, replacing: bool) -> None:
    """Let a file that is on the disk appear under its name, never over another by accident."""
    _sync(draft)
    if replacing:
        draft.replace(file)
    else:
        try:
            os.link(draft, file)
        except FileExistsError:
            raise BadBackup(f"{file}: was made by somebody else meanwhile; try again") from None
        except OSError:  # a file system without links
            draft.replace(file)
    _sync(file.parent)


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


# --- back again


def restore(file: Path, engine: Engine, *, room: Path, at: datetime) -> Backup:
    """Put all of a backup into a store that holds nothing yet, on either database.

    The store is fenced then, for somebody to adopt. The file is left as it is. It may be a plain
    copy of a store, and of an older version; it is looked at in `room`. Raises BadBackup, BadStore.
    """
    with _opened(file, room) as source:
        storage.migrate(engine)
        with reading(source) as old, engine.begin() as new:
            if there := copying.used(new):
                first = ", ".join(sorted(there)[:3])
                raise BadBackup(
                    f"{storage.name(engine)} holds something already ({first}), and is untouched;"
                    " give [store] database an empty one"
                )
            copying.empty(new)
            rows = copying.copy(old, new)
            searching.refresh(new)
            made_at = identity.mark_restored(new, file.name, at=at)
    return Backup(file=file, rows=rows, size=file.stat().st_size, made_at=made_at)


@contextmanager
def _opened(file: Path, room: Path) -> Iterator[Engine]:
    """A copy of a store in a file, brought to this program's version and found to be whole."""
    _require_store(file)
    with tempfile.TemporaryDirectory(prefix="restoring-", dir=room) as folder:
        twin = Path(folder) / "backup.db"
        shutil.copyfile(file, twin)
        log = file.with_name(f"{file.name}-wal")
        if log.exists():  # somebody has copied a store that was in use
            shutil.copyfile(log, f"{twin}-wal")
        with storage.draft(twin) as engine:
            try:
                storage.require_ours(engine)
                storage.migrate(engine)
            except BadStore as error:
                raise BadBackup(str(error).replace(storage.name(engine), str(file))) from error
            with reading(engine) as db:
                if faults := copying.faults(db):
                    raise BadBackup(f"{file}: is not sound: {'; '.join(faults)}; take another")
            yield engine


def _require_store(file: Path) -> None:
    if not file.is_file():
        raise BadBackup(f"{file}: there is no such file")
    with file.open("rb") as opened:
        if opened.read(len(HEADER)) != HEADER:
            raise BadBackup(f"{file}: is no backup of a store; `publisher backup` writes one")
