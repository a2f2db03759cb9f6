"""What inline rules remember while they read a text."""

from dataclasses import dataclass

from markdown_it.rules_inline import StateInline

PASSAGE, QUOTES = "passage", "quotes"  # keys of the document's memory


@dataclass(kw_only=True)
class Passage:
    """Brackets left open so far in the one paragraph, heading or cell that `state` reads."""

    state: StateInline
    brackets: int = 0


@dataclass(kw_only=True)
class Quotes:
    """Quotes left open so far in the whole document, as Goldmark counts them."""

    single: int = 0
    double: int = 0


def passage(state: StateInline) -> Passage:
    known = state.env.get(PASSAGE)
    if not isinstance(known, Passage) or known.state is not state:
        known = state.env[PASSAGE] = Passage(state=state)
    return known


def quotes(state: StateInline) -> Quotes:
    counted: Quotes = state.env.setdefault(QUOTES, Quotes())
    return counted


def say(state: StateInline, words: str, *, instead_of: int) -> None:
    """Write words in place of the next characters. As in Goldmark an address may follow at once."""
    state.push("text", "", 0).content = words
    state.pos += instead_of


def follows_escape(state: StateInline) -> bool:
    """Whether the character before stands for itself, as in \\* or &lt;."""
    return bool(not state.pending and state.tokens and state.tokens[-1].type == "text_special")


def count_brackets(state: StateInline, silent: bool) -> bool:
    """Inline rule: a bracket that opens no link still hides addresses until it is closed."""
    character = state.src[state.pos]
    if character not in "[]":
        return False
    if not silent:
        here = passage(state)
        here.brackets = max(0, here.brackets + (1 if character == "[" else -1))
        state.append_pending(character)
    state.pos += 1
    return True
