"""All readers in a file: one that `import` takes back as it was, and no spreadsheet runs."""

import csv
import json
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import Engine, Row

from publisher import subscribing
from publisher.formulas import guarded
from publisher.storage import reader_log
from publisher.storage.engine import reading
from publisher.storage.subscribers import Wanted

COLUMNS = ("email", "name", "languages", "lists", "status", "joined_at", "consent", "else_after")
IMPORTED = "import"  # whose words are those of the file it came from
Write = Callable[..., int]


def table(out: TextIO, *, engine: Engine) -> int:
    """Write all readers as CSV (RFC 4180), cells guarded against being formulas; how many."""
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    number = 0
    for number, reader in enumerate(_readers(engine), 1):  # noqa: B007
        writer.writerow([guarded(_cell(reader[name])) for name in COLUMNS])
    return number


def json_lines(out: TextIO, *, engine: Engine) -> int:
    """Write all readers as a JSON document a line; how many."""
    number = 0
    for number, reader in enumerate(_readers(engine), 1):  # noqa: B007
        out.write(json.dumps(reader, ensure_ascii=False) + "\n")
    return number


def _cell(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else " ".join(value)


def _readers(engine: Engine) -> Iterator[dict[str, Any]]:
    rows = subscribing.each(Wanted(), engine=engine)
    while page := list(islice(rows, subscribing.PAGE)):
        with reading(engine) as db:
            consents = reader_log.consents(db, [row.id for row in page])
        for row in page:
            yield _reader(row, consents.get(row.id))


def _reader(row: Row[Any], consent: Row[Any] | None) -> dict[str, Any]:
    return {
        "email": row.address,
        "name": row.name,
        "languages": row.languages,
        "lists": row.lists,
        "status": row.state,
        "joined_at": _time(consent.at) if consent else "",
        "consent": _words(consent) if consent else "",
        "else_after": str(row.else_after or ""),
    }


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _words(consent: Row[Any]) -> str:
    """How and from where consent came; for a reader from a file, what the file said."""
    if consent.how == IMPORTED and consent.words:
        return str(consent.words)
    place = f"from {consent.place}" if consent.place else ""
    return " ".join(filter(None, (consent.how, place, consent.words)))


# --- files that only their owner reads


def private(path: Path) -> TextIO:
    """A new text file for its owner's eyes. Raises FileExistsError."""
    return os.fdopen(
        os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8"
    )
