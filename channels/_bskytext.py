"""What Bluesky's posts say of an edition: one text, or those of a thread."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from channels._facets import cost, facets, shown_address
from channels._parts import WIDEST, chunks, numbered
from channels._templates import Wording, filled, links_to, tidied
from channels._text import shorten, unlinked
from channels._tids import record_key
from publisher.domain.channel import Refused
from publisher.domain.issue import Edition

LIMIT = 300  # graphemes, and 3,000 bytes
DESCRIPTION = 300  # characters of a card


def details(
    edition: Edition, texts: Sequence[str], *, tags: Sequence[str], labels: Sequence[str]
) -> dict[str, Any]:
    """What a post needs on top: its parts and their record keys, labels, and the card's words."""
    known: dict[str, Any] = {"url": edition.url, "tags": tags}
    return {
        "parts": [{"text": text, "facets": facets(text, **known)} for text in texts],
        "keys": [record_key(edition, number) for number in range(len(texts))],
        "labels": list(labels),
        "description": shorten(tidied(edition.summary), DESCRIPTION, len),
    }


def texts(edition: Edition, words: Wording, *, hashtags: Sequence[str], most: int) -> list[str]:
    """At most so many texts, each within the limit. Raises Refused where a template fails."""
    tags = " ".join(f"#{tag}" for tag in hashtags)
    edition = replace(edition, summary=tidied(edition.summary))
    whole, summary = _text(edition, words, tags, LIMIT), edition.summary
    if most == 1 or unlinked(summary) in whole:
        return [whole]
    bare = _text(replace(edition, summary=""), words, tags, LIMIT)
    room = LIMIT - cost(WIDEST)
    said = chunks(summary, room - cost(bare) - 2, room, most, lambda text: cost(unlinked(text)))
    if len(said) == 1:
        return [whole]
    head = _text(replace(edition, summary=said[0]), words, tags, room)
    return numbered([head, *map(unlinked, said[1:])])


def _text(edition: Edition, words: Wording, hashtags: str, room: int) -> str:
    shown = replace(edition, url=shown_address(edition.url))
    text = filled(words, shown, limit=room, cost=cost, spelled=unlinked, hashtags=hashtags)
    if not links_to(text, shown.url):
        raise Refused(f"{words.place}: leaves out the link, or writes on to its end")
    return text
