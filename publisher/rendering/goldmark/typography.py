"""Quotes, dashes and dots as Goldmark's typographer sets them."""

import unicodedata

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

from publisher.rendering.goldmark.passages import quotes, say

MARKS = (("---", "—"), ("--", "–"), ("...", "…"), ("<<", "«"), (">>", "»"))
LEFT_OUT = "tenl"  # 'tis, 'em, 'net, 'lo: letters that follow what an apostrophe leaves out
LONGEST_RUN = 20  # quotes in a row
ENDINGS = ("s", "m", "t", "d", "ve", "ll", "re")


def set_marks(state: StateInline, silent: bool) -> bool:
    """Inline rule."""
    if silent:
        return False
    for typed, meant in MARKS:
        if state.src.startswith(typed, state.pos):
            say(state, meant, instead_of=len(typed))
            return True
    return False


def set_quotes(state: StateInline, silent: bool) -> bool:
    """Inline rule. A quote that neither opens nor closes stays as it was typed."""
    typed = state.src[state.pos]
    if silent or typed not in QUOTES:
        return False
    meant = QUOTES[typed](state, _before(state), *_sides(state))
    if meant:
        say(state, meant, instead_of=1)
    return bool(meant)


def _double(state: StateInline, before: str, opens: bool, closes: bool) -> str:
    here = quotes(state)
    if opens and not closes:
        here.double += 1
        return "“"
    if not here.double or not _ends_here(state, opens, closes):
        return ""
    if _at(state, 1) == '"' and before.isdigit():  # 21": inches before the closing quote
        return ""
    here.double -= 1
    return "”"


def _single(state: StateInline, before: str, opens: bool, closes: bool) -> str:
    if _is_apostrophe(state, before, opens, closes):
        return "’"
    here = quotes(state)
    if opens and not closes:
        if _is_ending(state):
            return "’"
        here.single += 1
        return "‘"
    if not _at(state, 1).isdigit() and len(_rest(state)) > 1:
        return "’"
    if here.single and _ends_here(state, opens, closes):
        here.single -= 1
        return "’"
    return ""


def _is_apostrophe(state: StateInline, before: str, opens: bool, closes: bool) -> bool:
    following = _at(state, 1)
    if opens and not closes and _is_decade(_rest(state)):
        return True
    if following and following in LEFT_OUT and (before.isspace() or _category(before) == "P"):
        return True
    return before.isalnum() and following.isalpha()


def _is_decade(rest: str) -> bool:
    """'90s"""
    return rest[:2].isdigit() and rest[2:3] == "s" and (not rest[3:4] or _parts(rest[3]))


def _is_ending(state: StateInline) -> bool:
    """An ending that stands apart, as in `**Alice** 's`."""
    rest = _rest(state)
    return any(
        rest.startswith(ending) and (len(rest) == len(ending) or _parts(rest[len(ending)]))
        for ending in ENDINGS
    )


def _ends_here(state: StateInline, opens: bool, closes: bool) -> bool:
    if closes and not opens:
        return True
    rest = _rest(state)
    return closes and _category(rest[:1]) == "P" and (len(rest) < 2 or _parts(rest[1]))


def _sides(state: StateInline) -> tuple[bool, bool]:
    """Whether a run of quotes may open and may close. CommonMark §6.2, flanking runs."""
    typed, end = state.src[state.pos], state.pos + 1
    while state.src[end : end + 1] == typed and end < state.pos + LONGEST_RUN:
        end += 1
    before, after = _before(state), state.src[end : end + 1] or " "
    opens = not after.isspace() and (not _is_mark(after) or _parts(before))
    closes = not before.isspace() and (not _is_mark(before) or _parts(after))
    return opens, closes


def _before(state: StateInline) -> str:
    return state.src[state.pos - 1] if state.pos else "\n"


def _at(state: StateInline, distance: int) -> str:
    return state.src[state.pos + distance : state.pos + distance + 1]


def _rest(state: StateInline) -> str:
    """A few characters after the quote, to the end of the line: more is never asked for."""
    return "".join(state.src[state.pos + 1 : state.pos + 5].partition("\n")[:2])


def _parts(character: str) -> bool:
    return character.isspace() or _is_mark(character)


def _is_mark(character: str) -> bool:
    return _category(character) in ("P", "S")


def _category(character: str) -> str:
    return unicodedata.category(character)[0] if character else ""


QUOTES = {'"': _double, "'": _single}


def typography_plugin(parser: MarkdownIt) -> None:
    parser.inline.ruler.push("marks", set_marks)
    parser.inline.ruler.push("quotes", set_quotes)
