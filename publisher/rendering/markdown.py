"""Markdown to HTML as Goldmark, Hugo's renderer, does it."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin

from publisher.domain.issue import BadSource
from publisher.rendering.shortcodes import PLACEHOLDER

DEEPEST = 100  # levels; markdown-it silently drops blocks nested deeper
EXPLICIT_ID = re.compile(r"\s*\{\s*#([\w-]+)[^}]*\}\s*$")


def _parser() -> MarkdownIt:
    options = {"html": True, "linkify": True, "typographer": True, "maxNesting": DEEPEST}
    parser = MarkdownIt("commonmark", options)
    parser.enable(["table", "strikethrough", "linkify", "smartquotes"])
    parser.use(deflist_plugin)
    if parser.linkify is not None:
        parser.linkify.set({"fuzzy_link": False, "fuzzy_email": True})
    return parser


PARSER = _parser()


def render(path: str, body: str) -> str:
    """The HTML of a whole body; unsafe until sanitised. Raises BadSource if nested too deeply."""
    too_deep = BadSource(path, "nested too deeply", remedy="use fewer levels of lists and quotes")
    try:
        tokens = PARSER.parse(body)
    except RecursionError as error:
        raise too_deep from error
    if any(token.level >= DEEPEST - 2 for token in tokens):
        raise too_deep
    _name_headings(tokens)
    _align_cells(tokens)
    _note_paragraphs(tokens)
    return str(PARSER.renderer.render(tokens, PARSER.options, {}))


def render_inline(text: str) -> str:
    """The HTML of a caption: one line, no paragraph around it; unsafe until sanitised."""
    return str(PARSER.renderInline(text)) if text else ""


def anchor(heading: str) -> str:
    """Goldmark's heading id in GitHub style: letters, digits, _ and - stay, spaces are hyphens."""
    kept = (_anchor_character(c) for c in PLACEHOLDER.sub("", heading).strip())
    return "".join(kept) or "heading"


def _anchor_character(character: str) -> str:
    if character in "- ":
        return "-"
    category = unicodedata.category(character)
    return character.lower() if category[0] == "L" or category == "Nd" or character == "_" else ""


def _headings(tokens: Sequence[Token]) -> Iterator[tuple[Token, Token]]:
    for opening, inline in zip(tokens, tokens[1:], strict=False):
        if opening.type == "heading_open":
            yield opening, inline


def _name_headings(tokens: Sequence[Token]) -> None:
    seen: dict[str, int] = {}
    for opening, inline in _headings(tokens):
        name = _explicit_id(inline) or anchor(inline.content.rpartition("\n")[2])
        unique = name
        while unique in seen:
            unique = f"{name}-{seen[name]}"
            seen[name] += 1
        seen[unique] = 1
        opening.attrSet("id", unique)


def _explicit_id(inline: Token) -> str:
    """Take `{#name}` off the end of a heading."""
    explicit = EXPLICIT_ID.search(inline.content[-200:])
    last = inline.children[-1] if inline.children else None
    if explicit is None or last is None or last.type != "text":
        return ""
    last.content = EXPLICIT_ID.sub("", last.content)
    return explicit[1]


def _align_cells(tokens: Sequence[Token]) -> None:
    """Say the alignment without a style, which sanitising would take off."""
    for token in tokens:
        style = token.attrs.pop("style", None) if token.type in ("th_open", "td_open") else None
        if style:
            token.attrSet("align", str(style).removeprefix("text-align:"))


def _note_paragraphs(tokens: Sequence[Token]) -> None:
    """Mark placeholders inside a paragraph, which a figure has to interrupt."""
    for opening, inline in zip(tokens, tokens[1:], strict=False):
        if opening.type == "paragraph_open" and not opening.hidden:
            for child in inline.children or ():
                if child.type == "text":
                    child.content = PLACEHOLDER.sub(_in_paragraph, child.content)


def _in_paragraph(match: re.Match[str]) -> str:
    return match[0][:-1] + "p" + match[0][-1]
