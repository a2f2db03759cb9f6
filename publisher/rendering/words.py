"""Strings fit to travel: no control characters, one line, a bounded length."""

import textwrap
import unicodedata

BIDI_CONTROLS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
FORBIDDEN_IN_XML = frozenset("\ufffe\uffff")  # XML 1.0 §2.2: a feed could not carry them


def without_controls(text: str) -> str:
    """Drop what no feed or mail may carry (C0, C1, lone surrogates), keep tab and newline."""
    return "".join(c for c in text if c in "\t\n" or not _is_control(c))


def one_line(text: str) -> str:
    """A heading's worth of text: no controls, no direction overrides, single spaces."""
    spaced = " ".join(text.split())
    return "".join(c for c in without_controls(spaced) if c not in BIDI_CONTROLS).strip()


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters, cut at a word, the cut marked with an ellipsis."""
    if len(text) <= limit:
        return text
    short = textwrap.shorten(text[: 2 * limit], limit, placeholder="…")
    return short if len(short) > 1 else text[: limit - 1] + "…"


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs") or character in FORBIDDEN_IN_XML
