"""Fitting words into small places, and naming a post after its words."""

import hashlib
import json
import re
from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate, chain, islice

import grapheme

from publisher.domain.issue import Edition

LONG_WORD = 30
DENSE, LONGEST = 4, 2000  # of a text no more is looked at: four code points a unit, and more
LONGEST_WORD = 10_000  # code points; a longer one is taken for this long
JOINER = "\N{WORD JOINER}"

WORD = re.compile(r"\S+")
ADDRESS = r"(?:[a-z][a-z0-9+.-]{0,20}://|\bwww\.|\b(?:xmpp|mailto|tel|geo|magnet|sip|matrix):)"
LINK = rf"{ADDRESS}[^\s<>\"]+"
SENTENCE_MARKS = ".,;:!?"
ANY_LINK = re.compile(LINK, re.IGNORECASE)
WHOLE_LINK = re.compile(rf"{ADDRESS}[^\s<>\"]*[^\s<>\"{SENTENCE_MARKS}]", re.IGNORECASE)
WHOLE = re.compile(
    r"[\w.+-]{0,64}@[\w.-]+(?:@[\w.-]+)?"  # a mention, a JID
    r"|[#＃][\w·・\u200c]+"
    r"|[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+(?:/[^\s<>\"]*)?",  # an address without https://
    re.IGNORECASE,
)
UNSPACED = re.compile(  # scripts that put no space between words, and pictures
    "[\u0e00-\u109f\u1780-\u17ff\u2600-\u27bf\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
    "\U0001f000-\U0001faff\U00020000-\U0003ffff]"
)
WEAK = frozenset(",;:.–—-、。，&/+¡¿…\\")
OPENING = frozenset("([{（［「『【《〈")
QUOTES = frozenset("\"'„“‘«»‹›‚")
SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]*(?=\s)|[。！？]|(?<=\S)(?=[^\S\n]*\n)")
MENTIONS = rf"({LINK})|(?<!\w)[@＠](?=\w)|(?<!\w)[#＃](?=[\w·・\u200c])(?!\d+(?![\w·・\u200c]))"
FEDIVERSE = re.compile(MENTIONS, re.IGNORECASE)
FORUMS = re.compile(
    rf"{MENTIONS}|(?<![\w/])!(?=[\w.-]{{1,64}}@\w)|(?<!\w)/?[urc]/(?=\w)", re.IGNORECASE
)
MARKUP = re.compile(
    rf"({LINK})|([\\`*_\[\]~^|<>]|^[#+-]|&(?=#?\w{{1,30}};))|^(\d{{1,9}})(?=[.)]\s)",
    re.MULTILINE | re.IGNORECASE,
)

Cost = Callable[[str], int]


def post_key(edition: Edition, *parts: str) -> str:
    """Name a post after the edition and everything that is posted of it.

    The same at every attempt, another one for any other text: fit to be an idempotency key.
    """
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    return f"{edition.key}.{edition.lang}.{digest[:16]}"


def one_line(edition: Edition, limit: int, cost: Cost, least: int = 1) -> str:
    """The title as a line of its own, with the newsletter's name where too little is left of it."""
    title = shorten(" ".join(edition.title.split()), limit, cost)
    if len(title) >= least:
        return title
    named = f"{edition.site.name}: {title}" if title else edition.site.name
    return shorten(named, limit, cost)


def graphemes(text: str) -> int:
    """Count what a reader sees as one character (UAX #29)."""
    if text.isascii():
        return len(text)
    lines = text.split("\n")  # the library takes a flag that begins a line for two
    return len(lines) - 1 + sum(int(grapheme.length(line)) for line in lines)


def utf16(text: str) -> int:
    """Count as JavaScript does: most emoji are two, or more. Never fewer than code points."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def unlinked(text: str, marks: re.Pattern[str] = FEDIVERSE) -> str:
    """Keep `@nick` and `#word` of a source from becoming mentions and hashtags.

    Addresses stay as they are. See docs/decisions/words-that-fit.md.
    """
    return marks.sub(lambda found: found[1] or found[0] + JOINER, text)


def as_markdown(text: str) -> str:
    """Plain text as Markdown that looks the same, and mentions nobody on a forum."""

    def escaped(found: re.Match[str]) -> str:
        return found[1] or (f"\\{found[2]}" if found[2] else f"{found[3]}\\")

    return MARKUP.sub(escaped, unlinked(text, FORUMS))


def shorten(text: str, limit: int, cost: Cost = graphemes) -> str:
    """Cut at a word and mark the cut, within `limit` as `cost` counts.

    Addresses, mentions, hashtags and graphemes are kept whole or left out. Scripts without
    spaces are cut between graphemes, and so are words of more than 30. What cannot be cut at
    all gives way: the answer may be "". Linear in `limit`, however long the text.
    """
    if len(text) <= _reach(limit) and cost(text) <= limit:
        return text
    room = limit - 1
    while room > 0:
        kept = _without_loose_end(text[: fitting(text, room, cost)])
        marked = f"{kept}{_mark(kept)}"
        excess = cost(marked) - limit
        if not kept or excess <= 0:
            return marked
        room -= excess
    return ""


def split(text: str, room: int, cost: Cost = graphemes) -> tuple[str, str]:
    """Part what fits into `room` from the rest, in its second half after a sentence or a line."""
    end = fitting(text, room, cost)
    if text[end:].strip():
        ends = [found.end() for found in SENTENCE_END.finditer(text, end // 2, end + 1)]
        end = max((one for one in ends if one <= end), default=end)
    return text[:end].rstrip(), text[end:].lstrip()


def fitting(text: str, room: int, cost: Cost) -> int:
    """How much of a text fits into `room`, as an offset where it may be cut."""
    end, less = _walked(text, room, cost), room
    while end and (excess := cost(text[:end]) - room) > 0:  # words may count more side by side
        less -= excess
        end = _walked(text, less, cost)
    return end


def _walked(text: str, room: int, cost: Cost) -> int:
    end, spent = 0, 0
    for found in WORD.finditer(text, 0, _reach(room)):
        spent += found.start() - end
        broken = found.end() < len(text) and not text[found.end()].isspace()
        price = room + 1 if broken else cost(found[0])
        if spent + price > room:
            within = _within(found[0], room - spent, cost, alone=not end)
            return found.start() + within if within else end
        spent, end = spent + price, found.end()
    return end


def _within(word: str, room: int, cost: Cost, *, alone: bool) -> int:
    """How much of a word that does not fit may stand; 0 if nothing."""
    word = word[: min(_reach(room), LONGEST_WORD)]
    whole = chain(ANY_LINK.finditer(word), WHOLE.finditer(word))
    inside = {place for found in whole for place in range(found.start() + 1, found.end())}
    places = [end for end in _ends(word, room) if end not in inside]
    between = [end for end in places if UNSPACED.match(word, end - 1) or UNSPACED.match(word, end)]
    fits = _last_that_fits(word, between, room, cost)
    if fits or not (alone or len(word) > LONG_WORD):
        return fits
    return _last_that_fits(word, places, room, cost)


def _last_that_fits(word: str, places: list[int], room: int, cost: Cost) -> int:
    known = bisect_right(places, room, key=lambda place: cost(word[:place]))
    return places[known - 1] if known else 0


def _ends(word: str, most: int) -> list[int]:
    """Where the first graphemes end, `most` of them, but for the word's last."""
    ends = accumulate(len(one) for one in islice(grapheme.graphemes(word), max(most, 0)))
    return [end for end in ends if end < len(word)]


def _reach(limit: int) -> int:
    return max(limit, 0) * DENSE + LONGEST


def _without_loose_end(text: str) -> str:
    """Take off what would hang at the end: spaces, commas, opening brackets and quotes."""
    end = len(text)
    while end:
        start = _last_word(text, end)
        kept, least = end, max(start, _link_end(text, start, end))
        while kept > least and _loose(text, kept):
            kept -= 1
        if kept > start:
            return text[:kept]
        end = start - 1 if start else 0
    return ""


def _last_word(text: str, end: int) -> int:
    while end and not text[end - 1].isspace():
        end -= 1
    return end


def _loose(text: str, end: int) -> bool:
    last, before = text[end - 1], text[end - 2 : end - 1]
    opens = not before or before.isspace() or before in OPENING
    return last in WEAK or last in OPENING or (last in QUOTES and opens)


def _link_end(text: str, start: int, end: int) -> int:
    """Where the last link of a stretch ends; 0 if it has none."""
    return max((found.end() for found in WHOLE_LINK.finditer(text, start, end)), default=0)


def _mark(kept: str) -> str:
    """An ellipsis that no server takes for a part of a link."""
    if not kept:
        return ""
    end = len(kept)
    return " …" if _link_end(kept, _last_word(kept, end), end) == end else "…"
