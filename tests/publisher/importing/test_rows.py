"""Rows: delimiters, quotes, too many columns and too few, and files that have no header."""

import csv
import tracemalloc
from itertools import chain, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.importing.lines import Unreadable
from publisher.importing.rows import sheet
from tests.publisher.importing.files import opened, read


def addresses(content: str | bytes) -> list[str]:
    return [reader.address for reader in read(content)[0]]


@pytest.mark.parametrize("delimiter", ",;\t")
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_are_told(delimiter: str, end: str) -> None:
    rows = [["name", "email"], ["Ann", "ann@example.org"], ["Bob", "bob@example.org"]]
    text = end.join(delimiter.join(row) for row in rows)
    assert addresses(text) == ["ann@example.org", "bob@example.org"]


def test_excels_word_for_its_separator_is_taken() -> None:
    assert addresses("sep=;\nemail;name\nann@example.org;Ann\n") == ["ann@example.org"]


def test_a_field_may_have_delimiters_quotes_and_line_breaks() -> None:
    text = 'notes,email\n"a, ""b""\nand c",ann@example.org\n,bob@example.org\n'
    assert addresses(text) == ["ann@example.org", "bob@example.org"]


def test_lines_are_counted_through_fields_of_several_lines() -> None:
    _, bad = read('email,notes\nann@example.org,"a\nb\nc"\nnonsense,\n')
    assert [line for line, _ in bad] == [5]


def test_blank_rows_are_nothing() -> None:
    new, bad = read("email,name\n\n,\n   \nann@example.org,\n\n")
    assert (len(new), [why for _, why in bad]) == (
        1,
        ["has 1 column, the header 2; is a quote missing?"],
    )


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("ann@example.org", "has 1 column, the header 2"),
        ("ann@example.org,Ann,more", "has 3 columns, the header 2"),
        ('ann@example.org,"Ann" Lee', "',' expected after '\"'"),
        ("nonsense,Ann", "@-sign"),
        ("ann@exa\0mple.org,Ann", "invalid characters"),
        ("ann@example.org,An\0n", "NUL"),
        (f"{'a' * 300}@example.org,Ann", "254"),
        (",Ann", "@-sign"),
        ('"ann@example.org\r\nBcc: eve@example.net",Ann', "invalid characters"),
        (f"ann@example.org,{'x' * 200_000}", "field larger than field limit"),
    ],
)
def test_a_bad_row_is_left_out_with_its_line_and_the_others_taken(row: str, why: str) -> None:
    new, [(line, said)] = read(f"email,name\nbob@example.org,Bob\n{row}\neve@example.org,Eve\n")
    assert [reader.address for reader in new] == ["bob@example.org", "eve@example.org"]
    assert line == 3
    assert why in said


def test_columns_that_a_spreadsheet_added_empty_are_no_matter() -> None:
    assert addresses("email,name\nann@example.org,Ann,,,\n") == ["ann@example.org"]


def test_a_quote_that_is_not_closed_swallows_no_reader_in_silence() -> None:
    new, bad = read('email,name\nann@example.org,"Ann\nbob@example.org,Bob\neve@example.org,Eve\n')
    assert (new, [line for line, _ in bad]) == ([], [2])
    new, bad = read('email,name\nann@example.org,"Ann\nbob@example.org,"\neve@example.org,Eve\n')
    assert [reader.address for reader in new] == ["eve@example.org"]
    assert "quote" in bad[0][1]


def test_a_field_of_a_hundred_megabytes_is_left_out_in_little_memory() -> None:
    class Endless:
        """Bytes without a line end, made as they are read."""

        pieces = chain(
            [b"email,name\nann@example.org,"],
            repeat(b"x" * 8000, 13_000),
            [b"\nbob@example.org,\n"],
        )

        def read(self, size: int = -1) -> bytes:
            return next(self.pieces, b"")

    import io

    from publisher.importing.lines import Lines

    class Raw(io.RawIOBase):
        source = Endless()

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: object) -> int:
            piece = self.source.read()
            memoryview(buffer)[: len(piece)] = piece  # type: ignore[arg-type]
            return len(piece)

    text = io.TextIOWrapper(io.BufferedReader(Raw(), 16_384), encoding="utf-8", newline="")
    tracemalloc.start()
    rows = list(sheet(Lines(text)).rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [row.line for row in rows] == [2, 3]
    assert peak < 20_000_000


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("name,phone\nAnn,1\n", "names no column for the address; one must be called email"),
        ("ann@example.org,Ann\n", "has an address where the names of the columns should be"),
        ("<html><body>\n", "names no column"),
    ],
)
def test_a_file_without_a_header_is_refused_with_the_remedy(text: str, why: str) -> None:
    with pytest.raises(Unreadable, match=f"line 1 {why}"):
        read(text)


MAILMAN = """ann@example.org
"Lee, Bob" <bob@example.org>
Clara Müller <clara@example.org>
=?utf-8?q?Jos=C3=A9?= <jose@example.org>

# a comment
o'neil@example.org
nonsense
"""


def test_mailman_gives_an_address_a_line() -> None:
    new, bad = read(MAILMAN)
    assert [(reader.address, reader.name) for reader in new] == [
        ("ann@example.org", ""),
        ("bob@example.org", "Lee, Bob"),
        ("clara@example.org", "Clara Müller"),
        ("jose@example.org", "José"),
        ("o'neil@example.org", ""),
    ]
    assert [line for line, _ in bad] == [8]


def test_mailmans_own_columns_are_known() -> None:
    [reader], _ = read("display_name,address\nAnn Lee,ann@example.org\n")
    assert (reader.address, reader.name) == ("ann@example.org", "Ann Lee")


@given(st.text(alphabet="ab@.,;\t\"'\r\n =<>\0é", max_size=80))
def test_any_file_is_rows_or_refused(text: str) -> None:
    try:
        list(sheet(opened("email,name\n" + text)).rows)
        list(sheet(opened(text)).rows)
    except Unreadable:
        pass


def test_the_limit_of_a_field_is_the_csv_modules_own() -> None:
    assert csv.field_size_limit() == 131_072
