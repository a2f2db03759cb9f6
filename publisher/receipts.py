"""Receipts for the site: a data file for each issue, with what is out of it and where."""

import fcntl
import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from publisher import replacing
from publisher.publishing import Clock, utcnow
from publisher.storage import identity, receipts
from publisher.storage.engine import reading
from publisher.storage.receipts import Proof

log = logging.getLogger(__name__)

OUR_OWN = frozenset({"atom", "email"})  # kinds of channel that are no network to discuss on
LATE = timedelta(minutes=5)  # after it was numbered, a line of the log may still come to be seen
LONGEST_NAME = 200  # bytes of a file's name, of 255 that systems take
WEB = re.compile(r"""https?://[^\s"'\\<>\x00-\x1f\x7f]+""")


class Unwritten(Exception):
    """Receipts that could not be written; the message names the place and the remedy."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """How far the log was written out: into which folder, of which store, up to which line."""

    folder: str
    store: str
    through: int


def discussed(proofs: Iterable[Proof], lang: str) -> list[str]:
    """Where an edition can be discussed: its addresses on networks, each once."""
    urls = [p.url for p in proofs if p.lang == lang and p.kind not in OUR_OWN]
    return [url for url in dict.fromkeys(urls) if WEB.fullmatch(url)]


def document(key: str, proofs: Iterable[Proof]) -> dict[str, Any]:
    """What programs are told of an issue; times in RFC 3339. Addresses of readers are not in it."""
    return {"key": key, "receipts": [_plain(proof) for proof in proofs]}


def _plain(proof: Proof) -> dict[str, Any]:
    at = proof.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return {**vars(proof), "at": at}


def file_names(issues: Iterable[str]) -> Mapping[str, str]:
    """A name for the file of each issue, those first that were planned first.

    It is the key, with `_` for what sites cannot look up. Where another issue has that name, the
    later one's is marked, so a name never changes.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for issue in issues:
        safe = re.sub(r"[^\w-]", "_", issue)
        name = safe.encode()[:LONGEST_NAME].decode(errors="ignore")
        if name.casefold() in taken or name != safe:
            name = f"{name}-{sha256(issue.encode()).hexdigest()[:12]}"
        taken.add(name.casefold())
        names[issue] = f"{name}.json"
    return names


def keep_up(engine: Engine, folder: Path, *, state: Path, now: Clock = utcnow) -> list[Path]:
    """Write the files of the issues of which something became out since the last time.

    Those that changed are returned. Saying it again, at any time, changes nothing more: how far
    the log was written out is noted in `state` after the files. Raises Unwritten.
    """
    try:
        with _alone(state / "receipts.lock") as ours:
            return _keep_up(engine, folder, state / "receipts.json", now()) if ours else []
    except OSError as error:
        words = f"{error.filename or folder}: {error.strerror or error}"
        raise Unwritten(f"{words}; receipts are written once that is mended") from error


def _keep_up(engine: Engine, folder: Path, mark: Path, at: datetime) -> list[Path]:
    with reading(engine) as db:
        known = _known(mark, folder, db)
        files = _files(db, folder, receipts.grown(db, since=known.through))
        through = receipts.settled(db, since=known.through, before=at - LATE)
    if files:
        folder.mkdir(parents=True, exist_ok=True)
    changed = [path for path, content in files.items() if _write(path, content)]
    if through != known.through:
        after = Mark(folder=known.folder, store=known.store, through=through)
        replacing.replace(mark, json.dumps(vars(after)).encode())
    return changed


def _known(mark: Path, folder: Path, db: Connection) -> Mark:
    """How far this very store was written out into this very folder."""
    me = identity.known(db)
    store, newest = me.name if me else "", receipts.newest(db)
    begun = Mark(folder=str(folder), store=store, through=0)
    try:
        found = Mark(**json.loads(mark.read_bytes()))
    except (OSError, ValueError, TypeError):
        return begun
    same = (found.folder, found.store) == (begun.folder, begun.store) and folder.is_dir()
    known = same and isinstance(found.through, int) and found.through <= newest
    return found if known else begun


def _files(db: Connection, folder: Path, issues: set[str]) -> dict[Path, bytes]:
    if not issues:
        return {}
    names = file_names(receipts.issues(db))
    return {
        folder / names[issue]: _as_file(document(issue, receipts.proofs(db, issue)))
        for issue in sorted(issues)
    }


def _as_file(document: Mapping[str, Any]) -> bytes:
    """The same bytes for the same receipts."""
    return (json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def _write(path: Path, content: bytes) -> bool:
    """Have a file hold this; False where it does."""
    if path.is_file() and not path.is_symlink() and path.read_bytes() == content:
        return False
    replacing.replace(path, content)
    log.info("receipts are in %s", path)
    return True


@contextmanager
def _alone(lock: Path) -> Iterator[bool]:
    """Whether nobody else on this machine is at it."""
    lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
