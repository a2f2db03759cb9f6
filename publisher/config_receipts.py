"""[receipts]: where the proofs of what is out are written for the site."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from email.utils import parseaddr
from pathlib import Path
from typing import Protocol

NOBODY = "Publisher <publisher@nobody.invalid>"  # RFC 2606: no such address is anybody's


class Table(Protocol):
    """What of a table of the configuration is needed here."""

    def text(self, key: str, default: str | None = None) -> str: ...
    def wrong(self, key: str, expected: str) -> None: ...
    def done(self, known: Sequence[str]) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Receipts:
    """The folder of data files, if they are wanted, and in whose name a commit is made."""

    folder: Path | None = None
    author: str = NOBODY


def receipts(table: Table, folder: Path) -> Receipts:
    """What a table [receipts] says; its paths are relative to `folder`."""
    given, author = table.text("folder", ""), table.text("author", NOBODY)
    name, address = parseaddr(author)
    if not (name and "@" in address and author.isprintable()):
        table.wrong("author", f"expected NAME <ADDRESS>, found {author!r}")
    table.done([field.name for field in fields(Receipts)])
    return Receipts(folder=folder / given if given else None, author=author)
