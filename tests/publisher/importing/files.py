"""Files of readers for the tests: what comes out of them."""

import io
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from publisher.importing.lines import Lines, lines
from publisher.importing.newcomers import BadRow, Newcomer, Terms, newcomer
from publisher.importing.rows import Bad, sheet
from publisher.importing.taking import Asking, Intake, Manner, Taken, take

AT = datetime(2026, 11, 5, 9, 30, tzinfo=UTC)


def opened(content: bytes | str, encoding: str = "utf-8") -> Lines:
    raw = content.encode() if isinstance(content, str) else content
    return lines(io.BufferedReader(io.BytesIO(raw)), encoding)


def read(
    content: bytes | str, *, source: str = "readers.csv", encoding: str = "utf-8", **terms: Any
) -> tuple[list[Newcomer], list[tuple[int, str]]]:
    """The newcomers in a file, and (line, why) of what is left out."""
    known = frozenset({"readers", "weekly"})
    holds = Terms(**{"source": source, "known": known} | terms)
    found = sheet(opened(content, encoding))
    new: list[Newcomer] = []
    bad: list[tuple[int, str]] = []
    for row in found.rows:
        if isinstance(row, Bad):
            bad.append((row.line, row.why))
            continue
        try:
            new.append(newcomer(row, found.columns, holds, now=AT))
        except BadRow as error:
            bad.append((row.line, str(error)))
    return new, bad


def imported(
    content: bytes | str,
    engine: Engine,
    *,
    source: str = "readers.csv",
    asking: Asking | None = None,
    at: datetime = AT,
    terms: dict[str, Any] | None = None,
    **manner: Any,
) -> tuple[Taken, list[Bad]]:
    """What became of the rows of a file, and which were left out."""
    told: list[Bad] = []
    holds = Terms(**{"source": source, "known": frozenset({"readers", "weekly"})} | (terms or {}))
    intake = Intake(
        engine=engine,
        manner=Manner(terms=holds, at=at, asking=asking, **manner),
        tell=told.append,
        progress=lambda rows: None,
    )
    return take(sheet(opened(content)), intake), told
