"""Whatever is written, reading it ends soon, in an edition or a refusal."""

import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.domain.issue import BadSource
from tests.publisher.rendering.sources import HEAD, assert_safe, issue, read

FRAGMENTS = [
    "[", "](", "![", "<a ", "<!--", "<![CDATA[", "<script>", "</script>", "<svg><style>", "<b>",
    "<p><b>", "</i>", "<div>", "<table><td>", "`", "```\n", "*", "_a", "~~", "> ", "- ", "1. ",
    "# ", "|a|\n|-|\n", "&#8;", "&lt;", "{{<", "{{</* a */>}}", ">}}", '{{< figure src="/a" >}}',
    '{{< figure src="javascript:x" caption="<img onerror=x>" >}}', "{{< newsletter-subscribe >}}",
    "javascript:x", "data:text/html,x", "http://[", "https://a.example/", "a@b.example", "\n\n",
    "\n", "    ", "\t", '"', "'", "\\", " onerror=x ", "href=", "\u202e", "\ud800", "\0", "\r",
    "\U0010ff000\U0010ff01", "ü", "=", ": ", "[a]: /x\n", "<img src=x onerror=y>",
]  # fmt: skip
BODIES = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=8), max_size=40).map("".join)


@settings(max_examples=300, deadline=None)
@given(body=BODIES)
def test_any_body_is_safe_or_refused(body: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            text = f"---\n{HEAD}---\n{body}".encode(errors="surrogatepass")
            assert_safe(read(Path(folder), text))
        except BadSource as refusal:
            assert refusal.reason


@settings(max_examples=200, deadline=None)
@given(
    raw=st.binary(max_size=200) | st.text(max_size=200).map(str.encode), fence=st.sampled_from("-+")
)
def test_any_bytes_are_an_edition_or_refused(raw: bytes, fence: str) -> None:
    mark = fence.encode() * 3
    with tempfile.TemporaryDirectory() as folder:
        for text in (raw, mark + b"\n" + raw + b"\n" + mark + b"\nx", b'{"title": ' + raw):
            try:
                assert_safe(read(Path(folder), text))
            except BadSource as refusal:
                assert refusal.reason


@pytest.mark.parametrize("fragment", [f for f in FRAGMENTS if "\ud800" not in f], ids=ascii)
def test_twenty_thousand_times_anything_ends_soon(tmp_path: Path, fragment: str) -> None:
    start = time.perf_counter()
    try:
        assert_safe(issue(tmp_path, fragment * (20_000 // max(1, len(fragment) // 4))))
    except BadSource as refusal:
        assert refusal.reason
    assert time.perf_counter() - start < 6


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("<div>" * 300, "200 HTML elements are left open"),
        ("<p><b></i>" * 300, "200 HTML elements are left open"),
        ("> " * 150 + "a", "nested too deeply"),
        ("".join("  " * i + "- a\n" for i in range(60)), "nested too deeply"),
        ("[" * 2000, "divide it"),
        ("word " * 10_000, "paragraph longer than 32 kB"),
        ("a\n\n" * 100_000, "more than 15000 paragraphs"),
    ],
)
def test_what_would_take_minutes_is_refused_by_name(tmp_path: Path, body: str, says: str) -> None:
    with pytest.raises(BadSource, match=says):
        issue(tmp_path, body)


def test_two_hundred_elements_that_are_closed_are_fine(tmp_path: Path) -> None:
    assert issue(tmp_path, "<b>a</b> <p>x\n" * 1000).html.count("<b>") == 1000
