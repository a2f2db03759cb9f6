"""Fitting words into small places."""

import grapheme


def shorten(text: str, limit: int) -> str:
    """Cut at a word, mark the cut, never exceed `limit` graphemes nor split one."""
    if grapheme.length(text) <= limit:
        return text
    if limit < 1:
        return ""
    room = grapheme.slice(text, 0, limit - 1)
    words = room.rsplit(None, 1)
    kept = words[0] if len(words) > 1 else room
    return kept.rstrip(" ,;:.–—-") + "…"
