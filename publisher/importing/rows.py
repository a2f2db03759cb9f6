"""The rows of a file of readers, whoever wrote it: CSV with a header, or an address a line."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from itertools import chain

from publisher.importing.columns import Columns, columns
from publisher.importing.lines import Lines, RowTooLong, Unreadable

DELIMITERS = ",;\t"
LISTED = ("email", "name")
QUOTED = "is a quote missing?"

_NAMED = re.compile(r'(?:"((?:[^"\\]|\\.)*)"|([^"<>@]*))\s*<([^<>]*)>')
_SEPARATOR = re.compile(r"sep=(.)[\r\n]*", re.IGNORECASE)  # how Excel is told


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the number of its first line, and its cells, as many as there are columns."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Bad:
    """What is no row: its first and last line, and why."""

    line: int
    last: int
    why: str


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A file of readers: what its columns mean, and its rows, which are read as they are asked."""

    columns: Columns
    rows: Iterator[Row | Bad]


def sheet(lines: Lines) -> Sheet:
    """Read how a file is laid out. Raises Unreadable where it has no readers in it."""
    header = _first(lines)
    if told := _SEPARATOR.fullmatch(header):
        return _table(lines, _first(lines), told[1])
    known = [d for d in DELIMITERS if columns(_cells(header, d))]
    if known:
        return _table(lines, header, max(known, key=lambda d: len(_cells(header, d))))
    if _listed(header):
        return Sheet(columns=_columns(LISTED), rows=_each_listed(lines, header))
    raise _no_header(header, lines.number)


def _first(lines: Lines) -> str:
    """The first line with anything on it, but for comments."""
    try:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                return line
    except RowTooLong:
        raise Unreadable(f"line {lines.number} is no list of columns: it is far too long") from None
    raise Unreadable("is empty")


def _no_header(header: str, line: int) -> Unreadable:
    if "@" in header:
        why = "has an address where the names of the columns should be"
        return Unreadable(f"line {line} {why}; put a line above it, such as: email,name")
    why = "names no column for the address"
    return Unreadable(f"line {line} {why}; one must be called email")


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _columns(names: tuple[str, ...] | list[str]) -> Columns:
    found = columns(names)
    if found is None:
        raise Unreadable("names no column for the address; one must be called email")
    return found


# --- CSV


def _table(lines: Lines, header: str, delimiter: str) -> Sheet:
    names = _cells(header, delimiter)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    return Sheet(columns=_columns(names), rows=_each_row(reader, lines, len(names)))


def _each_row(reader: Iterator[list[str]], lines: Lines, width: int) -> Iterator[Row | Bad]:
    while True:
        lines.begin_row()
        first = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except RowTooLong:
            yield Bad(first, lines.number, f"far too long for a row; {QUOTED}")
        except csv.Error as error:
            yield Bad(first, lines.number, f"{error}; {QUOTED}")
        else:
            if any(cells):
                yield _row(first, lines.number, cells, width)


def _row(first: int, last: int, cells: list[str], width: int) -> Row | Bad:
    if len(cells) > width and not any(cells[width:]):
        cells = cells[:width]  # spreadsheets add empty ones
    if len(cells) != width:
        there = "1 column" if len(cells) == 1 else f"{len(cells)} columns"
        return Bad(first, last, f"has {there}, the header {width}; {QUOTED}")
    return Row(first, cells)


# --- an address a line


def _each_listed(lines: Lines, first: str) -> Iterator[Row | Bad]:
    rest = chain([first], _without_too_long(lines))
    for line in rest:
        if line is None:
            yield Bad(lines.number, lines.number, "far too long for an address")
        elif line.strip() and not line.startswith("#"):
            found = _listed(line)
            cells = list(found) if found else [line.strip(), ""]
            yield Row(lines.number, cells)


def _without_too_long(lines: Lines) -> Iterator[str | None]:
    while True:
        lines.begin_row()
        try:
            yield next(lines)
        except StopIteration:
            return
        except RowTooLong:
            yield None


def _listed(line: str) -> tuple[str, str] | None:
    """(address, name) of a line such as `Ann Lee <ann@example.org>`; None for anything else.

    That is how Mailman 3 writes its members, with `email.utils.formataddr`.
    """
    text = line.strip()
    if named := _NAMED.fullmatch(text):
        quoted, bare, address = named.groups()
        name = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else _decoded(bare.strip())
        return address.strip(), name
    alone = "@" in text and not re.search(r'[\s,;"<>]', text)
    return (text, "") if alone else None


def _decoded(name: str) -> str:
    """A name as RFC 2047 writes it where it is not ASCII."""
    try:
        return str(make_header(decode_header(name)))
    except (HeaderParseError, LookupError, ValueError):
        return name
