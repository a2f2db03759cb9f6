"""Many rows in one statement: they travel as one JSON text, which both databases can open."""

import json
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    String,
    TableValuedAlias,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects import postgresql

from publisher.storage.schema import sound


def table(dialect: str, name: str = "rows") -> TableValuedAlias:
    """The rows of the parameter `name`, a text made by `packed`; `cell` finds what is in them."""
    given = bindparam(name, type_=String)
    if dialect == "postgresql":
        opened = func.json_array_elements(cast(given, postgresql.JSON))
    else:
        opened = func.json_each(given)
    return opened.table_valued("value").alias(f"given_{name}")


def cell(rows: TableValuedAlias, place: int, kind: Any = String) -> ColumnElement[Any]:
    """What stands at a place of each row."""
    return cast(rows.c.value.op("->>")(literal_column(str(place))), kind)


def ids(dialect: str, name: str = "rows") -> Select[int]:
    """The first cells of rows, as numbers."""
    return select(cell(table(dialect, name), 0, BigInteger))


def packed(rows: Collection[Sequence[Any]]) -> str:
    """Rows of numbers and texts, as a parameter; without what databases do not take in a text."""
    text = json.dumps(rows)
    if "\\u" not in text:
        return text
    return json.dumps([[sound(c) if isinstance(c, str) else c for c in row] for row in rows])


def packed_ids(ids: Collection[int]) -> str:
    """Numbers alone, as rows of one cell."""
    return json.dumps([[id] for id in ids])
