"""Whatever is written, reading it ends soon, in an edition or a refusal."""

import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.domain.issue import BadSource
from publisher.rendering.markdown import MARK, MOST_LINES, MOST_MARKS
from tests.publisher.rendering.sources import HEAD, assert_safe, issue, read, written

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
    start = time.process_time()
    try:
        assert_safe(issue(tmp_path, fragment * (20_000 // max(1, len(fragment) // 4))))
    except BadSource as refusal:
        assert refusal.reason
    assert time.process_time() - start < 6


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("<div>" * 300, "200 HTML elements are left open"),
        ("<p><b></i>" * 300, "200 HTML elements are left open"),
        ("> " * 150 + "a", "nested too deeply"),
        ("".join("  " * i + "- a\n" for i in range(60)), "nested too deeply"),
        ("[" * 2000, "divide it"),
        ("word " * 10_000, "paragraph longer than 32 kB"),
        ("a\n\n" * 100_000, "more than 10000 lines"),
        ("*a " * 30_000, "more than 24000 marks of Markdown"),
        ("https://a.example/ " * 9_000, "more than 24000 marks of Markdown"),
        (("[a " * 250 + "\n\n") * 10, "too many brackets in long paragraphs"),
        ("|a" * 800 + "|\n" + "|-" * 800 + "|\n" + "b\n" * 20, "more than 200 columns"),
        ("|a" * 90 + "|\n" + "|-" * 90 + "|\n" + "b\n" * 300, "more than 15000 paragraphs"),
        ("[^1]: x\n\n" + "[^1]" * 400, "a paragraph with more than 300 brackets"),
        ("{{< youtube a >}}\n" * 1_001, "more than 1000 shortcodes"),
        ("{{< details >}}" * 30 + "{{< /details >}}" * 30, "more than 20 shortcodes inside"),
        ("{{< details >}}" * 900, "is not closed"),
        ("x" * 600_000, "larger than 512 kB"),
    ],
)
def test_what_would_take_minutes_is_refused_by_name(tmp_path: Path, body: str, says: str) -> None:
    with pytest.raises(BadSource, match=says):
        issue(tmp_path, body)


LARGEST = 500_000  # characters of a body; a file of 1 MB is refused unread
WORST = {
    "deep quotes": "> " * 10_000 + "a",
    "deep lists": "- " * 10_000 + "a",
    "deeper lists": "".join(" " * (2 * depth) + "- a\n" for depth in range(700)),
    "quotes": ("> " * 90 + "a\n\n") * 3000,
    "items": "1. a\n   1. b\n      1. c\n" * 20_000,
    "brackets": "[" * LARGEST,
    "images in images": ("![" * 90 + "](b)" * 90 + "\n\n") * 900,
    "links begun": ("[a](" * 250 + "\n\n") * 480,
    "emphasis": ("*a_b" * 2000 + "\n\n") * 60,
    "stars": ("*" * 8000 + "\n\n") * 60,
    "tildes": ("~a " * 5000 + "\n\n") * 32,
    "backticks": "".join("`" * (length % 500 + 1) + "a" for length in range(2500)),
    "tags begun": ("<a " * 5000 + "\n\n") * 32,
    "comments begun": "<!-- " * 100_000,
    "elements": "<b>a</b>" * 62_000,
    "players begun": "<video>" * 70_000,
    "references": "[a]: /" + "u" * 2000 + "\n\n" + ("[a]" * 250 + "\n\n") * 600,
    "references defined": "".join(f"[a{number}]: /u\n" for number in range(35_000)),
    "cells": "a|b\n-|-\n" + "a|b\n" * 100_000,
    "columns": "|a" * 1000 + "|\n" + "|-" * 1000 + "|\n" + ("|a" * 1000 + "|\n") * 230,
    "empty columns": "|a" * 190 + "|\n" + "|-" * 190 + "|\n" + "b\n" * 9000,
    "footnotes": "".join(f"[^{number}]: x\n" for number in range(40_000)),
    "footnotes told": "[^1]: x\n\n" + ("[^1]" * 250 + "\n\n") * 480,
    "emoji": (":de:" * 4000 + "\n\n") * 31,
    "addresses": ("https://a.example/ " * 1500 + "\n\n") * 17,
    "addresses of dots": ("https://" + "a." * 4000 + "\n\n") * 60,
    "mail addresses": ("a@b.example " * 2000 + "\n\n") * 20,
    "headings alike": "# a\n" * 120_000,
    "attributes": ("# " + "{#a " * 2000 + "\n") * 60,
    "fences": "".join("`" * (3 + length % 300) + "\n" for length in range(3300)),
    "shortcodes": "{{< youtube a >}}\n" * 27_000,
    "figures": '{{< figure src="/a.png" caption="*b*" >}}\n\n' * 999,
    "shortcodes nested": "{{< details >}}" * 14_000 + "{{< /details >}}" * 14_000,
    "shortcode of spaces": "{{<" + " " * LARGEST,
    "shortcodes begun": "{{< youtube " * 41_000,
    "liquid begun": "{{ a " * 100_000,
    "admonitions": ":::note\n" * 62_000,
    "attribute lists": "{: " * 160_000,
    "components": "<A " * 160_000,
    "comments of MDX": "{/* " * 120_000,
    "one word": "a" * LARGEST,
    "one letter": "a" + "\u0301" * 250_000,
    "a megabyte": "a\n\n" * 350_000,
}


def _ended(folder: Path, body: str) -> float:
    """Seconds of one core until it is an edition that is safe, or a refusal with a remedy."""
    start = time.process_time()
    try:
        edition = issue(folder, body)
    except BadSource as refusal:
        assert refusal.remedy
        return time.process_time() - start
    seconds = time.process_time() - start
    assert_safe(edition)
    return seconds


@pytest.mark.parametrize("name", WORST)
def test_the_worst_a_file_can_hold_ends_soon(tmp_path: Path, name: str) -> None:
    """Two seconds on a machine of our own; a loaded one has twice that."""
    assert _ended(tmp_path, WORST[name]) < 4


@pytest.mark.parametrize("name", WORST)
def test_the_worst_that_is_just_taken_ends_soon(tmp_path: Path, name: str) -> None:
    assert _ended(tmp_path, _within_bounds(WORST[name])) < 4


def _within_bounds(body: str) -> str:
    """As much of it as no count refuses."""
    marks = (mark.start() for mark in MARK.finditer(body))
    body = body[: next(islice(marks, MOST_MARKS - 10, None), LARGEST)]
    return "\n".join(body.split("\n")[: MOST_LINES - 10])


IN_LITTLE_MEMORY = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (MOST, MOST))
from publisher.domain.issue import BadSource, Site
from publisher.rendering.reading import read_edition
site = Site(name="x", base_url="https://example.org/")
for path in sorted(Path(sys.argv[1]).glob("*.md")):
    try:
        print(path.name, len(read_edition(path, root=None, site=site, static=None).html))
    except BadSource as refusal:
        print(refusal)
"""


def test_the_worst_files_are_read_in_little_memory(tmp_path: Path) -> None:
    for number, body in enumerate(WORST.values()):
        for kind, text in (("a", body), ("b", _within_bounds(body))):
            written(tmp_path, f"---\n{HEAD}---\n{text}", name=f"{number:02}{kind}.md")
    program = IN_LITTLE_MEMORY.replace("MOST", str(400 * 1024**2))
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 2 * len(WORST)


def test_a_reference_to_an_address_longer_than_any_is_stays_text(tmp_path: Path) -> None:
    body = "[a] [b] [c]\n\n[a]: /" + "u" * 3000 + "\n[b]: /v\n[c]: /w '" + "t" * 600 + "'\n"
    assert issue(tmp_path, body).links == ("https://example.org/v",)


def test_a_long_issue_of_a_real_kind_is_taken(tmp_path: Path) -> None:
    item = (
        "- [A link](https://a.example/some/page_of-it?x=1) by [Ann](https://ann.example/): *words*"
        " and `code` that go on, as they do in real issues, for a line or two, or even three.\n"
    )
    section = "\n## A section\n\nWords that introduce what follows, at some length.\n\n"
    body = (section + item * 20) * 86
    assert len(body) > 300_000
    assert len(issue(tmp_path, body).links) == 2 * 20 * 86


def test_two_hundred_elements_that_are_closed_are_fine(tmp_path: Path) -> None:
    assert issue(tmp_path, "<b>a</b> <p>x\n" * 1000).html.count("<b>") == 1000
