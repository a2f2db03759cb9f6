"""Fitting words into small places, and naming a post after its words."""

import hashlib
import json
from collections.abc import Callable

import grapheme

from publisher.domain.issue import Edition

LONG_WORD = 30


def post_key(edition: Edition, *parts: str) -> str:
    """Name a post after the edition and everything that is posted of it.

    The same at every attempt, another one for any other text: fit to be an idempotency key.
    """
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    return f"{edition.key}.{edition.lang}.{digest[:16]}"


def graphemes(text: str) -> int:
    """Count what a reader sees as one character (UAX #29)."""
    return int(grapheme.length(text))


def shorten(text: str, limit: int) -> str:
    """Cut at a word, mark the cut, never exceed `limit` graphemes nor split one.

    A long word is cut itself, for scripts that write without spaces; an address never is.
    """
    if graphemes(text) <= limit:
        return text
    if limit < 1:
        return ""
    room = str(grapheme.slice(text, 0, limit - 1))
    words = room.rsplit(None, 1)
    whole = len(words) > 1 and (len(words[1]) <= LONG_WORD or "://" in words[1])
    return (words[0] if whole else room).rstrip(" \n,;:.–—-、。，") + "…"


def fit(text: str, limit: int, cost: Callable[[str], int]) -> str:
    """Shorten until `cost` is within `limit`, for networks that count in their own way."""
    room = limit
    words = shorten(text, room)
    while room > 0 and (excess := cost(words) - limit) > 0:
        room -= excess
        words = shorten(text, room)
    return words
