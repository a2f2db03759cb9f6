"""Letters made to hang or break whoever reads them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.returns.opening import FOLDED, PARTS, header, opened, parts
from publisher.returns.reading import read
from publisher.returns.report import NoReport, Report
from tests.publisher.returns.letters import QMAIL, VACATION, arf, dsn

NESTED = b"".join(
    b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(5000)
)
LETTERS = b"Content-Type: message/rfc822\n\n" * 30_000
AUTOMATIC = b"Return-Path: <>\n"

HOSTILE = {
    "nested 5,000 deep": AUTOMATIC + NESTED + b"x\n" * 100_000,
    "letters in letters": AUTOMATIC + LETTERS,
    "100,000 parts": AUTOMATIC
    + b'Content-Type: multipart/report; boundary="B"\n\n'
    + b"--B\nContent-Type: message/delivery-status\n\n" * 100_000,
    "ten megabytes": dsn(original="x" * 10_000_000),
    "a header of a megabyte": AUTOMATIC + b"Content-Type: a/b" + b';"' * 500_000 + b"\n\n",
    "a folded header": AUTOMATIC + b"Content-Type: a/b" + b'\n ;"=\\";' * 150_000 + b"\n\n",
    "a million headers": AUTOMATIC + b"A: b\n" * 1_000_000,
    "a million groups": dsn("Action: failed\n\n" * 1_000_000),
    "addresses without end": AUTOMATIC + b"To: " + b"<@,(" * 250_000 + b"\n\n",
    "text that matches nearly": AUTOMATIC
    + b"Subject: failure notice\n\nHi. This is the qmail-send program\n"
    + b"<" * 20_000
    + b" <a@b" * 100_000,
    "charsets that are none": dsn().replace(b"text/plain", b"text/plain; charset=\xff\xfe\0x"),
    "headers of raw bytes": b"\xff\xfe: \x80\nFrom: \xe9\nTo: \xff@\xfe\n" + dsn(),
    "encoded words of nonsense": b"From: =?x?b?/?=\nTo: =?utf-8?q?=FF?=\n" + dsn(),
    "continued parameters": AUTOMATIC
    + b"Content-Type: multipart/report; "
    + b" ".join(b"boundary*%d*=x'y'%%FF;" % n for n in range(2000)),
    "no boundary at all": dsn().replace(b'boundary="=B="', b""),
    "NULs": dsn().replace(b"a", b"\0"),
    "bare carriage returns": dsn().replace(b"\n", b"\r"),
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("raw", [pytest.param(raw, id=name) for name, raw in HOSTILE.items()])
def test_a_hostile_letter_neither_hangs_nor_breaks_its_reader(raw: bytes) -> None:
    assert isinstance(read(raw), Report | NoReport)


SEEDS = (dsn(), arf(), QMAIL, VACATION)
PIECES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([b"\n\n", b"\n--=B=\n", b"\n--=C=--\n", b"Content-Type: ", b"\0", b";", b'"']),
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.integers(0, 2000), PIECES), max_size=6))
def test_no_damage_to_a_letter_breaks_its_reader(
    raw: bytes, damage: list[tuple[int, bytes]]
) -> None:
    for place, piece in damage:
        raw = raw[:place] + piece + raw[place + len(piece) // 2 :]
    assert isinstance(read(raw), Report | NoReport)


def test_of_a_letter_of_many_parts_only_some_are_opened() -> None:
    raw = b'Content-Type: multipart/mixed; boundary="B"\n\n'
    part = b"--B\nContent-Type: message/delivery-status\n\n"
    assert 0 < len(parts(opened(raw + part * 1000))) <= PARTS


def test_of_a_header_folded_often_only_the_beginning_is_read() -> None:
    raw = b"To: ann" + b"\n bob" * 1000 + b"\nSubject: hello\n\n"
    assert header(opened(raw), "To").count("bob") == FOLDED
    assert header(opened(raw), "Subject") == "hello"
