"""Markdown to HTML as Goldmark, Hugo's renderer, does it."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TypeVar

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin

from publisher.domain.habits import Habits
from publisher.domain.issue import BadSource
from publisher.rendering.shortcodes import PLACEHOLDER

DEEPEST = 100  # levels; markdown-it silently drops blocks nested deeper
TYPOGRAPHY = (("...", "…"), ("---", "—"), ("--", "–"), ("<<", "«"), (">>", "»"))
MOST_BLOCKS = 15_000  # paragraphs, headings, items: a long issue has a few hundred
LONGEST_PARAGRAPH = 32 * 1024  # characters
COSTLY = "[(\"'"  # finding the other end of these takes time by the square of their number
MOST_COSTLY = 1000  # in one paragraph
TOO_DEEP, FEWER_LEVELS = "nested too deeply", "use fewer levels of lists and quotes"
EXPLICIT_ID = re.compile(r"\s*\{\s*#([\w-]+)[^}]*\}\s*$")

Parsed = TypeVar("Parsed")


def render(path: str, body: str, habits: Habits) -> str:
    """The HTML of a whole body; unsafe until sanitised. Raises BadSource if nested too deeply."""
    tokens = _bounded(path, PARSER.parse, body)
    if any(token.level >= DEEPEST - 2 for token in tokens):
        raise BadSource(path, TOO_DEEP, remedy=FEWER_LEVELS)
    _name_headings(tokens)
    _align_cells(tokens)
    if habits.typographer:
        _set_dashes(tokens)
    _note_paragraphs(tokens)
    return str(PARSER.renderer.render(tokens, PARSER.options, {}))


def render_inline(path: str, text: str) -> str:
    """The HTML of a caption: one line, no paragraph around it; unsafe until sanitised."""
    return _bounded(path, PARSER.renderInline, text) if text else ""


def _bounded(path: str, parse: Callable[[str], Parsed], text: str) -> Parsed:
    try:
        return parse(text)
    except RecursionError as error:
        raise BadSource(path, TOO_DEEP, remedy=FEWER_LEVELS) from error
    except OverflowError as error:
        raise BadSource(path, str(error), remedy="divide it") from error


def anchor(heading: str) -> str:
    """Goldmark's heading id in GitHub style: letters, digits, _ and - stay, spaces are hyphens."""
    kept = (_anchor_character(c) for c in PLACEHOLDER.sub("", heading).strip())
    return "".join(kept) or "heading"


def _anchor_character(character: str) -> str:
    if character in "- ":
        return "-"
    category = unicodedata.category(character)
    return character.lower() if category[0] == "L" or category == "Nd" or character == "_" else ""


def _keep_bounds(state: StateCore) -> None:
    """Refuse, before it is looked into, a paragraph that would take minutes."""
    if len(state.tokens) > 3 * MOST_BLOCKS:
        raise OverflowError(f"more than {MOST_BLOCKS} paragraphs, headings or list items")
    for token in state.tokens:
        if token.type != "inline":
            continue
        if len(token.content) > LONGEST_PARAGRAPH:
            raise OverflowError(f"a paragraph longer than {LONGEST_PARAGRAPH // 1024} kB")
        for mark in COSTLY:
            if token.content.count(mark) > MOST_COSTLY:
                raise OverflowError(f"a paragraph with more than {MOST_COSTLY} {mark}")


def _headings(tokens: Sequence[Token]) -> Iterator[tuple[Token, Token]]:
    for opening, inline in pairwise(tokens):
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


def _set_dashes(tokens: Sequence[Token]) -> None:
    """Dashes, dots and guillemets as Goldmark sets them; addresses are left alone."""
    for inline in tokens:
        for before, child in pairwise([inline, *(inline.children or ())]):
            if child.type == "text" and before.info != "auto":
                for typed, meant in TYPOGRAPHY:
                    child.content = child.content.replace(typed, meant)


def _note_paragraphs(tokens: Sequence[Token]) -> None:
    """Mark placeholders inside a paragraph, which a figure has to interrupt."""
    for opening, inline in pairwise(tokens):
        if opening.type == "paragraph_open" and not opening.hidden:
            for child in inline.children or ():
                if child.type == "text":
                    child.content = PLACEHOLDER.sub(_in_paragraph, child.content)


def _in_paragraph(match: re.Match[str]) -> str:
    return match[0][:-1] + "p" + match[0][-1]


def _parser() -> MarkdownIt:
    options = {"html": True, "linkify": True, "typographer": True, "maxNesting": DEEPEST}
    parser = MarkdownIt("commonmark", options)
    parser.enable(["table", "strikethrough", "linkify", "smartquotes"])
    parser.use(deflist_plugin)
    parser.core.ruler.before("inline", "bounds", _keep_bounds)
    if parser.linkify is not None:
        parser.linkify.set({"fuzzy_link": False, "fuzzy_email": True})
    return parser


PARSER = _parser()
