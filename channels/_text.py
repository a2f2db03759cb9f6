"""Fitting words into small places, and naming a post after its words."""

import hashlib
import json

import grapheme

from publisher.domain.issue import Edition


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
    """Cut at a word, mark the cut, never exceed `limit` graphemes nor split one."""
    if graphemes(text) <= limit:
        return text
    if limit < 1:
        return ""
    room = str(grapheme.slice(text, 0, limit - 1))
    words = room.rsplit(None, 1)
    kept = words[0] if len(words) > 1 else room
    return kept.rstrip(" ,;:.–—-") + "…"
