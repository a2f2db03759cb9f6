"""Strings made short: whatever a reader sees as one stays one."""

import grapheme
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.rendering.words import one_line, shortened

FAMILY = "👩‍👩‍👧‍👦"
BITS = [
    FAMILY, "🇪🇺", "🇩🇪", "e\u0301", "க்ஷி", "각", "👍🏽", "❤️", "word", "a", "潮が早い。",
    " ", " ", ", ",
    "https://a.example/some/long/path?query=1", "www.a.example/b", "xmpp:a@b.example",
    "@nick@host.example", "#tag", "(", "–", "\u0301", "\u200d",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(BITS) | st.text(max_size=5), max_size=30).map("".join)


@settings(max_examples=1000, deadline=None)
@given(text=TEXTS.map(one_line), limit=st.integers(1, 80))
def test_nothing_seen_as_one_is_divided(text: str, limit: int) -> None:
    short = shortened(text, limit)
    assert len(short) <= limit
    if short != text:
        assert short.endswith("…")
        kept = short[:-1]
        assert text.startswith(kept)
        bounds = {0}
        for visible in grapheme.graphemes(text):
            bounds.add(max(bounds) + len(visible))
        assert len(kept) in bounds or text[len(kept)] == " "


@settings(max_examples=1000, deadline=None)
@given(before=TEXTS, after=st.sampled_from(["", " and more", "。", "?"]), limit=st.integers(1, 60))
@pytest.mark.parametrize(
    "address", ["https://a.example/some/path", "www.a.example/b", "xmpp:a@b.c"]
)
def test_no_address_is_cut(address: str, before: str, after: str, limit: int) -> None:
    text = one_line(f"{before} {address}{after} and so on")
    kept = shortened(text, limit).removesuffix("…")
    start = text.rfind(address)
    assert not start < len(kept) < start + len(address)


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("short enough", 12, "short enough"),
        ("one two three", 12, "one two…"),
        ("one two, three", 10, "one two…"),
        ("one two – three", 11, "one two…"),
        ("one (two three)", 7, "one…"),
        ("Donaudampfschiff", 7, "Donaud…"),
        ("潮が早い。港は静か", 5, "潮が早い…"),
        ("see 潮が早い。港は静か今日も", 12, "see 潮が早い。港は…"),
        (FAMILY * 3, 2 * len(FAMILY), FAMILY + "…"),
        (FAMILY * 3, 5, "…"),
        ("🇩🇪🇪🇺🇫🇷", 4, "🇩🇪…"),
        ("cafe\u0301s", 5, "caf…"),
        ("詳細はhttps://a.example/x/y/z", 12, "詳細は…"),
        ("https://a.example/x/y/z and more", 12, "…"),
        ("a" + "\u0301" * 500, 9, "…"),
    ],
)
def test_a_text_is_cut_where_a_reader_would(text: str, limit: int, short: str) -> None:
    assert shortened(text, limit) == short
