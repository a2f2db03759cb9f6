"""An edition as plain text: what somebody reads who sees no HTML."""

import re
import time
from html import escape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.rendering.markup import parts
from publisher.rendering.plaintext.wrapping import columns, wrapped
from publisher.rendering.plaintext.writing import plain_text
from tests.publisher.rendering.sources import issue

CAT = "https://a.example/cat"


def text(html: str) -> str:
    return plain_text(parts(html))


def test_a_table_stands_in_columns(tmp_path: Path) -> None:
    body = (
        "|Name|Version|Note|\n|:-|-:|:-:|\n|ejabberd|24.10|[a](/a)|\n"
        "|Prosody|0.12||\n|漢字|**1**|x|"
    )
    assert issue(tmp_path, body).text == (
        "Name     | Version | Note\n"
        "---------+---------+------\n"
        "ejabberd |   24.10 | a [1]\n"
        "Prosody  |    0.12 |\n"
        "漢字     |       1 |   x\n"
        "\n[1] https://example.org/a\n"
    )


def test_a_table_too_wide_for_a_page_is_told_row_by_row() -> None:
    words = "many words " * 8
    table = (
        "<table><tr><th>Name</th><th>What it is</th></tr>"
        f"<tr><td>A</td><td>{words}</td></tr><tr><td>B</td><td></td></tr></table>after"
    )
    assert text(table) == (
        "Name: A\n"
        "What it is: many words many words many words many words many words\n"
        "  many words many words many words\n"
        "\nName: B\n\nafter\n"
    )


def test_a_table_without_a_head_is_told_line_by_line() -> None:
    row = f"<tr><td>{'a ' * 30}</td><td>{'b ' * 30}</td></tr>"
    assert text(f"<table>{row}{row}</table>") == (
        2 * ("a " * 30 + "| b b b b\n  " + ("b " * 26).strip() + "\n")
    )


def test_what_is_in_a_cell_stays_in_it() -> None:
    inner = "<table><tr><td>x</td><td>y</td></tr></table>"
    cells = f"<td><ul><li>a</li><li>b</li></ul></td><td>{inner}</td><td><p>p</p><p>q</p></td>"
    assert text(f"<table><tr>{cells}</tr></table>") == "- a / - b | x | y | p / q\n"


def test_a_quotation_is_one_however_many_paragraphs(tmp_path: Path) -> None:
    shown = issue(tmp_path, "> one\n>\n> two\n>\n> > in\n>\n> - item\n\nout").text
    assert shown == "> one\n>\n> two\n>\n> > in\n>\n> - item\n\nout\n"


def test_a_term_and_what_it_means_stay_together(tmp_path: Path) -> None:
    assert issue(tmp_path, "Term\n: first\n: second").text == "Term\n    first\n    second\n"


def test_a_footnote_is_no_link(tmp_path: Path) -> None:
    shown = issue(tmp_path, "Said[^x] and[^y].\n\n[^x]: Why.\n[^y]: [There](/t).").text
    assert "Said^1 and^2." in shown
    assert "\n^1 Why.\n^2 There [1].\n" in shown
    assert "#fn" not in shown


def test_powers_keep_their_meaning() -> None:
    assert text("10<sup>6</sup>, 1<sup>st</sup>, H<sub>2</sub>O") == "10^6, 1st, H2O\n"


def test_details_are_told_in_full() -> None:
    html = "<details><summary>More</summary><p>all</p></details>"
    assert text(html) == "More\n\nall\n"


def test_code_is_left_as_it_is() -> None:
    line = "a  =  " + "x" * 90
    assert text(f"<ul><li>so<pre><code>{line}\n\n  b\n</code></pre></li></ul>") == (
        f"- so\n\n      {line}\n\n        b\n"
    )


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        (f'<a href="{CAT}">{CAT}</a>', f"{CAT}\n"),
        ('<a href="https://a.example/">https://a.example</a>', "https://a.example\n"),
        ('<a href="https://a.example/%C3%A4">https://a.example/ä</a>', "https://a.example/ä\n"),
        ('<a href="https://xn--4ca.example/">https://ä.example/</a>', "https://ä.example/\n"),
        ('<a href="mailto:a@b.example">a@b.example</a>', "a@b.example\n"),
        ('<a href="tel:+4912">+49 1-2</a>', "+49 1-2\n"),
        ('<a href="xmpp:a@b.example?join">xmpp:a@b.example?join</a>', "xmpp:a@b.example?join\n"),
        ('<a href="xmpp:a@b.example">a@b.example</a>', "a@b.example [1]\n\n[1] xmpp:a@b.example\n"),
        (f'<a href="{CAT}">a</a> <a href="{CAT}">b</a>', f"a [1] b [1]\n\n[1] {CAT}\n"),
        (f'<a href="{CAT}"></a>no', "no\n"),
        (
            f'<p>a<a href="{CAT}"><img src="x" alt="Cat"></a>b</p>',
            f"a\n[Image: Cat] [1]\nb\n\n[1] {CAT}\n",
        ),
        (f'<h2><a href="{CAT}">Head</a></h2>', f"Head [1]\n========\n\n[1] {CAT}\n"),
    ],
)
def test_a_link_shows_its_address_once(html: str, shown: str) -> None:
    assert text(html) == shown


def test_one_space_is_between_a_link_and_its_number() -> None:
    assert text(f'<a href="{CAT}">cat </a>, dog') == f"cat [1], dog\n\n[1] {CAT}\n"


def test_the_number_of_a_link_stays_with_its_word() -> None:
    lines = text(f"<p>{'word ' * 14}<a href='{CAT}'>cat</a></p>").splitlines()
    assert lines[1] == "cat [1]"


@pytest.mark.parametrize(
    ("caption", "shown"),
    [
        ("A cat", "[Image: A cat]\n"),
        (f'A <a href="{CAT}">cat</a>', f"[Image: A cat [1]]\n\n[1] {CAT}\n"),
        ("Its tail", "[Image: A cat]\nIts tail\n"),
    ],
)
def test_a_caption_that_says_the_same_is_not_repeated(caption: str, shown: str) -> None:
    html = f'<figure><img src="x" alt="A cat"><figcaption><p>{caption}</p></figcaption></figure>'
    assert text(html) == shown


def test_underlines_are_as_long_as_they_look() -> None:
    assert text("<h1>港の 便り</h1>") == "港の 便り\n=========\n"


def test_text_without_spaces_is_broken_where_it_may_be() -> None:
    lines = wrapped("潮が早い。「港は静か」、" * 20, 41)
    assert max(map(columns, lines)) <= 41
    assert not any(line.startswith(tuple("。、」")) or line.endswith("「") for line in lines)
    assert "".join(lines) == "潮が早い。「港は静か」、" * 20


@pytest.mark.parametrize("mark", ["!", "?", ":", ";", "»"])
def test_no_line_begins_with_a_french_mark(mark: str) -> None:
    lines = wrapped(f"mot {mark} " * 50, 40)
    assert not any(line.startswith(mark) for line in lines)


def test_what_is_meant_to_hold_together_does() -> None:
    lines = wrapped("100\xa0km 20\u202f% " * 30, 33)
    assert {line[-2:] for line in lines} <= {"km", "\u202f%"}


def test_emoji_and_flags_are_not_taken_apart() -> None:
    family = "👩‍👩‍👧‍👦🇪🇺"
    lines = wrapped(f"{family} " * 20, 30)
    assert set(" ".join(lines).split()) == {family}


WORDS = st.sampled_from(
    [
        "cat",
        "Straße",
        "naïve",
        "שלום",
        "مرحبا",
        "한국어",
        "👩‍👩‍👧‍👦",
        "e\u0301te",
        "R&D",
        "1.5",
        '"q"',
        "–",
    ]
)
PHRASES = st.lists(WORDS, min_size=1, max_size=25).map(" ".join)
LINKED = st.tuples(PHRASES, st.integers(1, 9)).map(
    lambda link: f'<a href="https://l.example/{link[1]}">{escape(link[0])}</a>'
)
INLINE = st.lists(
    st.one_of(
        PHRASES.map(escape),
        LINKED,
        PHRASES.map(lambda words: f"<strong>{escape(words)}</strong>"),
        PHRASES.map(lambda words: f"<code>{escape(words)}</code>"),
        PHRASES.map(lambda words: f'<img src="/x" alt="{escape(words)}">'),
        st.just("<br>"),
    ),
    min_size=1,
    max_size=4,
).map(" ".join)


def within(inside: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(inside, min_size=1, max_size=3)
    return st.one_of(
        several.map(lambda items: "<ul>" + "".join(f"<li>{i}</li>" for i in items) + "</ul>"),
        several.map(lambda items: "<ol>" + "".join(f"<li>{i}</li>" for i in items) + "</ol>"),
        several.map(lambda rows: f"<blockquote>{''.join(rows)}</blockquote>"),
        several.map(lambda cells: "<dl>" + "".join(f"<dd>{c}</dd>" for c in cells) + "</dl>"),
        several.map(
            lambda cells: "<table><tr>" + "".join(f"<td>{c}</td>" for c in cells) + "</tr></table>"
        ),
        inside.map(lambda shown: f"<figure>{shown}<figcaption>{shown}</figcaption></figure>"),
    )


BLOCKS = st.recursive(
    st.one_of(
        INLINE.map(lambda shown: f"<p>{shown}</p>"),
        INLINE.map(lambda shown: f"<h2>{shown}</h2>"),
        st.just("<hr>"),
    ),
    within,
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(html=st.lists(BLOCKS, max_size=4).map("".join))
def test_any_document_is_told_in_full(html: str) -> None:
    shown = text(html)
    body, _, notes = shown.partition("\n[1] ")
    visible = " ".join(part for part in parts(html) if isinstance(part, str))
    assert set(visible.split()) <= set(re.split(r"[\s\]|]+", body)), "a word is lost"
    assert not re.search(r"</?[a-z]", shown), "markup is left"
    assert max(map(columns, shown.splitlines()), default=0) <= 72, "a line is too long"
    assert not re.search("[\0\1\2]|[ \t]$", shown, re.MULTILINE)
    wanted = set(re.findall(r'href="([^"]*)"', html))
    listed = re.findall(r"^\[(\d+)\] (.*)$", "[1] " + notes if notes else "", re.MULTILINE)
    assert sorted(address for _, address in listed) == sorted(wanted), "not each address once"
    assert [int(number) for number, _ in listed] == list(range(1, len(wanted) + 1))
    assert {int(n) for n in re.findall(r"\[(\d+)\]", body)} == set(range(1, len(wanted) + 1))


@pytest.mark.parametrize(
    "html",
    [
        "<table><tr>"
        + "<td>a</td>" * 20_000
        + "</tr>"
        + "<tr><td>b</td></tr>" * 10_000
        + "</table>",
        "<table>" + "<tr>" + '<td colspan="99">a</td>' * 5_000 + "</table>",
        "<p>" + " " * 200_000 + "!" * 50_000 + " " * 200_000 + "</p>",
        "<p>" + "« " * 100_000 + "</p>",
        "<p>" + "（" * 100_000 + "</p>",
        "<p>" + "漢" * 200_000 + "</p>",
        "<p>" + "<br>" * 50_000 + "</p>",
        "<p>" + '<img src="/x" alt="">' * 20_000 + "</p>",
        "<figure>" + '<img src="/x" alt="a">' * 20_000 + "<figcaption>a</figcaption></figure>",
        f'<p><a href="{CAT}">' + "<b>x</b>" * 50_000 + "</a></p>",
        "<ul><li>" * 90 + "a" + "</li></ul>" * 90,
        "<blockquote>" * 190 + "a" + "</blockquote>" * 190,
        "<table><tr><td>" * 60 + "a" + "</td></tr></table>" * 60,
        "<sup>" * 190 + "1" + "</sup>" * 190,
    ],
    ids=lambda html: html[:30],
)
def test_a_monstrous_document_is_told_soon(html: str) -> None:
    start = time.process_time()
    assert text(html)
    assert time.process_time() - start < 6
