"""Hugo's shortcodes: found in the source, set aside before Markdown, put back after.

As in Hugo they are expanded everywhere, in code too; `{{</* … */>}}` keeps one literally.
Known are `figure`, and `newsletter-subscribe`, which says nothing: who reads a copy is
subscribed already, or finds the form at the address the copy names. Any other is a mistake,
for its source text must not reach readers.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape

from publisher.domain.issue import BadSource

OPEN, CLOSE = "\U0010ff00", "\U0010ff01"  # private use: never in a source, untouched by Markdown
PLACEHOLDER = re.compile(f"{OPEN}(\\d+)(p?){CLOSE}")
QUOTED_PLACEHOLDER = re.compile(r"%F4%8F%BC%80\d+p?%F4%8F%BC%81")
TAG = re.compile(r"(<[^<>]*>)")
START = re.compile(r"\{\{([<%])")
NAME = re.compile(r"\s*(/?[\w./-]*)")
ARGUMENT = re.compile(
    r"""\s*(?:(?P<name>[\w-]+)\s*=\s*)?
        (?:"(?P<double>(?:[^"\\]|\\.)*)"|`(?P<raw>[^`]*)`|'(?P<single>[^']*)'
          |(?P<bare>(?!/?[>%]\}\}|["`'])[^\s"`]+?(?=\s|/?[>%]\}\})))""",
    re.VERBOSE | re.DOTALL,
)

Words = Callable[[str], str]


@dataclass(frozen=True, kw_only=True)
class Shortcode:
    """One use. `literal` is the text to show where it was escaped."""

    name: str
    arguments: Mapping[str, str]
    line: int
    literal: str = ""


def set_aside(path: str, body: str, first_line: int) -> tuple[str, tuple[Shortcode, ...]]:
    """Replace every shortcode by a placeholder. Raises BadSource, with the line.

    `first_line` is the line of the file on which `body` begins.
    """
    pieces: list[str] = []
    found: list[Shortcode] = []
    done, line = 0, first_line
    while start := START.search(body, done):
        line += body.count("\n", done, start.start())
        pieces.append(body[done : start.start()])
        shortcode, end = _read(path, body, start, line)
        pieces.append(f"{OPEN}{len(found)}{CLOSE}")
        found.append(shortcode)
        line += body.count("\n", start.start(), end)
        done = end
    pieces.append(body[done:])
    return "".join(pieces), tuple(found)


def put_back(html: str, shortcodes: tuple[Shortcode, ...], *, markdown: Words, plain: Words) -> str:
    """Replace the placeholders in rendered HTML by what their shortcodes say.

    `markdown` renders a caption to inline HTML, `plain` takes the markup off again.
    """
    shown = [_html(shortcode, markdown=markdown, plain=plain) for shortcode in shortcodes]

    def show(match: re.Match[str]) -> str:
        html = shown[int(match[1])]
        return f"</p>{html}\n<p>" if match[2] and html.startswith("<figure") else html

    def mend(part: str) -> str:
        if part.startswith("<"):
            return QUOTED_PLACEHOLDER.sub("", PLACEHOLDER.sub("", part))
        return PLACEHOLDER.sub(show, part)

    return "".join(mend(part) for part in TAG.split(html))


def _read(path: str, body: str, start: re.Match[str], line: int) -> tuple[Shortcode, int]:
    closing = "%}}" if start[1] == "%" else ">}}"
    if body.startswith("/*", start.end()):
        end = body.find("*/" + closing, start.end())
        if end < 0:
            raise BadSource(path, "a shortcode comment is not closed", line=line)
        literal = start[0] + body[start.end() + 2 : end] + closing
        return Shortcode(name="", arguments={}, line=line, literal=literal), end + 2 + len(closing)
    named = NAME.match(body, start.end())
    name = named[1] if named else ""
    _known(path, name, line)
    arguments, end = _arguments(body, named.end() if named else start.end())
    ending = re.compile(r"\s*/?" + re.escape(closing)).match(body, end)
    if ending is None:
        remedy = f'write {start[0]} {name} name="value" {closing}'
        raise BadSource(path, f"the shortcode {name} cannot be read", line=line, remedy=remedy)
    _fits(path, name, arguments, line)
    return Shortcode(name=name, arguments=arguments, line=line), ending.end()


def _known(path: str, name: str, line: int) -> None:
    if name not in ("figure", "newsletter-subscribe"):
        remedy = f"known are figure and newsletter-subscribe; literally: {{{{</* {name} */>}}}}"
        raise BadSource(path, f"unknown shortcode: {name[:60]}", line=line, remedy=remedy)


def _fits(path: str, name: str, arguments: Mapping[str, str], line: int) -> None:
    if name == "figure" and not arguments.get("src"):
        raise BadSource(path, "a figure without src", line=line, remedy='add src="/images/…"')


def _arguments(body: str, position: int) -> tuple[dict[str, str], int]:
    arguments: dict[str, str] = {}
    while match := ARGUMENT.match(body, position):
        value = next(v for v in match.group("double", "raw", "single", "bare") if v is not None)
        if match["double"] is not None:
            value = re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)
        arguments[match["name"] or str(len(arguments))] = value
        position = match.end()
    return arguments, position


def _html(shortcode: Shortcode, *, markdown: Words, plain: Words) -> str:
    if shortcode.literal:
        return escape(shortcode.literal)
    if shortcode.name == "figure":
        return _figure(shortcode.arguments, markdown=markdown, plain=plain)
    return ""


def _figure(arguments: Mapping[str, str], *, markdown: Words, plain: Words) -> str:
    caption = markdown(arguments.get("caption", ""))
    alt = arguments.get("alt") or plain(caption)
    size = "".join(_attribute(name, arguments.get(name, "")) for name in ("width", "height"))
    image = f'<img src="{escape(arguments["src"])}" alt="{escape(alt)}"{size}>'
    if link := arguments.get("link"):
        image = f'<a href="{escape(link)}">{image}</a>'
    return f"<figure>{image}{_figcaption(arguments, caption, markdown)}</figure>"


def _figcaption(arguments: Mapping[str, str], caption: str, markdown: Words) -> str:
    title = arguments.get("title", "")
    source = markdown(arguments.get("attr", ""))
    if source and (link := arguments.get("attrlink")):
        source = f'<a href="{escape(link)}">{source}</a>'
    words = " ".join(part for part in (caption, source) if part)
    heading = f"<h4>{escape(title)}</h4>" if title else ""
    if not heading and not words:
        return ""
    return f"<figcaption>{heading}" + (f"<p>{words}</p>" if words else "") + "</figcaption>"


def _attribute(name: str, value: str) -> str:
    return f' {name}="{escape(value)}"' if value else ""
