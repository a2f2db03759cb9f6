"""What X's posts say of an edition: one text, or those of a thread."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from channels._parts import WIDEST, chunks, numbered
from channels._templates import Wording, filled, links_to, tidied
from channels._text import unlinked
from channels._xlength import CALLS, cost
from publisher.domain.channel import Refused
from publisher.domain.issue import Edition

spelled = partial(unlinked, marks=CALLS)


def texts(
    edition: Edition, words: Wording, *, hashtags: Sequence[str], most: int, limit: int
) -> list[str]:
    """At most so many texts, each within the limit. Raises Refused where a template fails."""
    tags = " ".join(f"#{tag}" for tag in hashtags)
    edition = replace(edition, summary=tidied(edition.summary))
    whole, summary = _text(edition, words, tags, limit), edition.summary
    if most == 1 or spelled(summary) in whole:
        return [whole]
    bare = _text(replace(edition, summary=""), words, tags, limit)
    room = limit - cost(WIDEST)
    said = chunks(summary, room - cost(bare) - 2, room, most, lambda text: cost(spelled(text)))
    if len(said) == 1 or whole == bare:
        return [whole]
    head = _text(replace(edition, summary=said[0]), words, tags, room)
    return numbered([head, *map(spelled, said[1:])])


def _text(edition: Edition, words: Wording, hashtags: str, room: int) -> str:
    text = filled(words, edition, limit=room, cost=cost, spelled=spelled, hashtags=hashtags)
    if not links_to(text, edition.url):  # by it alone the post is found again
        raise Refused(f"{words.place}: leaves out the link, or writes on to its end")
    return text
