"""A source file taken apart: its head, in whatever notation, and its body."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from publisher.domain.issue import BadSource
from publisher.rendering.heads.notations import (
    ADD_A_HEAD,
    LONGEST,
    NO_ISSUE,
    Head,
    is_meta,
    json_head,
    meta_head,
    toml_head,
    yaml_head,
)

FENCES = {"---": yaml_head, "+++": toml_head}
META = "Name: value"  # the sign of Pelican's fields
WITHOUT_TEXT = "a JSON document without a text after it"


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file taken apart.

    `lines` has the line of each field of the head, `body_line` the one on which the body begins.
    `sign` is what the head begins with, "" where there is none.
    """

    fields: Mapping[str, Any]
    body: str
    body_line: int
    lines: Mapping[str, int]
    sign: str = ""


def take_apart(path: str, text: str) -> Source:
    """Separate front matter and body; a file without the one is all body.

    Raises BadSource with the line of the mistake.
    """
    start = re.match(r"\s*", text)
    blank = start.end() if start else 0
    first_line = 1 + text.count("\n", 0, blank)
    text = text[blank:]
    fence = text.partition("\n")[0].rstrip()
    if fence in FENCES:
        return _fenced(path, text, fence, first_line)
    if text.startswith("{"):
        found, end = json_head(path, text, first_line)
        if not text[end:].strip() and "title" not in found.fields:
            raise BadSource(path, NO_ISSUE + WITHOUT_TEXT, line=first_line, remedy=ADD_A_HEAD)
        return _source(found, end, text, first_line, "{")
    if is_meta(text):
        return _source(*meta_head(path, text, first_line), text, first_line, META)
    return Source(fields={}, lines={}, body=text, body_line=first_line)


def _fenced(path: str, text: str, fence: str, first_line: int) -> Source:
    head = text[: LONGEST + 8]
    closing = re.search(rf"^{re.escape(fence)}[ \t]*$", head[len(fence) :], re.MULTILINE)
    if closing is None:
        too_long = f"the front matter is longer than {LONGEST // 1024} kB"
        open_ended = NO_ISSUE + f"the front matter has no closing line {fence}"
        reason = too_long if len(text) > len(head) else open_ended
        raise BadSource(path, reason, line=first_line, remedy=f"end it with a line {fence}")
    end = len(fence) + closing.start()
    inner = text[len(fence) : end].partition("\n")[2]
    found = FENCES[fence](path, inner, first_line + 1)
    after = len(fence) + closing.end()
    return _source(found, after + text[after:].startswith("\n"), text, first_line, fence)


def _source(head: Head, end: int, text: str, first_line: int, sign: str) -> Source:
    return Source(
        sign=sign,
        fields=head.fields,
        lines=head.lines,
        body=text[end:],
        body_line=first_line + text.count("\n", 0, end),
    )
