"""A file's lines as text: its encoding told, its size no matter, none longer than can be."""

import codecs
import io
from dataclasses import dataclass
from typing import TextIO

LONGEST = 1_000_000  # characters that one row may take, over all its lines
ENCODINGS = ("utf-8", "latin-1", "cp1252")
SAVE = "save it as CSV in UTF-8"

_BOMS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_OTHERS = {
    b"PK\x03\x04": f"is an Excel workbook or a ZIP archive; {SAVE}, or unpack it first",
    b"\xd0\xcf\x11\xe0": f"is an Excel workbook; {SAVE}",
    b"\x1f\x8b": "is compressed; unpack it first",
    b"%PDF": "is a PDF; export the readers as CSV",
    b"SQLite format 3\0": "is a database; export the readers as CSV",
}


class Unreadable(Exception):
    """A file that holds no readers as it is; the message says where, why, and what helps."""


class RowTooLong(Exception):
    """A row of more than LONGEST characters."""


@dataclass
class Lines:
    """The lines of a text, their ends kept. `number` is that of the one read last.

    Iterating raises RowTooLong when the lines since `begin_row` are too much for one row, and
    goes on after it; and Unreadable where the text is not in its encoding.
    """

    text: TextIO
    number: int = 0
    _room: int = LONGEST

    def begin_row(self) -> None:
        """Count from here what one row takes."""
        self._room = LONGEST

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        line = self._read(LONGEST)
        if not line:
            raise StopIteration
        self.number += 1
        self._room -= len(line)
        if self._room < 0 or len(line) == LONGEST:
            self._skip(line)
            raise RowTooLong
        return line

    def _skip(self, line: str) -> None:
        while line and line[-1] not in "\r\n":
            line = self._read(LONGEST)

    def _read(self, limit: int) -> str:
        try:
            line = self.text.readline(limit)
            if not line.isascii():
                line.encode()  # what was no UTF-8 was kept as lone surrogates
        except UnicodeError as error:
            raise self._undecodable(error) from error
        return line

    def _undecodable(self, error: UnicodeError) -> Unreadable:
        if isinstance(error, UnicodeEncodeError):
            byte = ord(error.object[error.start]) - 0xDC00
            help = f"{SAVE}, or say which encoding it is: --encoding cp1252"
            return Unreadable(f"line {self.number + 1} is not UTF-8 (byte 0x{byte:02X}); {help}")
        return Unreadable(f"something after line {self.number} is not in its encoding; {SAVE}")


def lines(binary: io.BufferedReader, encoding: str = "utf-8") -> Lines:
    """The lines of a file in `encoding`, or in that which its byte order mark tells.

    Raises Unreadable for what is no text.
    """
    begin = binary.peek(1024)
    for magic, why in _OTHERS.items():
        if begin.startswith(magic):
            raise Unreadable(why)
    encoding = next((_BOMS[mark] for mark in _BOMS if begin.startswith(mark)), encoding)
    if encoding in ENCODINGS and begin.count(0) * 3 > len(begin):
        raise Unreadable(f"is no text, or is in UTF-16 without its mark; {SAVE}")
    strict = "surrogateescape" if encoding.startswith("utf-8") else "strict"
    return Lines(io.TextIOWrapper(binary, encoding=encoding, errors=strict, newline=""))
