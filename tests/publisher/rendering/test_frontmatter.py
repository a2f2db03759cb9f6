"""The head of a source: what is read, what is refused, and on which line."""

import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from publisher.domain.issue import BadSource
from publisher.rendering.heads.frontmatter import take_apart
from publisher.rendering.reading import read_edition
from tests.publisher.rendering.sources import HEAD, SITE, issue, read, written


@pytest.mark.parametrize(
    "text",
    [
        '---\ntitle: "Spring"\ndate: 2026-03-05\ntags: [a, b]\n---\nHello.\n',
        '+++\ntitle = "Spring"\ndate = 2026-03-05\ntags = ["a", "b"]\n+++\nHello.\n',
        '{"title": "Spring", "date": "2026-03-05", "tags": ["a", "b"]}\nHello.\n',
        "Title: Spring\nDate: 2026-03-05\nTags: a,\n    b\n\nHello.\n",
        "\n\n---\nTitle: Spring\nDate: 2026-03-05\nTags: a, b\n---\nHello.\n",
    ],
    ids=["yaml", "toml", "json", "pelican", "yaml-capitals"],
)
def test_the_same_head_is_understood_in_every_notation(tmp_path: Path, text: str) -> None:
    edition = read(tmp_path, text)
    assert (edition.title, edition.tags) == ("Spring", ("a", "b"))
    assert edition.date == datetime(2026, 3, 5, tzinfo=UTC)
    assert edition.html.strip() == "<p>Hello.</p>"


@pytest.mark.parametrize(
    ("written_date", "meant"),
    [
        ("2026-06-05", datetime(2026, 6, 5, tzinfo=UTC)),
        ("2018-02-28 00:00", datetime(2018, 2, 28, tzinfo=UTC)),
        ("2026-06-05T10:30:00Z", datetime(2026, 6, 5, 10, 30, tzinfo=UTC)),
        ("2026-06-05 10:30:00", datetime(2026, 6, 5, 10, 30, tzinfo=UTC)),
        ("2026-06-05T00:30:00+02:00", datetime(2026, 6, 4, 22, 30, tzinfo=UTC)),
        ("2026-08-20 22:00:00 -0000", datetime(2026, 8, 20, 22, tzinfo=UTC)),
        ("08-19-2026", datetime(2026, 8, 19, tzinfo=UTC)),
        ("'2026-06-05'", datetime(2026, 6, 5, tzinfo=UTC)),
    ],
)
def test_a_date_is_a_moment_with_a_zone(tmp_path: Path, written_date: str, meant: datetime) -> None:
    date = issue(tmp_path, head=f"title: x\ndate: {written_date}\n").date
    assert date == meant
    assert date.tzinfo is not None


def test_the_permalink_counts_the_day_in_the_zone_of_the_source(tmp_path: Path) -> None:
    edition = issue(tmp_path, head="title: x\ndate: 2026-06-01T00:30:00+02:00\n")
    assert edition.date.utcoffset() == timezone(timedelta(hours=2)).utcoffset(None)
    assert edition.url == "https://example.org/2026/06/x/"


def test_a_missing_date_is_taken_from_the_name(tmp_path: Path) -> None:
    assert issue(tmp_path, head="title: x\n").date == datetime(2026, 6, 5, tzinfo=UTC)
    bundle = issue(tmp_path, head="title: x\n", name="2025-02-03-y/index.md")
    assert bundle.date == datetime(2025, 2, 3, tzinfo=UTC)


def test_authors_are_taken_from_words_commas_and_lists(tmp_path: Path) -> None:
    assert issue(tmp_path, head=HEAD + "author: jcb\n").authors == ("jcb",)
    assert issue(tmp_path, head=HEAD + "author: Ann, Bob\n").authors == ("Ann", "Bob")
    assert issue(tmp_path, head=HEAD + 'authors: ["Ann", "Bob, PhD"]\n').authors == (
        "Ann",
        "Bob, PhD",
    )
    objects = issue(tmp_path, head=HEAD + "authors:\n- name: Ann\n- {}\n")
    assert objects.authors == ("Ann",)


def test_tags_and_categories_are_joined_without_repeats(tmp_path: Path) -> None:
    head = HEAD + "tags: [xmpp, im]\ncategories: ['Newsletter', 'xmpp']\n"
    assert issue(tmp_path, head=head).tags == ("xmpp", "im", "Newsletter")


def test_a_draft_says_so(tmp_path: Path) -> None:
    assert issue(tmp_path, head=HEAD + "draft: true\n").draft
    assert not issue(tmp_path, head=HEAD + "draft: false\n").draft
    assert not issue(tmp_path).draft


def test_a_summary_is_taken_before_a_description_before_the_text(tmp_path: Path) -> None:
    assert issue(tmp_path, head=HEAD + "summary: One\ndescription: Two\n").summary == "One"
    assert issue(tmp_path, head=HEAD + "description: Two\n").summary == "Two"
    body = '{{< figure src="/a.png" caption="A banner" >}}\n\n# Head\n\nThe *first* [text](/x).\n'
    assert issue(tmp_path, body).summary == "The first text."


def test_a_long_first_paragraph_is_cut_at_a_word(tmp_path: Path) -> None:
    summary = issue(tmp_path, "wörter " * 100).summary
    assert len(summary) <= 300
    assert summary.endswith("wörter…")


def test_a_title_is_one_line_without_tricks(tmp_path: Path) -> None:
    head = 'title: "a\\u202Eb\\u0007\\n c \\uD800&amp;"\ndate: 2026-06-05\n'
    assert issue(tmp_path, head=head).title == "ab c &amp;"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("Hello.\n", 1, "no newsletter issue: it has no front matter"),
        ("", 1, "no newsletter issue"),
        ("---\ndate: 2026-06-05\n---\nx", 1, "no newsletter issue: it has no title"),
        ("---\ntitle:\ndate: 2026-06-05\n---\nx", 2, "no newsletter issue: it has no title"),
        ("---\ntitle: x\n", 1, "no closing line ---"),
        ("---\n---\nx", 2, "no newsletter issue: the front matter is empty"),
        ("---\n- a\n---\nx", 2, "no newsletter issue"),
        ("---\ntitle: a: b\n---\nx", 2, "in quotes"),
        ("\n---\ndate: 2026-06-05\ntitle: [a]]\n---\nx", 4, "YAML"),
        ("---\ntitle: x\ndate: 2026-13-45\n---\nx", 3, "month must be in 1..12"),
        ("---\ntitle: x\ndate: soon\n---\nx", 3, "date: YYYY-MM-DD"),
        ("---\ntitle: x\ndate: 0001-01-01\n---\nx", 3, "not a date"),
        ("---\ntitle: x\ntitle: y\n---\nx", 3, "title is given twice"),
        ("---\ntitle: &a x\nsummary: *a\n---\nx", 2, "anchors and aliases"),
        ("---\na: {<<: {title: x}}\n---\nx", 2, "merge keys"),
        ("---\ntitle: !!python/name:os.system x\n---\nx", 2, "YAML"),
        ("---\na: " + "[" * 30 + "\n---\nx", 2, "deeper than 20"),
        ("---\ntitle: x\n" + "# y\n" * 20000 + "---\nx", 1, "longer than 64 kB"),
        ("---\ntitle: " + "x" * 600 + "\n---\n", 2, "longer than 500"),
        ("+++\ntitle = x\n+++\n", 2, "TOML"),
        ("+++\na = " + "[" * 5000 + "\n+++\n", 2, "TOML"),
        ('{"title": "x",\n oops}\nx', 2, "JSON"),
        ("Title: x\nDate: 2026-06-05\nHello.\n", 3, "put an empty line before the text"),
        ("Title: x\nTITLE: y\n\nHello.\n", 2, "title is given twice"),
        ('{"a":' + "[" * 50000 + "\nx", 1, "JSON"),
    ],
)
def test_a_bad_head_is_refused_with_place_and_remedy(
    tmp_path: Path, text: str, line: int, says: str
) -> None:
    with pytest.raises(BadSource) as refusal:
        read(tmp_path, text)
    assert says in str(refusal.value)
    assert refusal.value.line == line


def test_a_missing_date_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="no date — add `date: YYYY-MM-DD`"):
        read(tmp_path, "---\ntitle: x\n---\n", name="letter.md")


@pytest.mark.parametrize(
    "head",
    [
        b"a: " + b"[" * 40000,
        b"- " * 30000,
        b"a: " + b"{a: " * 15000,
        b"? " * 30000,
        b"a: [" + b"a," * 30000 + b"]",
        b"title: !!int " + b"9" * 60000,
        b"title: !!int 9" + b":9" * 20000,
        b"".join(b"a%d: 1\n" % i for i in range(6000)),
    ],
    ids=["flow", "block", "mappings", "complex-keys", "flat", "number", "sexagesimal", "keys"],
)
def test_a_hostile_head_is_refused_soon(tmp_path: Path, head: bytes) -> None:
    path = written(tmp_path, b"---\n" + head + b"\n---\nx\n")
    start = time.process_time()
    with pytest.raises(BadSource):
        read_edition(path, root=tmp_path, site=SITE, static=None)
    assert time.process_time() - start < 5


@pytest.mark.parametrize("title", ["2024", "1.10", "12:30", "No", "null and void", "0x10", "1e3"])
def test_a_title_stays_as_it_was_typed(tmp_path: Path, title: str) -> None:
    assert issue(tmp_path, head=f"title: {title}\ndate: 2026-06-05\n").title == title


def test_a_long_dotted_key_is_refused_soon(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="dots in a line"):
        read(tmp_path, "+++\n" + "a." * 30_000 + "a = 1\n+++\n")


@pytest.mark.parametrize(
    "text",
    [
        '---\n# a head\ntitle: "a\n  b"\nExtra: {date: 1}\ndate: 2026-06-05\n---\n',
        "+++\n# a head\ntitle = '''a\ndate = 1'''\ndate = 2026-06-05\n[extra]\ndate = 1\n+++\n",
        '{\n\n"title": "a",\n"extra": {"date": "}"},"date":\n"2026-06-05"}\n',
    ],
    ids=["yaml", "toml", "json"],
)
def test_a_head_knows_on_which_line_each_field_stands(text: str) -> None:
    lines = take_apart("a.md", text).lines
    assert set(lines) == {"title", "date", "extra"}
    rows = text.split("\n")
    assert [rows[lines[name] - 1].lower().find(name) >= 0 for name in lines] == [True] * 3
    assert lines["title"] == 3
    assert "2026" in "".join(rows[lines["date"] - 1 : lines["date"] + 1])


@pytest.mark.parametrize(
    "text",
    ["---\ntitle: x\nTitle: y\n---\n", '+++\ntitle = "x"\nTitle = "y"\n+++\n', '{"a":1,"a":2}\n'],
)
def test_a_field_that_is_given_twice_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadSource, match="is given twice"):
        read(tmp_path, text)
