"""The page about sources names what the reader reads."""

import pytest

from publisher.domain.habits import FIELDS, WAYS
from tests.docs.pages import DOCS

PAGE = (DOCS / "sources.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("told", FIELDS)
def test_every_field_stands_in_the_row_of_what_it_tells(told: str) -> None:
    names = ", ".join(f"`{name}`" for name in FIELDS[told])
    assert f"| {told} | {names} |" in PAGE


@pytest.mark.parametrize("generator", WAYS)
def test_every_generator_has_its_addresses_named(generator: str) -> None:
    ways = WAYS[generator]
    row = next(row for row in PAGE.splitlines() if row.startswith(f"| `{generator}` | `/"))
    _, _, pattern, address, dated, _ = row.split("|")
    assert f"`{ways.permalink}`" in pattern
    assert ways.translated in pattern
    assert all(f"`{field}`" in address for field in ways.address)
    assert dated.strip() == ("no" if ways.dated else "yes")
