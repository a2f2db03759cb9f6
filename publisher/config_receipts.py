"""[receipts]: where the proofs of what is out are written for the site."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Protocol


class Table(Protocol):
    """What of a table of the configuration is needed here."""

    def text(self, key: str, default: str | None = None) -> str: ...
    def done(self, known: Sequence[str]) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Receipts:
    """The folder of data files, if they are wanted."""

    folder: Path | None = None


def receipts(table: Table, folder: Path) -> Receipts:
    """What a table [receipts] says; its paths are relative to `folder`."""
    given = table.text("folder", "")
    table.done([field.name for field in fields(Receipts)])
    return Receipts(folder=folder / given if given else None)
