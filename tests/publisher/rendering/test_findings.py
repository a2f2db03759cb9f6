"""What is odd in a source, each with the line of the file on which it stands."""

import os
import time
from pathlib import Path

import pytest
from PIL import Image

from publisher.domain.lint import KINDS
from tests.publisher.rendering.sources import HEAD, issue, read, written

SUMMARY = "summary: All that happened.\n"  # line 4
BODY = 6  # the line on which a body begins

Found = list[tuple[str, int]]


def found(
    folder: Path,
    body: str = "Hello.\n",
    head: str = HEAD + SUMMARY,
    name: str = "2026-06-05-letter.md",
    static: Path | None = None,
) -> Found:
    edition = issue(folder, body, head=head, name=name, static=static)
    return [(finding.kind, finding.line) for finding in edition.warnings]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("[x](codeberg.org/slidge/x)", [("link-without-scheme", 6)]),
        ("a\n\n[x](www.example.org)", [("link-without-scheme", 8)]),
        ("[x](example.org)", [("link-without-scheme", 6)]),
        ("[x](@nick@host.example)", [("account-as-link", 6)]),
        ("[x](https://news/jabberfr.org/)", [("host-without-dot", 6)]),
        ("[x](<https://www.igniterealtime. org/x>)", [("space-in-host", 6)]),
        ("[x](https:///path)", [("broken-address", 6)]),
        ("[x]()", [("empty-link", 6)]),
        ("[x](#)", [("empty-link", 6)]),
        ("[x](link)", [("placeholder-link", 6)]),
        ("[x](TODO) [y](url)", [("placeholder-link", 6)] * 2),
        ("[x](https://müsli.example/)", [("idn-host", 6)]),
        ("[x](https://xn--msli-0ra.example/)", [("idn-host", 6)]),
        ("[x](https://a.example/%22b)", [("quote-in-link", 6)]),
        ("[x](https://a.example/?q=%22b)", [("quote-in-link", 6)]),
        ("[x](https://a.example/?utm_source=y&z=1)", [("tracking-parameters", 6)]),
        ('<b><a href="ttps://host.example/">chat</a></b>', [("unusable-link", 6)]),
        ('a\n<b><a href="javascript:y">press</a></b>', [("unusable-link", 7)]),
        ("[x](#nowhere)", [("fragment-without-target", 6)]),
        ("[x](/2026/06/an-issue/#nowhere)", [("fragment-without-target", 6)]),
        ("[x][1]\n\ntext\n\n[1]: https://news/x", [("host-without-dot", 10)]),
    ],
)
def test_a_link_that_leads_nowhere_is_found(tmp_path: Path, body: str, expected: Found) -> None:
    assert found(tmp_path, body) == expected


@pytest.mark.parametrize(
    "body",
    [
        "[x](page.html) [y](../z/) [t](tel:1) [l](http://localhost:1/) [i](http://127.0.0.1/)",
        "[x](xmpp:room@muc.example?join) [m](mailto:a@b.example) [6](https://[::1]/)",
        "[x](https://a.example/?q=%22two+words%22) [y](https://a.example/#it's)",
        "## Réunion d’été\n\n[x](#réunion-dété) [y](#r%C3%A9union-d%C3%A9t%C3%A9)",
        "## [Bootloader](https://a.example/b)\n\n[x](#bootloader)",
        '<a name="here"></a>[x](#here) [top](#top) [talk](#comments)',
        "[x](https://a.example/#not-ours) [y](/other/#not-ours)",
        "<b><a name='old'>a place</a></b>",
    ],
)
def test_a_link_that_works_is_no_finding(tmp_path: Path, body: str) -> None:
    assert found(tmp_path, body) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("# One\n\ntext\n\nTwo\n===\n", [("h1-in-body", 6), ("h1-in-body", 10)]),
        ("[a](/b)\n\n[x]((https://a.example/)", [("link-syntax-left-as-text", 8)]),
        ("[a](/b)\n[x]](/c)\n[y]](/d)", [("link-syntax-left-as-text", n) for n in (7, 8)]),
        ("[a](https://a.example [b](https://b.example/)", [("link-syntax-left-as-text", 6)]),
        ("- a\n- [z] (https://a.example/)", [("space-before-address", 7)]),
        ("We say #hello and\n#hello", [("hashtag-in-text", 6), ("hashtag-in-text", 7)]),
        ('[Version "#Name"](https://a.example/)', [("hashtag-in-text", 6)]),
        ("Text.\n\n(TODO: the rest)", [("placeholder-in-text", 8)]),
        ("Text.\n\n- Lorem ipsum dolor sit amet", [("placeholder-in-text", 8)]),
        ("## News\n\nTBD\n\nMore.", [("placeholder-in-text", 8)]),
        ("Coming soon …", [("placeholder-body", 6)]),
    ],
)
def test_words_that_should_not_be_read_are_found(
    tmp_path: Path, body: str, expected: Found
) -> None:
    assert found(tmp_path, body) == expected


@pytest.mark.parametrize(
    "body",
    [
        "`[x](y` and\n\n    [x](y\n",
        "Issue #123, C#, `#tag`, a&#35;b, https://a.example/#part and \\# alone",
        "Our TODO list, XEP-XXXX, the XXX summit and <!-- TODO: hidden --> words.",
        "A note [EN] (in brackets) stays, [x] (see [y](https://a.example/)) too.",
        "### Not the first level",
    ],
)
def test_words_that_are_meant_are_no_finding(tmp_path: Path, body: str) -> None:
    assert found(tmp_path, body) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("\n![](/a.png)", [("missing-alt", 7)]),
        ("![x](/a.png)", []),
        ('{{< figure src="/a.png" >}}', [("missing-alt", 6)]),
        ("![x](https://elsewhere.example/a.png)", [("remote-image", 6)]),
        ("![x](https://example.org/a.png)", []),
    ],
)
def test_pictures_are_looked_at(tmp_path: Path, body: str, expected: Found) -> None:
    assert found(tmp_path, body) == expected


def test_a_picture_that_is_not_there_is_found(tmp_path: Path) -> None:
    static = tmp_path / "static"
    written(static, b"x", name="a.png")
    written(tmp_path, b"x", name="secret.png")
    body = "![x](/a.png)\n![y](/b.png)\n![z](/../secret.png)"
    kinds = [kind for kind, _ in found(tmp_path, body, static=static) if kind != "unusable-image"]
    assert kinds == ["dead-local-image", "image-outside-static"]
    assert found(tmp_path, body) == []


def test_each_of_several_equal_oddities_has_a_line_of_its_own(tmp_path: Path) -> None:
    body = "- [z]()\n- [z]()\n\n[x]() and\n[x]()\n\n> [x]()\n"
    assert [line for _, line in found(tmp_path, body)] == [6, 7, 9, 10, 12]


def test_a_link_is_not_found_where_the_same_words_stand_in_code(tmp_path: Path) -> None:
    body = "    [x](TODO)\n\n`[x](TODO)`\n\n- [z](TODO)\n"
    assert found(tmp_path, body) == [("placeholder-link", 10)]


def test_lines_are_right_after_a_shortcode_of_many_lines(tmp_path: Path) -> None:
    figure = '{{< figure\n  src="/a.png"\n  alt="A"\n>}}'
    body = f"{figure}\n\n# One\n\n{figure}\n\n{figure}\n# Two\n\n[x]()\n"
    assert [line for _, line in found(tmp_path, body)] == [11, 22, 24]


def test_lines_count_from_the_beginning_of_the_file(tmp_path: Path) -> None:
    text = f"\n\n---\n{HEAD}{SUMMARY}---\n\n# One\n".replace("\n", "\r\n")
    assert [finding.line for finding in read(tmp_path, text).warnings] == [9]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("title: An issue\ndate: 2026-06-07\n", [("date-differs-from-filename", 3)]),
        ("title: An issue\ndate: 2026-06-05T23:00:00-09:00\n", []),
        ("title: TODO\ndate: 2026-06-05\n", [("placeholder-in-title", 2)]),
        ("date: 2026-06-05\ntitle: Draft Title\n", [("placeholder-in-title", 3)]),
        ("title: A to-do list for TODO apps\ndate: 2026-06-05\n", []),
        ("title: TODO apps that defend your title\ndate: 2026-06-05\n", []),
        ("title: '[TODO] News'\ndate: 2026-06-05\n", [("placeholder-in-title", 2)]),
        ('title: "evil\\u202Etxt"\ndate: 2026-06-05\n', [("direction-control-in-title", 2)]),
        ("title: News of May 2026\ndate: 2026-06-05\n", []),
        ("title: News of June 2026\ndate: 2026-06-05\n", []),
        ("title: News of May 2025\ndate: 2026-06-05\n", [("title-year-differs-from-date", 2)]),
        ("title: News of March 2026\ndate: 2026-06-05\n", [("title-month-differs-from-date", 2)]),
        ("title: Resumé\ndate: 2026-06-05\nsommario: Di tutto.\n", [("misspelt-key", 4)]),
        ("title: An issue\ndate: 2026-06-05\nsumary: All.\n", [("misspelt-key", 4)]),
        (
            "title: An issue\ndate: 2026-06-05\naliases:\n- /2026/06/an-issue/\n- old/one\n",
            [("alias-of-itself", 4), ("alias-without-slash", 4)],
        ),
        ("title: An issue\ndate: 2026-06-05\naliases: /old/one/\n", []),
        ("title: An issue\ndate: 2026-06-05\nsummary: TODO\n", [("placeholder-in-summary", 4)]),
    ],
)
def test_a_head_that_is_wrong_is_found(tmp_path: Path, head: str, expected: Found) -> None:
    without_summary = [pair for pair in found(tmp_path, head=head) if pair[0] != "missing-summary"]
    assert without_summary == expected


@pytest.mark.parametrize(
    ("title", "date", "kind"),
    [
        ("Neues vom Dezember 2025 und Januar 2026", "2026-02-05", ""),
        ("Neues vom Mai", "2026-06-05", ""),
        ("La lettre d'août 2026", "2026-09-05", ""),
        ("La lettre d’aout 2026", "2026-10-05", "title-month-differs-from-date"),
        ("El boletín de diciembre 2025 y enero 2026", "2026-02-05", ""),
        ("La lettera di febbraio", "2026-03-01", ""),
        ("La lettera di febbraio", "2026-05-01", "title-month-differs-from-date"),
        ("Boletim de março de 2026", "2026-04-05", ""),
        ("Boletim de março de 2025", "2026-04-05", "title-year-differs-from-date"),
        ("Buletinul din ianuarie 2026", "2026-02-05", ""),
        ("Week Ending January 14, 2026", "2026-01-16", ""),
        ("December 2025", "2025-12-31", ""),
        ("January 2026", "2025-12-31", ""),
        ("January 2025", "2026-02-08", "title-year-differs-from-date"),
        ("December 2026", "2026-01-05", "title-year-differs-from-date"),
        ("What You May Want, and How to March", "2026-12-05", ""),
        ("The best of 2025", "2026-12-05", ""),
    ],
)
def test_a_month_in_the_title_fits_the_date_or_is_found(
    tmp_path: Path, title: str, date: str, kind: str
) -> None:
    head = f"title: {title}\ndate: {date}\n{SUMMARY}"
    assert found(tmp_path, head=head, name="letter.md") == ([(kind, 2)] if kind else [])


def test_an_issue_without_a_summary_is_told(tmp_path: Path) -> None:
    assert found(tmp_path, head=HEAD) == [("missing-summary", 1)]


def test_every_finding_says_what_to_do(tmp_path: Path) -> None:
    edition = issue(tmp_path, "# One\n\n[x](TODO)\n", head=HEAD)
    assert all(finding.remedy == KINDS[finding.kind].remedy for finding in edition.warnings)
    assert [finding.severity for finding in edition.warnings] == ["warning", "warning", "error"]


def test_lines_never_show_in_what_is_published(tmp_path: Path) -> None:
    assert "data-line" not in issue(tmp_path, '# a\n\n- b\n\n<p data-line="3">c</p>\n').html


def test_a_heap_of_oddities_is_not_told_to_the_end(tmp_path: Path) -> None:
    assert len(found(tmp_path, "[x]()\n\n" * 2000)) == 100


def test_a_picture_that_is_too_large_or_none_is_found(tmp_path: Path) -> None:
    static = tmp_path / "static"
    static.mkdir()
    Image.new("1", (5000, 10)).save(static / "wide.png")
    Image.frombytes("RGB", (700, 700), os.urandom(3 * 700 * 700)).save(static / "heavy.png")
    Image.new("1", (4000, 10)).save(static / "good.png")
    written(static, b"BM, but no picture", name="none.png")
    body = "".join(f"![x](/{name}.png)\n" for name in ("good", "wide", "heavy", "none"))
    assert found(tmp_path, body, static=static) == [
        ("oversize-image", 7),
        ("oversize-image", 8),
        ("unusable-image", 9),
    ]


@pytest.mark.parametrize(
    "body",
    [
        "<textarea>\n" + "\n" * 9_000 + "</textarea>",
        "<div>\n" + "".join(f'<a href="x{n}.example/">x</a>\n' for n in range(3_500)) + "</div>",
        "<div>\n" + "x](\n" * 9_000 + "</div>",
    ],
    ids=["blank lines", "bad links", "brackets"],
)
def test_a_hostile_body_is_looked_over_soon(tmp_path: Path, body: str) -> None:
    start = time.process_time()
    found(tmp_path, body)
    assert time.process_time() - start < 10


@pytest.mark.parametrize(
    ("head", "lost"),
    [
        ("title: Letter #300 is here", ["title: #300 is here"]),
        ("title: A\nsummary: All about #xmpp", ["summary: #xmpp"]),
        ('title: "Letter #300"', []),
        ("title: Letter # 300", []),
        ("title: C#11", []),
    ],
)
def test_a_value_that_yaml_cuts_at_a_hashtag_is_told(
    tmp_path: Path, head: str, lost: list[str]
) -> None:
    edition = issue(tmp_path, head=f"date: 2026-06-05\n{head}\n")
    found = [warning.detail for warning in edition.warnings if warning.kind == "cut-by-comment"]
    assert found == lost
