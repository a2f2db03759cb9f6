"""The first heading of a Markdown text, found without rendering it."""

import re
from dataclasses import dataclass

HASHES = re.compile(r" {0,3}(#{1,6})[ \t]")
NAMED = re.compile(r"\{#[^{} ]*\}$")  # the id that a heading gives itself
UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*")
CODE = re.compile(r" {0,3}(```|~~~)")


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A heading by its words in Markdown: the index of its first line, and how many it takes."""

    words: str
    level: int
    at: int
    lines: int


def first_heading(text: list[str]) -> Heading | None:
    """The first heading among these lines, code apart."""
    fence = ""
    for at, line in enumerate(text):
        if mark := CODE.match(line):
            fence = "" if mark[1] == fence else fence or mark[1]
        elif not fence and (found := _with_hashes(line, at) or _underlined(text, at)):
            return found
    return None


def _with_hashes(line: str, at: int) -> Heading | None:
    found = HASHES.match(line)
    words = _without_id(line[found.end() :].rstrip().rstrip("#")) if found else ""
    return Heading(words=words, level=len(found[1]), at=at, lines=1) if found and words else None


def _underlined(text: list[str], at: int) -> Heading | None:
    found = UNDERLINE.fullmatch(text[at])
    words = _without_id(text[at - 1]) if at else ""
    level = {"=": 1, "-": 2}.get(found[1][0], 0) if found else 0
    return Heading(words=words, level=level, at=at - 1, lines=2) if level and words else None


def _without_id(words: str) -> str:
    return NAMED.sub("", words.strip()).strip()
