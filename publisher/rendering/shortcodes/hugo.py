"""Hugo's notation: `{{< name … >}}`, `{{% name … %}}`, `{{</* literally */>}}`.

Source: https://gohugo.io/content-management/shortcodes/
"""

import re

from publisher.domain.issue import BadSource
from publisher.rendering.shortcodes.notation import Notation, arguments
from publisher.rendering.shortcodes.uses import Tag

START = re.compile(r"\{\{([<%])")
NAME = re.compile(r"\s*+(/?)\s*+([\w./-]*)")
ENDING = {"<": re.compile(r"\s*+(/?)\s*+>\}\}"), "%": re.compile(r"\s*+(/?)\s*+%\}\}")}
CLOSING = {"<": ">}}", "%": "%}}"}


def _read(path: str, body: str, start: re.Match[str], line: int) -> tuple[Tag, int]:
    if body.startswith("/*", start.end()):
        return _literal(path, body, start, line)
    slash, name, position = _name(body, start.end())
    given = arguments(body, position)
    ending = ENDING[start[1]].match(body, given.end)
    if ending is None:
        remedy = f'write {start[0]} {name[:60]} name="value" {CLOSING[start[1]]}'
        raise BadSource(path, f"the shortcode {name[:60]} cannot be read", line=line, remedy=remedy)
    tag = Tag(
        name=name,
        line=line,
        closes=slash,
        alone=bool(ending[1]),
        in_markdown=start[1] == "%",
        positional=given.positional,
        named=given.named,
    )
    return tag, ending.end()


def _name(body: str, position: int) -> tuple[bool, str, int]:
    """Whether it closes, its name, and where that ends; a slash at the end is none of it."""
    found = NAME.match(body, position)
    if found is None:
        return False, "", position
    name = found[2].rstrip("/")
    return bool(found[1]), name, found.end() - len(found[2]) + len(name)


def _literal(path: str, body: str, start: re.Match[str], line: int) -> tuple[Tag, int]:
    closing = CLOSING[start[1]]
    end = body.find("*/" + closing, start.end())
    if end < 0:
        remedy = f"end it with */{closing}"
        raise BadSource(path, "a shortcode comment is not closed", line=line, remedy=remedy)
    text = start[0] + body[start.end() + 2 : end] + closing
    return Tag(line=line, text=text), end + 2 + len(closing)


HUGO = Notation(start=START, read=_read, in_code=True)
