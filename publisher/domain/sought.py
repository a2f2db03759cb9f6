"""What is looked for in texts, and where it stands: words without accents or capitals."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html import unescape

WORD = re.compile(r"[^\W_]+")
TAG = re.compile(r"""<(/?)([a-zA-Z][\w-]*)(?:[^<>"']|"[^"]*"|'[^']*')*>""")
WITHIN_WORDS = re.compile(
    "a|abbr|b|cite|code|del|dfn|em|i|ins|kbd|mark|q|s|samp|small|span|strong|sub|sup|u|var"
)
LONGEST_WORD = 60  # characters; the rest of a longer one is not told apart
MOST_TERMS = 10
LONGEST_QUESTION = 200  # characters
BEFORE, AFTER = 80, 200  # characters of a snippet around its first hit


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A piece of a text; `hit` where it is what was looked for."""

    text: str
    hit: bool = False


@cache
def _plain(letter: str) -> str:
    """A letter's base: é is e, ß is ss."""
    bare = (c for c in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(c))
    return "".join(bare).casefold()


def folded(word: str) -> str:
    """A word as it is compared."""
    found = word.casefold() if word.isascii() else "".join(map(_plain, word))
    return found[:LONGEST_WORD]


def words(text: str) -> Iterator[str]:
    """The words of a text, in their order, as they are compared."""
    return (folded(found[0]) for found in WORD.finditer(unicodedata.normalize("NFC", text)))


def terms(question: str) -> tuple[str, ...]:
    """What a question asks for: its words, each once, the first few. Signs mean nothing."""
    return tuple(dict.fromkeys(words(question[:LONGEST_QUESTION])))[:MOST_TERMS]


def text_of(html: str) -> str:
    """The words that a page shows, from well-formed HTML, on one line."""

    def gap(tag: re.Match[str]) -> str:
        return "" if WITHIN_WORDS.fullmatch(tag[2].lower()) else " "

    return " ".join(unescape(TAG.sub(gap, html)).split())


def marked(text: str, sought: Sequence[str]) -> tuple[Piece, ...]:
    """A text in pieces, those set apart that begin with what was looked for."""
    pieces, end = [], 0
    text = unicodedata.normalize("NFC", text)
    for start, stop in _hits(text, sought):
        pieces += [Piece(text=text[end:start]), Piece(text=text[start:stop], hit=True)]
        end = stop
    return tuple(piece for piece in (*pieces, Piece(text=text[end:])) if piece.text)


def snippet(text: str, sought: Sequence[str]) -> tuple[Piece, ...]:
    """The part of a text around its first hit, or its beginning, marked."""
    text = unicodedata.normalize("NFC", text)
    first, _ = next(_hits(text, sought), (0, 0))
    start = text.rfind(" ", 0, max(0, first - BEFORE)) + 1 if first > BEFORE else 0
    stop = text.find(" ", first + AFTER) if len(text) > first + AFTER else len(text)
    stop = stop if 0 <= stop <= first + 2 * AFTER else min(len(text), first + AFTER)
    part = ("… " if start else "") + text[start:stop] + (" …" if stop < len(text) else "")
    return marked(part, sought)


def _hits(text: str, sought: Sequence[str]) -> Iterator[tuple[int, int]]:
    beginnings = tuple(sought)
    for found in WORD.finditer(text):
        if beginnings and folded(found[0]).startswith(beginnings):
            yield found.span()
