"""Tables as plain text: in columns where they fit, or else a record for each row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from publisher.rendering.plaintext.wrapping import TIE, columns, lines_of, rows

BETWEEN, CROSSING = " | ", "-+-"
MOST_COLUMNS = 50  # more are no table to read
INDENT = "  "
ALIGNED = {"right": 1.0, "center": 0.5}  # the share of the room that comes first


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One field. `text` may hold the marks of wrapping; `align` is left, center or right."""

    text: str
    align: str = "left"
    head: bool = False


Row = Sequence[Cell]
EMPTY = Cell(text="")


def laid_out(table: Sequence[Row], width: int) -> list[str]:
    """The lines of a table that has `width` columns of room."""
    filled = [row for row in table if any(_words(cell) for cell in row)]
    if not filled:
        return []
    if max(map(len, filled)) <= MOST_COLUMNS:
        widths = [max(map(_needed, column)) for column in zip_longest(*filled, fillvalue=EMPTY)]
        if sum(widths) + len(BETWEEN) * (len(widths) - 1) <= width:
            return list(_in_columns(filled, widths))
    return list(_as_records(filled, width))


def _in_columns(table: Sequence[Row], widths: Sequence[int]) -> Iterator[str]:
    for at, row in enumerate(table):
        cells = [*row, *[EMPTY] * (len(widths) - len(row))]
        yield BETWEEN.join(map(_set, cells, widths)).rstrip()
        if at == 0 and _is_head(row) and len(table) > 1:
            yield CROSSING.join("-" * width for width in widths)


def _set(cell: Cell, width: int) -> str:
    words = _words(cell).replace(TIE, " ")
    room = width - columns(words)
    before = int(room * ALIGNED.get(cell.align, 0.0))
    return " " * before + words + " " * (room - before)


def _as_records(table: Sequence[Row], width: int) -> Iterator[str]:
    head = table[0] if _is_head(table[0]) and len(table) > 1 else ()
    records = [list(_record(head, row, width)) for row in (table[1:] if head else table)]
    return chain.from_iterable((*record, "") if head else record for record in records)


def _record(head: Row, row: Row, width: int) -> Iterator[str]:
    """A line for each field under its head; a row without heads on one line."""
    if not head:
        yield from _hanging(BETWEEN.join(filter(None, map(_words, row))), width)
        return
    for name, cell in zip_longest(head, row, fillvalue=EMPTY):
        if words := _words(cell):
            named = f"{_words(name)}: " if _words(name) else ""
            yield from _hanging(named + words, width)


def _hanging(text: str, width: int) -> Iterator[str]:
    first, *rest = lines_of(text, width - len(INDENT)) or [""]
    yield first
    yield from (INDENT + line for line in rest)


def _is_head(row: Row) -> bool:
    return all(cell.head for cell in row)


def _needed(cell: Cell) -> int:
    return columns(_words(cell))


def _words(cell: Cell) -> str:
    """A cell on one line."""
    return " / ".join(filter(None, (" ".join(row.split(" ")).strip() for row in rows(cell.text))))
