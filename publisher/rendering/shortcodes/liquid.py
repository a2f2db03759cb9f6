"""Jekyll's notation: `{% name … %}`, `{% raw %}…{% endraw %}`, `{{ site.baseurl }}`.

Sources: https://jekyllrb.com/docs/liquid/tags/ and https://shopify.github.io/liquid/
"""

import re

from publisher.domain.issue import BadSource
from publisher.rendering.shortcodes.notation import Notation, arguments
from publisher.rendering.shortcodes.uses import Tag

START = re.compile(
    r"\{%-?\s*(?P<tag>[a-z_]\w*)"
    r"|\{\{-?[ \t]{0,20}(?P<said>[^{}\n]{0,300}?)[ \t]{0,20}-?\}\}"
)
ENDING = re.compile(r"\s*-?%\}")
VERBATIM = ("raw", "comment")
FILE = re.compile(r"\s*(?P<name>[\w-]+)(?:/[\w-]+)*(?:\.\w+)?")
VARIABLE = re.compile(r"(?:site|page)\.\w+")
LITERAL = re.compile(r"""(?:"([^"]*)"|'([^']*)')\s*\|\s*(?:relative_url|absolute_url)""")
PREFIXED = re.compile(r"""(?:"([^"]*)"|'([^']*)')\s*\|\s*prepend:\s*site\.(?:baseurl|url)""")


def _read(path: str, body: str, start: re.Match[str], line: int) -> tuple[Tag, int] | None:
    if start["said"] is not None:
        tag = _variable(start["said"], line)
        return (tag, start.end()) if tag else None
    if start["tag"] in VERBATIM:
        return _verbatim(path, body, start, line)
    name, position = start["tag"], start.end()
    if name in ("include", "include_cached") and (file := FILE.match(body, position)):
        name, position = file["name"], file.end()
    given = arguments(body, position)
    ending = ENDING.match(body, given.end)
    if ending is None:
        reason = f"the tag {name[:60]} cannot be read"
        raise BadSource(path, reason, line=line, remedy=f'write {{% {name[:60]} name="value" %}}')
    closes = name.startswith("end")
    tag = Tag(
        name=name.removeprefix("end") if closes else name,
        line=line,
        closes=closes,
        positional=given.positional,
        named=given.named,
    )
    return tag, ending.end()


def _verbatim(path: str, body: str, start: re.Match[str], line: int) -> tuple[Tag, int]:
    """What stands in `raw` is said as it is, what stands in `comment` is not said."""
    name = start["tag"]
    opening = ENDING.match(body, start.end())
    end = re.compile(rf"\{{%-?\s*end{name}\s*-?%\}}").search(body, start.end())
    if opening is None or end is None:
        remedy = f"end it with {{% end{name} %}}"
        raise BadSource(path, f"{{% {name} %}} is not closed", line=line, remedy=remedy)
    said = body[opening.end() : end.start()] if name == "raw" else ""
    return Tag(line=line, text=said, in_markdown=True), end.end()


def _variable(said: str, line: int) -> Tag | None:
    if found := LITERAL.fullmatch(said) or PREFIXED.fullmatch(said):
        return Tag(line=line, text=found[1] or found[2] or "", in_markdown=True)
    if VARIABLE.fullmatch(said):
        return Tag(line=line, name=said, alone=True, in_markdown=True)
    return None


LIQUID = Notation(start=START, read=_read, in_code=True)
