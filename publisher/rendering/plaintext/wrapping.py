"""Lines of plain text, broken where a reader of any script would break them."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

# Marks in text on its way here. Controls never get this far, so nothing is mistaken for one.
BREAK = "\x00"  # a new line
TIE = "\x01"  # a space that no line ends at
APART = "\x02"  # a new line, unless one begins here anyway
SPACES = re.compile(r"[^\S\xa0\u202f\u2007]+")  # all but those that are meant to hold together
AFTER = re.compile(r" ([!?:;»%]+)(?![^\s\x01])")  # French sets a space before these
BEFORE = re.compile(r"(?<![^\s\x01])([«¿¡]+) ")
EAST_ASIAN = (
    "\u2e80-\u30ff\u3130-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
)
NO_START = (
    "、。，．！？；：）］｝」』】〕》〉〗・…‥ー々〻ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ％"
)
NO_END = "（［｛「『【〔《〈〖"
PIECE = re.compile(
    f"[{NO_END}]*[{EAST_ASIAN}][{NO_START}\u0300-\u036f\u3099\u309a\ufe00-\ufe0f]*"
    f"|[^{EAST_ASIAN}]+[{NO_START}]*"
)


def lines_of(text: str, width: int) -> list[str]:
    """Text with breaks as lines of at most `width` columns; a break after a break is a gap."""
    found: list[str] = []
    for row in rows(text):
        found += wrapped(row, width) or ([""] if found else [])
    return found


def rows(text: str) -> list[str]:
    """What stands between the breaks of a text, as long as it may be."""
    pieces = (piece.strip(f"{BREAK} \n") for piece in text.split(APART))
    return BREAK.join(filter(None, pieces)).split(BREAK)


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most `width` columns, but for words that are longer alone.

    Ties become spaces. Text without spaces is broken between East Asian characters, where
    neither a closing mark begins a line nor an opening one ends it (JIS X 4051, in short).
    """
    lines: list[str] = []
    line, used = "", 0
    for space, piece in _pieces(_tied(text), width):
        needed = columns(piece)
        if line and used + len(space) + needed > width:
            lines.append(line)
            line, used = piece, needed
        else:
            gap = space if line else ""
            line, used = line + gap + piece, used + len(gap) + needed
    return [done.replace(TIE, " ") for done in (*lines, line) if done]


@lru_cache(maxsize=4096)
def columns(text: str) -> int:
    """How many columns of a terminal text takes; two for an East Asian letter or an emoji.

    Source: Unicode Standard Annex 11. What joins or marks another character takes none.
    """
    return len(text) if text.isascii() else sum(map(_columns, text))


def _tied(text: str) -> str:
    single = " ".join(filter(None, SPACES.split(text)))
    joined = single.replace(" " + TIE, TIE)
    return BEFORE.sub(rf"\1{TIE}", AFTER.sub(rf"{TIE}\1", joined))


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _pieces(text: str, width: int) -> Iterator[tuple[str, str]]:
    """What stays together, each with the space that comes before it on the same line."""
    for word in filter(None, text.split(" ")):
        tied = [word] if columns(word) <= width else word.split(TIE)
        for part in tied:
            space = " "
            for piece in PIECE.findall(part) or [part]:
                yield space, piece
                space = ""
