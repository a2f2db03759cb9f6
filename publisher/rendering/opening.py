"""A source file's text, of bounded size and in one kind of newline."""

import codecs
import re
from pathlib import Path

from publisher.domain.issue import BadSource
from publisher.rendering import sections, shortcodes
from publisher.rendering.words import without_controls

LARGEST_FILE = 1024 * 1024  # bytes
FORBIDDEN = ("\0", shortcodes.OPEN, shortcodes.CLOSE, sections.MARK_OPEN, sections.MARK_CLOSE)
WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
CONFLICT = re.compile(r"^<{7} \S", re.MULTILINE)  # git: conflict-marker-size, 7 by default
SPLIT_IT = "split the issue, or move large tables and lists elsewhere"


def raw_bytes(path: Path) -> bytes:
    name = str(path)
    try:
        if not path.is_file():
            reason = "a folder, not a file" if path.is_dir() else "there is no such file"
            raise BadSource(name, reason, remedy="name a Markdown file")
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, BadSource):
            raise
        reason = f"cannot be read: {getattr(error, 'strerror', None) or error}"
        raise BadSource(ascii(name), reason, remedy="check its name and permissions") from error
    if len(raw) > LARGEST_FILE:
        reason = f"larger than {LARGEST_FILE // 1024} kB"
        raise BadSource(name, reason, remedy=SPLIT_IT)
    return raw


def decoded(name: str, raw: bytes) -> str:
    """The text, its newlines made one kind, without the controls nobody can see."""
    if raw.startswith(WIDE_MARKS) or raw[:64].count(0) * 3 > len(raw[:64]):
        raise BadSource(name, "UTF-16 or UTF-32, not UTF-8", line=1, remedy="save it as UTF-8")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        reason = f"not UTF-8 at byte {error.start}"
        raise BadSource(name, reason, line=line, remedy="save it as UTF-8") from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for forbidden in FORBIDDEN:
        if (at := text.find(forbidden)) >= 0:
            reason = f"holds the character U+{ord(forbidden):04X}"
            line = text.count("\n", 0, at) + 1
            raise BadSource(name, reason, line=line, remedy="remove it")
    return without_controls(text)


def refuse_conflicts(name: str, text: str) -> None:
    """Raise BadSource where git has left both sides of a merge."""
    if found := CONFLICT.search(text):
        line = text.count("\n", 0, found.start()) + 1
        remedy = "decide for one side, and take the lines of < = > out"
        raise BadSource(name, "a merge conflict", line=line, remedy=remedy)
