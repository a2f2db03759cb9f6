"""Strings fit to travel: no control characters, one line, a bounded length."""

import re

import grapheme

BIDI_CONTROLS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
ELLIPSIS = "…"
LOOSE_ENDS = " ,;:–—-([{«„“‘¿¡"  # nothing to end on
LONGEST_GRAPHEME = 64  # characters; what is longer was made to annoy
ADDRESS = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]{0,20}://|www\.|(?:mailto|xmpp|tel):|[@#]\w")
# The last two are forbidden by XML 1.0 §2.2: a feed could not carry them.
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def without_controls(text: str) -> str:
    """Drop what no feed or mail may carry (C0, C1, lone surrogates), keep tab and newline."""
    return CONTROLS.sub("", text)


def one_line(text: str) -> str:
    """A heading's worth of text: no controls, no direction overrides, single spaces."""
    spaced = " ".join(text.split())
    return "".join(c for c in without_controls(spaced) if c not in BIDI_CONTROLS).strip()


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters, cut at a word, the cut marked with an ellipsis.

    Where a word is longer than half of that, as in scripts without spaces, it is cut between
    what readers see as characters (Unicode Standard Annex 29). No address is ever cut.
    """
    if len(text) <= limit:
        return text
    room = text[: limit - 1]
    words, space, rest = (room + text[limit - 1 : limit]).rpartition(" ")
    whole = words.rstrip(LOOSE_ENDS) if space else ""
    if len(rest) <= limit / 2 and whole:
        return whole + ELLIPSIS
    return _within_a_word(text, len(room)).rstrip(LOOSE_ENDS) + ELLIPSIS


def _within_a_word(text: str, room: int) -> str:
    """The beginning of a text, of at most `room` characters, that divides nothing."""
    start = text.rfind(" ", 0, room) + 1
    address = ADDRESS.search(text, start, room + LONGEST_GRAPHEME)
    cut = 0
    for visible in grapheme.graphemes(text[start : room + LONGEST_GRAPHEME]):
        if start + cut + len(visible) > room:
            break
        cut += len(visible)
    end = start + cut
    return text[: min(end, address.start())] if address else text[:end]
