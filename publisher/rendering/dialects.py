"""What a generator's Markdown has beside Markdown, made Markdown or taken out.

Docusaurus: https://docusaurus.io/docs/markdown-features (MDX, admonitions).
Jekyll: https://kramdown.gettalong.org/syntax.html#inline-attribute-lists.
Pelican: https://docs.getpelican.com/en/latest/content.html (links to other content).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from html import escape

from publisher.domain.habits import Habits
from publisher.rendering.shortcodes.code import code_spans, inside, outside_code

Change = Callable[[str], str]

MODULE_LINES = re.compile(
    r"^(?:import|export)\s[^\n]*(?:\n(?![ \t]*(?:\n|\Z))[^\n]*)*", re.MULTILINE
)
IMPORT_LINE = re.compile(r"^import\s[^\n;]*from\s*(['\"])[^'\"\n]+\1;?[ \t]*$", re.MULTILINE)
JSX_COMMENT = re.compile(r"\{/\*(?:(?!\{/\*).)*?\*/\}", re.DOTALL)
DEEPEST = 20  # admonitions inside one another
# No alternative begins as another does, so that nothing is tried twice. Possessive groups would
# say the same, but Python before 3.11.5 gets them wrong.
EXPRESSION = r"\{[^{}]*(?:\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}[^{}]*)*\}"
PROPERTIES = rf"""(?:\s(?:[^<>{{}}"'/]|/(?!>)|"[^"]*"|'[^']*'|{EXPRESSION})*)?"""
COMPONENT = re.compile(rf"<[A-Z][\w.]*{PROPERTIES}/>")
FRAME = re.compile(rf"<[A-Z][\w.]*{PROPERTIES}>|</[A-Z][\w.]*\s*>")
LINK = re.compile(
    r"""<Link\b[^<>]{0,300}?\sto=("[^"<>]*"|'[^'<>]*')[^<>]*>((?:(?!<Link\b)[^`]){0,2000}?)</Link>"""
)
ELEMENT = re.compile(rf"<[a-z][\w-]*{PROPERTIES}/?>")
PROPERTY = re.compile(rf"\s([A-Za-z][\w-]*)=({EXPRESSION})")
LITERAL = re.compile(  # a number, a text, or the file that a call names
    r"""\{\s*(?:(?:require|useBaseUrl)\()?\s*(\d+|(['"`])(?P<text>[^'"`]*)\2)\s*\)?(?:\.default)?\s*\}"""
)
SPACE = re.compile(r"""\{(['"`])([ ]*)\1\}""")
ATTRIBUTE_LIST = re.compile(r"\{:(?:\s*[.#:\w-][^{}\n]*|/[^{}\n]*)\}")
CONTENTS = re.compile(
    r"^ {0,3}(?:[-*+]|\d{1,9}[.)])[ \t][^\n]*\n[ \t]*\{:toc\b[^{}\n]*\}", re.MULTILINE
)
ADMONITION = re.compile(r"^(:{3,})[ \t]*([a-z]+)[ \t]*(?:\[([^\]\n]*)\]|([^\n{]*))[^\n]*$")
ADMONITION_END = re.compile(r"^(:{3,})[ \t]*$")
SITES_FILE = re.compile(r"(?<=\()(?:\{(?:static|attach)\}|\|(?:static|attach)\|)/?")


def plain_markdown(body: str, habits: Habits) -> str:
    """The body with the marks of its generator's dialect made Markdown; lines stay lines."""
    for change in CHANGES[habits.generator]:
        body = change(body)
    return body


def _blanked(pattern: re.Pattern[str]) -> Change:
    """Take out what matches outside code, its line breaks excepted."""

    def change(body: str) -> str:
        return outside_code(body, lambda text: pattern.sub(lambda m: "\n" * m[0].count("\n"), text))

    return change


def _plain_elements(body: str) -> str:
    """HTML in place of JSX: links as such, properties that are plain values, none of the others."""

    def change(text: str) -> str:
        text = SPACE.sub(r"\2", LINK.sub(r"<a href=\1>\2</a>", text))
        return ELEMENT.sub(lambda element: PROPERTY.sub(_plain_property, element[0]), text)

    return outside_code(body, change)


def _plain_property(written: re.Match[str]) -> str:
    value = LITERAL.fullmatch(written[2])
    lines = "\n" * written[0].count("\n")
    return f'{lines} {written[1]}="{escape(value["text"] or value[1])}"' if value else lines


def _quoted_admonitions(body: str) -> str:
    """`:::note Title` to `:::` becomes a quotation headed by its title."""
    code = code_spans(body) if ":::" in body else []
    depth: list[int] = []
    lines: list[str] = []
    offset = 0
    for line in body.split("\n"):
        quiet = inside(code, offset)
        lines.append(line if quiet and not depth else _quoted(line, depth, quiet=quiet))
        offset += len(line) + 1
    return "\n".join(lines)


def _quoted(line: str, depth: list[int], *, quiet: bool) -> str:
    opening = None if quiet else ADMONITION.match(line)
    if opening and len(depth) < DEEPEST:
        depth.append(len(opening[1]))
        title = (opening[3] or opening[4] or "").strip() or opening[2].capitalize()
        return "> " * len(depth) + f"**{title}**  "  # a break, where words follow at once
    closing = None if quiet else ADMONITION_END.match(line)
    if closing and depth and len(closing[1]) <= depth[-1]:
        depth.pop()
        return ("> " * len(depth)).rstrip()
    return "> " * len(depth) + line


MDX = (_blanked(JSX_COMMENT), _blanked(COMPONENT), _quoted_admonitions)
CHANGES: Mapping[str, Sequence[Change]] = {
    "": (_blanked(IMPORT_LINE), *MDX, _blanked(ATTRIBUTE_LIST)),
    "hugo": (),
    "zola": (),
    "pelican": (lambda body: outside_code(body, lambda text: SITES_FILE.sub("/", text)),),
    "jekyll": (_blanked(CONTENTS), _blanked(ATTRIBUTE_LIST)),
    "docusaurus": (_blanked(MODULE_LINES), _plain_elements, *MDX, _blanked(FRAME)),
}
