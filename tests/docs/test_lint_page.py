"""Whether the page about findings names every kind, and no other, with its severity."""

import re

from publisher.domain.lint import KINDS
from tests.docs.pages import DOCS

PAGE = (DOCS / "lint.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `([\w-]+)` \| (error|warning) \| [^|]+ \| [^|]+ \|$", PAGE, re.MULTILINE)


def test_every_kind_has_a_row_with_its_severity_meaning_and_remedy() -> None:
    assert dict(ROWS) == {name: kind.severity for name, kind in KINDS.items()}
    assert len(ROWS) == len(KINDS)
