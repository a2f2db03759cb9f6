"""Cells that a spreadsheet would take for a formula, and how they are told apart from text.

Programs that open a CSV run what begins with = + - @, a tab or a line break, also after spaces,
in full width, and after what they take for the end of a cell: OWASP, "CSV Injection".
"""

import re

_BLANK = r"[\s\x00-\x1f\ufeff\u200b-\u200f\u2060\"]*"
_FORMULA = rf"'*{_BLANK}[=+\-@\t\r\n＝＋－＠]"
_OPEN = re.compile(rf"\A(?={_FORMULA})|(?<=[;,|\t\r\n])(?={_FORMULA})")
_GUARDED = re.compile(rf"\A'(?={_FORMULA})|(?<=[;,|\t\r\n])'(?={_FORMULA})")


def guarded(cell: str) -> str:
    """A cell with an apostrophe before all that would be a formula. `unguarded` takes it back."""
    return _OPEN.sub("'", cell)


def unguarded(cell: str) -> str:
    """A cell as it was before it was guarded."""
    return _GUARDED.sub("", cell)
