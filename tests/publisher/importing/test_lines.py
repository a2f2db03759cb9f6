"""Encodings told apart, and lines that are no lines."""

import codecs

import pytest

from publisher.importing import lines as module
from publisher.importing.lines import RowTooLong, Unreadable
from tests.publisher.importing.files import opened, read

TEXT = "email,name\r\nann@example.org,José Núñez\r\n"


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (codecs.BOM_UTF8 + TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-16"), "utf-8"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-8"),
        (TEXT.encode("utf-32"), "utf-8"),
        (TEXT.encode("latin-1"), "latin-1"),
        (TEXT.encode("cp1252"), "cp1252"),
        (codecs.BOM_UTF8 + TEXT.encode(), "cp1252"),
    ],
)
def test_every_encoding_gives_the_same_reader(raw: bytes, encoding: str) -> None:
    [reader], bad = read(raw, encoding=encoding)
    assert (reader.address, reader.name, bad) == ("ann@example.org", "José Núñez", [])


def test_a_line_that_is_not_utf8_is_named_with_the_remedy() -> None:
    raw = "email,name\n" * 5 + "ann@example.org,José\n"
    with pytest.raises(Unreadable, match=r"line 6 is not UTF-8 \(byte 0xE9\).*--encoding"):
        read(raw.encode("latin-1"))


@pytest.mark.parametrize(
    "raw", [b"\xff\xfee\x00m\x00a", "email\n".encode("utf-16") + b"\x00\xd8\x00"]
)
def test_half_a_utf16_file_is_refused(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        read(raw)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"PK\x03\x04rest of it", "Excel workbook or a ZIP"),
        (b"\x1f\x8b\x08", "compressed"),
        (b"\xd0\xcf\x11\xe0\xa1", "Excel"),
        ("email,name\n".encode("utf-16-le"), "UTF-16 without its mark"),
        (b"\x00" * 500, "no text"),
        (b"%PDF-1.7", "PDF"),
    ],
)
def test_what_is_no_text_is_refused_by_name(raw: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read(raw)


def test_a_line_of_any_length_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST", 100)
    lines = opened("x" * 1000 + "\nnext\n")
    lines.begin_row()
    with pytest.raises(RowTooLong):
        next(lines)
    lines.begin_row()
    assert (next(lines), lines.number) == ("next\n", 2)
