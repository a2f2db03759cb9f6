"""[receipts]: where the proofs of what is out are written for the site."""

from dataclasses import dataclass, fields
from email.utils import parseaddr
from pathlib import Path

from publisher.config.tables import Table

NOBODY = "Publisher <publisher@nobody.invalid>"  # RFC 2606: no such address is anybody's


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
