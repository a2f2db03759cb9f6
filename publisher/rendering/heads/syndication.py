"""The list `syndication` in a source's head: written, replaced, taken out; no other byte changes.

It has the addresses under which a page is found elsewhere, as the IndieWeb names it:
https://indieweb.org/posts-elsewhere
"""

import codecs
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from publisher.domain.issue import BadSource
from publisher.rendering.heads.frontmatter import FENCES
from publisher.rendering.heads.members import members
from publisher.rendering.heads.notations import Head, json_head
from publisher.rendering.opening import decoded, refuse_conflicts
from publisher.rendering.words import without_controls

NAME = "syndication"
ENTRY = re.compile(rf"""["']?{NAME}["']?[ \t]*[:=]""", re.IGNORECASE)
TABLE = re.compile(r"[ \t]*\[")
LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
LONGEST_LIST = 200  # lines
MOST_BYTES = 256 * 1024  # in which a head ends, if it does
WRITE_IT = "begin the file with a line ---, then `title:` and `date:`, then a line ---"
MOVE_IT = f"write an empty list `{NAME}` on a line of its own where it shall stand, and try again"
Lines = Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Notation:
    """How a fenced head is read, and how the list is written in it.

    `places` are lines before which a new list may go, `ends` lines before which one that begins
    at a line may be over: the likeliest first, for only what reads as it should is taken.
    """

    read: Callable[[str, str, int], Head]
    written: Callable[[Sequence[str]], list[str]]
    places: Callable[[Lines], Sequence[int]]
    ends: Callable[[Lines, int], Sequence[int]]


@dataclass(frozen=True, kw_only=True)
class _Fenced:
    """A file's lines with their ends: those of its head, and what stands around it."""

    before: str
    head: tuple[str, ...]
    after: str
    notation: Notation
    newline: str


def written(path: str, raw: bytes, urls: Sequence[str]) -> bytes:
    """A source file whose head has this list, in place of the one that is there.

    Raises BadSource for a file without a head, or with one that cannot be read or written into.
    """
    refuse_conflicts(path, decoded(path, raw))
    mark, text = _opened(raw)
    new = _changed(path, text, tuple(urls))
    if new is None:
        raise BadSource(path, f"its head cannot take the list `{NAME}`", line=1, remedy=MOVE_IT)
    return mark + new.encode()


def revision(raw: bytes) -> str:
    """What tells one text of a source from another: SHA-256, in hex.

    It is of the file without the list: that tells where the text is out, and is none of it.
    """
    return hashlib.sha256(_without(raw)).hexdigest()


def _without(raw: bytes) -> bytes:
    if NAME.encode() not in raw[:MOST_BYTES].lower():
        return raw
    try:
        mark, text = _opened(raw)
        bare = _changed("", text, ())
    except ValueError:  # whoever reads the file names what is wrong with it
        return raw
    return raw if bare is None else mark + bare.encode()


def _opened(raw: bytes) -> tuple[bytes, str]:
    mark = codecs.BOM_UTF8 if raw.startswith(codecs.BOM_UTF8) else b""
    return mark, raw[len(mark) :].decode()


def _changed(path: str, text: str, urls: tuple[str, ...]) -> str | None:
    """The text with this list, or with none where there are no addresses; None if it cannot be."""
    if text.lstrip().startswith("{"):
        return _in_json(path, text, urls)
    fenced = _fenced(path, text)
    before = _fields(path, fenced.head, fenced.notation)
    wanted = {**before, NAME: list(urls)} if urls else _others(before)
    for lines in _tries(fenced, urls, is_there=NAME in before):
        try:
            if _fields(path, lines, fenced.notation) == wanted:
                return fenced.before + "".join(lines) + fenced.after
        except BadSource:
            continue
    return None


def _others(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name != NAME}


def _fenced(path: str, text: str) -> _Fenced:
    lines = LINE.findall(text)
    first = next((n for n, line in enumerate(lines) if line.strip()), 0)
    fence = lines[first].rstrip() if lines else ""
    if fence not in NOTATIONS:
        raise BadSource(path, "has no head that a list could stand in", line=1, remedy=WRITE_IT)
    last = next((n for n in range(first + 1, len(lines)) if lines[n].rstrip() == fence), 0)
    if not last:
        remedy = f"end it with a line {fence}"
        raise BadSource(path, f"the head has no closing line {fence}", line=1, remedy=remedy)
    return _Fenced(
        before="".join(lines[: first + 1]),
        head=tuple(lines[first + 1 : last]),
        after="".join(lines[last:]),
        notation=NOTATIONS[fence],
        newline=lines[first][len(lines[first].rstrip("\r\n")) :],
    )


def _fields(path: str, lines: Lines, notation: Notation) -> Mapping[str, Any]:
    """What a head says; an empty one says nothing."""
    text = "".join(line.rstrip("\r\n") + "\n" for line in lines)
    return notation.read(path, without_controls(text), 2).fields if text.strip() else {}


def _tries(fenced: _Fenced, urls: Sequence[str], *, is_there: bool) -> Iterator[list[str]]:
    """The head's lines as they may become, the likeliest first."""
    lines, notation = fenced.head, fenced.notation
    new = [line + fenced.newline for line in notation.written(urls)] if urls else []
    if not is_there:
        for place in notation.places(lines):
            yield [*lines[:place], *new, *lines[place:]]
        return
    begins = (n for n, line in enumerate(lines) if ENTRY.match(line.lstrip()))
    for start in begins:
        for end in notation.ends(lines, start):
            yield [*lines[:start], *new, *lines[end:]]


def _yaml(urls: Sequence[str]) -> list[str]:
    return [f"{NAME}:", *(f"  - {json.dumps(url)}" for url in urls)]


def _yaml_ends(lines: Lines, start: int) -> Sequence[int]:
    """After the last line that is indented or an item; the comments behind it are another's."""
    end = start + 1
    for n in range(start + 1, len(lines)):
        if lines[n].startswith((" ", "\t", "-", "]")) and lines[n].strip():
            end = n + 1
        elif lines[n].strip() and not lines[n].startswith("#"):
            break
    return (end,)


def _toml(urls: Sequence[str]) -> list[str]:
    return [f"{NAME} = [", *(f"  {json.dumps(url)}," for url in urls), "]"]


def _toml_ends(lines: Lines, start: int) -> Sequence[int]:
    return range(start + 1, min(len(lines), start + LONGEST_LIST) + 1)


def _toml_places(lines: Lines) -> Sequence[int]:
    """Before the first table, whose field it would be; at the top where that cannot be told."""
    table = next((n for n, line in enumerate(lines) if TABLE.match(line)), len(lines))
    while table and not lines[table - 1].strip():
        table -= 1
    return (table, 0)


NOTATIONS = {
    "---": Notation(
        read=FENCES["---"],
        written=_yaml,
        places=lambda lines: (len(lines),),
        ends=_yaml_ends,
    ),
    "+++": Notation(read=FENCES["+++"], written=_toml, places=_toml_places, ends=_toml_ends),
}


def _in_json(path: str, text: str, urls: tuple[str, ...]) -> str | None:
    start = len(text) - len(text.lstrip())
    before, _ = json_head(path, text[start:], 1)
    found = members(text, start)
    there = next((n for n, one in enumerate(found) if one.name.lower() == NAME), None)
    value = json.dumps(list(urls), ensure_ascii=False)
    if there is not None and urls:
        return text[: found[there].value] + value + text[found[there].end :]
    if there is not None:
        if there == 0:
            end = found[1].name_at if len(found) > 1 else found[0].end
            return text[: found[0].name_at] + text[end:]
        return text[: found[there].before] + text[found[there].end :]
    if not urls or not before.fields:
        return None
    last = found[-1]
    space = text[last.before : last.name_at].lstrip(",")
    return f'{text[: last.end]},{space}"{NAME}": {value}{text[last.end :]}'
