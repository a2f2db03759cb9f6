"""Words made to fit: where they are cut, what is never cut, and how long that takes."""

import time
from collections.abc import Callable
from itertools import accumulate

import grapheme
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels._text import FORUMS, as_markdown, graphemes, shorten, split, unlinked, utf16
from publisher.testing.sample import FAMILY

LINK = "https://harbour.example/tide-tables?port=1"
COSTS = [graphemes, utf16, len]
PIECES = [
    "harbour",
    "a",
    "(see",
    "tide)",
    "„Netz“",
    "Zoë",
    "e\u0301\u0323\u0301",
    "🇩🇪🇫🇷",
    FAMILY,
    "👍🏽",
    "港からの手紙。潮が早い、",
    "ทะเลสงบ",
    "السفينة",
    "קטן",
    "\u202eback",
    "한국어",
    "…",
    ",",
    "—",
    "[",
    '"',
    "\\",
    LINK,
    f"({LINK})",
    f"<{LINK}>",
    "www.harbour.example/x",
    "xmpp:quay@muc.example?join",
    "harbour.example/a/b",
    "@quay@harbour.example",
    "@ines",
    "quay@harbour.example",
    "#ferry",
    "#979",
    "!boats@lemmy.example",
    "u/ines",
    "x" * 45,
    "net-" * 20,
    "\u200d",
    "\ud800",
]
texts = st.lists(
    st.tuples(st.sampled_from(PIECES), st.sampled_from([" ", " ", "", "\n\n"])), max_size=60
).map(lambda pairs: "".join(piece + gap for piece, gap in pairs))


def boundaries(text: str) -> set[int]:
    return {0, *accumulate(len(one) for one in grapheme.graphemes(text))}


def kept_of(shortened: str) -> str:
    return shortened.removesuffix("…").removesuffix(" ")


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("Boats come home", 15, "Boats come home"),
        ("Boats come home", 14, "Boats come…"),
        ("Boats, and nets", 8, "Boats…"),
        ("Boats (and nets) dry", 9, "Boats…"),
        ("Boats „and nets“ dry", 17, "Boats „and nets“…"),
        ('The "Petrel" sails on', 14, 'The "Petrel"…'),
        ("Really? Yes, really", 9, "Really?…"),
        ("港からの手紙。潮が早い", 8, "港からの手紙…"),
        ("XMPPの手紙が来た", 8, "XMPPの手紙…"),
        (f"See {LINK} today", 49, f"See {LINK} …"),
        (f"See {LINK} today", 40, "See…"),
        (f"{LINK}/much/longer", 30, ""),
        (f"See ({LINK}) today", 48, "See…"),
        ("Ask @quay@harbour.example now", 20, "Ask…"),
        ("Tagged #ferryboats now", 12, "Tagged…"),
        (FAMILY * 5, 3, FAMILY * 2 + "…"),
        ("🇩🇪🇫🇷🇮🇹", 2, "🇩🇪…"),
        ("Incredibly", 5, "Incr…"),
        ("Boats", 1, ""),
        ("Boats", 0, ""),
        ("", 0, ""),
        (" \n ", 1, ""),
    ],
)
def test_a_text_is_cut_where_a_reader_expects_it(text: str, limit: int, short: str) -> None:
    assert shorten(text, limit) == short


@settings(derandomize=True, max_examples=400, deadline=None)
@given(texts, st.integers(0, 120), st.sampled_from(COSTS))
def test_any_text_fits_and_is_whole_to_its_end(
    text: str, limit: int, cost: Callable[[str], int]
) -> None:
    short = shorten(text, limit, cost)
    assert cost(short) <= limit
    if short != text:
        kept = kept_of(short)
        assert text.startswith(kept)
        assert len(kept) in boundaries(text)
        assert LINK not in text[max(0, len(kept) - len(LINK) + 1) : len(kept) + len(LINK) - 1]


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.text(max_size=300), st.integers(0, 60))
def test_no_grapheme_is_cut_in_any_text(text: str, limit: int) -> None:
    short = shorten(text, limit)
    kept = kept_of(short) if short != text else text
    assert text.startswith(kept)
    assert graphemes(short) <= limit


@settings(derandomize=True, max_examples=200, deadline=None)
@given(texts, st.integers(5, 200))
def test_a_split_loses_nothing_but_white_space(text: str, room: int) -> None:
    first, rest = split(text, room)
    assert graphemes(first) <= room
    assert "".join(text.split()) == "".join((first + rest).split())


def test_a_split_leaves_the_points_of_a_list_whole() -> None:
    assert split("- the ferry\n- the net loft\n- ropes", 28) == (
        "- the ferry\n- the net loft",
        "- ropes",
    )


def test_a_split_prefers_the_end_of_a_sentence() -> None:
    assert split("One boat. Two boats. Three boats", 24) == ("One boat. Two boats.", "Three boats")


HOSTILE = {
    "one word": "a" * 1_000_000,
    "one address": "https://harbour.example/" + "x" * 1_000_000,
    "one grapheme": "a" + "\u0301" * 1_000_000,
    "families": FAMILY * 150_000,
    "flags": "🇩🇪" * 500_000,
    "dots": "a." * 500_000,
    "at signs": "@a" * 500_000,
    "hashes": "#1" * 500_000,
    "quotes": '" ' * 500_000,
    "brackets": "http://a.bc/(" + "(" * 1_000_000,
    "schemes": "http:" * 200_000,
    "spaces": " " * 1_000_000 + "x",
}


@pytest.mark.parametrize("cost", [graphemes, lambda text: utf16(as_markdown(text))])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_million_characters_are_no_burden(name: str, cost: Callable[[str], int]) -> None:
    began = time.process_time()
    assert cost(shorten(HOSTILE[name], 500, cost)) <= 500
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("text", "quiet"),
    [
        ("@ines and @quay@harbour.example", "@\u2060ines and @\u2060quay@harbour.example"),
        ("#ferry (#net) #9b", "#\u2060ferry (#\u2060net) #\u20609b"),
        ("fixes #979, C#sharp, mail quay@harbour.example", None),
        ("https://harbour.example/@ines#top", None),
    ],
)
def test_a_source_makes_no_mention_and_no_hashtag(text: str, quiet: str | None) -> None:
    assert unlinked(text) == (quiet or text)


@pytest.mark.parametrize(
    ("text", "quiet"),
    [
        ("ask u/ines in /r/boats", "ask u/\u2060ines in /r/\u2060boats"),
        ("!boats@lemmy.example!", "!\u2060boats@lemmy.example!"),
        ("https://harbour.example/u/ines", None),
    ],
)
def test_a_source_calls_nobody_on_a_forum(text: str, quiet: str | None) -> None:
    assert unlinked(text, FORUMS) == (quiet or text)


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("*boats* [and] `nets`", r"\*boats\* \[and\] \`nets\`"),
        ("# Boats\n- nets\n2026. A year", "\\# Boats\n\\- nets\n2026\\. A year"),
        ("rope &amp; tar & pitch", r"rope \&amp; tar & pitch"),
        ("https://harbour.example/a_b_c*", None),
    ],
)
def test_plain_text_looks_the_same_as_markdown(text: str, markdown: str | None) -> None:
    assert as_markdown(text) == (markdown or text)
