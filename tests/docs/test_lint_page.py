"""Whether the page about findings names every kind, and no other, with its severity."""

import re

from publisher.domain.lint import KINDS
from tests.docs.pages import DOCS, ROOT

PAGE = (DOCS / "lint.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `([\w-]+)` \| (error|warning) \| [^|]+ \| [^|]+ \|$", PAGE, re.MULTILINE)


def test_every_kind_has_a_row_with_its_severity_meaning_and_remedy() -> None:
    assert dict(ROWS) == {name: kind.severity for name, kind in KINDS.items()}
    assert len(ROWS) == len(KINDS)


def test_every_kind_that_is_told_is_known() -> None:
    sources = [
        *(ROOT / "channels").rglob("*.py"),
        *(ROOT / "publisher" / "rendering").rglob("*.py"),
    ]
    told = {
        kind
        for source in sources
        for kind in re.findall(r'[Ff]inding\((?:kind=)?\s*"([\w-]+)"', source.read_text())
    }
    assert told <= set(KINDS)
