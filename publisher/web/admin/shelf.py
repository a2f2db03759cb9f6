"""Files of readers that wait to be taken over, and what became of each.

They lie in the state folder, for this user alone, and for a day at most. What a look or an import
has come to stands beside the file, so that any process can tell.
"""

import json
import os
import re
import shutil
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from publisher import processes
from publisher.importing.lines import ENCODINGS

KEPT = 24 * 60 * 60  # seconds that a file lies there
NUMBER = re.compile(r"[A-Za-z0-9_-]{22}")
ENDED = "it was interrupted, and nothing was taken over"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """How the rows are to be taken."""

    languages: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    ask: bool = False
    update: bool = False
    encoding: str = ENCODINGS[0]


@dataclass(kw_only=True)
class Case:
    """One file and what became of it: `looking`, `looked`, `taking`, `taken`, or `failed`."""

    number: str
    name: str
    by: str
    wanted: Wanted
    state: str = "looking"
    worker: str = ""  # the process that is at it
    rows: int = 0
    trouble: str = ""
    fates: dict[str, int] = field(default_factory=dict)
    doubled: int = 0
    left_out: list[tuple[int, str]] = field(default_factory=list)

    @property
    def is_under_way(self) -> bool:
        return self.state in ("looking", "taking")


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """The folder of files."""

    folder: Path

    def file(self, number: str, ending: str) -> Path:
        return self.folder / f"{number}.{ending}"

    def open(self) -> None:
        """Have the folder, without what lies there for too long."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in self.folder.iterdir():
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < time.time() - KEPT:
                    path.unlink()

    def put(self, number: str, file: IO[bytes]) -> None:
        """Keep a file."""
        self.open()
        with open(self.file(number, "csv"), "xb", opener=_private) as out:
            shutil.copyfileobj(file, out)

    def begin(self, case: Case) -> bool:
        """Whether nobody else is at what the case is at."""
        case.worker = processes.owner()
        try:
            self.file(case.number, case.state).touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            return False
        return True

    def end(self, case: Case, was: str) -> None:
        """Note what became of a case, and keep the file no longer than it is needed."""
        self.write(case)
        self.file(case.number, was).unlink(missing_ok=True)
        if case.state in ("taken", "failed"):
            self.file(case.number, "csv").unlink(missing_ok=True)

    def write(self, case: Case) -> None:
        """Note how far a case is, in one step."""
        new = self.file(case.number, "new")
        with open(new, "w", encoding="utf-8", opener=_private) as out:
            json.dump(asdict(case), out)
        new.replace(self.file(case.number, "json"))

    def read(self, number: str) -> Case:
        """Raises LookupError for what is not there, or no more."""
        if not NUMBER.fullmatch(number):
            raise LookupError(number)
        path = self.file(number, "json")
        try:
            told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise LookupError(number) from None
        wanted = told.pop("wanted")
        wanted |= {name: tuple(wanted[name]) for name in ("languages", "lists")}
        case = Case(wanted=Wanted(**wanted), **told)
        if case.is_under_way and processes.lost(
            case.worker
        ):  # one transaction: nothing of it was taken
            state = "looked" if case.state == "taking" else "failed"
            self.file(number, case.state).unlink(missing_ok=True)
            return replace(case, state=state, trouble=ENDED)
        return case


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
