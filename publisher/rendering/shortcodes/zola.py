"""Zola's notation: `{{ name(key="value") }}`, `{% name() %}…{% end %}`, `{{/* literally() */}}`.

Source: https://www.getzola.org/documentation/content/shortcodes/
"""

import re

from publisher.domain.issue import BadSource
from publisher.rendering.shortcodes.notation import Notation, arguments
from publisher.rendering.shortcodes.uses import Tag

START = re.compile(r"(\{\{|\{%)(?:(/\*)|\s*(end)\s*%\}|\s*([A-Za-z_][\w:]*)\s*\()")
ENDING = {"{{": re.compile(r"[\s,]*\)\s*\}\}"), "{%": re.compile(r"[\s,]*\)\s*%\}")}
CLOSING = {"{{": "}}", "{%": "%}"}


def _read(path: str, body: str, start: re.Match[str], line: int) -> tuple[Tag, int] | None:
    if start[2]:
        return _literal(body, start, line)
    if start[3]:
        return Tag(line=line, closes=True), start.end()
    given = arguments(body, start.end())
    ending = ENDING[start[1]].match(body, given.end)
    name = start[4]
    if ending is None:
        remedy = f'write {start[1]} {name[:60]}(name="value") {CLOSING[start[1]]}'
        raise BadSource(path, f"the shortcode {name[:60]} cannot be read", line=line, remedy=remedy)
    alone = start[1] == "{{"
    return Tag(name=name, line=line, alone=alone, named=given.named), ending.end()


def _literal(body: str, start: re.Match[str], line: int) -> tuple[Tag, int] | None:
    closing = CLOSING[start[1]]
    end = body.find("*/" + closing, start.end())
    if end < 0:
        return None
    text = start[1] + body[start.end() : end] + closing
    return Tag(line=line, text=text), end + 2 + len(closing)


ZOLA = Notation(start=START, read=_read, in_code=False)
