"""Markdown to HTML as Goldmark, Hugo's renderer, does it."""

import functools
import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeVar

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin

from publisher.domain.habits import Habits
from publisher.domain.issue import BadSource
from publisher.rendering.goldmark.addresses import START, addresses_plugin
from publisher.rendering.goldmark.emojis import emojis_plugin
from publisher.rendering.goldmark.footnotes import footnotes_plugin
from publisher.rendering.goldmark.headings import headings, name_headings, take_attributes
from publisher.rendering.goldmark.passages import count_brackets
from publisher.rendering.goldmark.strikes import strikes_plugin
from publisher.rendering.goldmark.tasks import tasks_plugin
from publisher.rendering.goldmark.typography import typography_plugin
from publisher.rendering.places import LINE
from publisher.rendering.shortcodes.places import PLACEHOLDER

DEEPEST = 100  # levels; markdown-it silently drops blocks nested deeper
MOST_TOKENS = 45_000  # paragraphs, headings, items and cells, about three each
MOST_LINES = 10_000  # a long issue has a few hundred
MOST_MARKS = 24_000  # a long issue has 1,500, one of 300 kB 20,000 at the most
MARK = re.compile(r"[\[\]!*_`<>&:\\~'\"@|]|www\.|--|\.\.\.")  # what a rule has to look into
BARE = re.compile(r"(?<![(<\"'])\b(?:https?|ftp)://|@")
MOST_COLUMNS = 200  # of a table
LONGEST_PARAGRAPH = 32 * 1024  # characters
MOST_BRACKETS = 300  # in one paragraph: finding the other end takes time by their square
MOST_SQUARED = 200_000  # the sum of those squares
LONGEST_ADDRESS, LONGEST_TITLE = 2048, 500  # characters: a reference may be used many times
TOO_DEEP, FEWER_LEVELS = "nested too deeply", "use fewer levels of lists and quotes"
PAUSE = re.compile(rf"[\n!&*:<\[\\\]_`~'\"]|--|>>|\.\.\.|{START}")  # where a rule may begin

Parsed = TypeVar("Parsed")
Plugin = Callable[[MarkdownIt], None]

ALWAYS: tuple[Plugin, ...] = (
    deflist_plugin,
    addresses_plugin,
    strikes_plugin,
    tasks_plugin,
    footnotes_plugin,
)


def render(path: str, body: str, habits: Habits, lines: Sequence[int] = ()) -> str:
    """The HTML of a whole body; unsafe until sanitised. Raises BadSource if nested too deeply.

    Blocks carry the line they began on, where `lines` has one for each line of the body.
    """
    parser = _parser(habits)
    tokens = _bounded(path, parser.parse, body)
    if any(token.level >= DEEPEST - 2 for token in tokens):
        raise BadSource(path, TOO_DEEP, remedy=FEWER_LEVELS)
    name_headings(tokens)
    _align_cells(tokens)
    _note_paragraphs(tokens)
    if lines:
        _note_lines(tokens, lines)
    return str(parser.renderer.render(tokens, parser.options, {}))


def render_inline(path: str, text: str, habits: Habits) -> str:
    """The HTML of a caption: one line, no paragraph around it; unsafe until sanitised."""
    return _bounded(path, _parser(habits).renderInline, text) if text else ""


def _bounded(path: str, parse: Callable[[str], Parsed], text: str) -> Parsed:
    try:
        return parse(text)
    except RecursionError as error:
        raise BadSource(path, TOO_DEEP, remedy=FEWER_LEVELS) from error
    except OverflowError as error:
        raise BadSource(path, str(error), remedy="divide it") from error


def look_over(path: str, body: str) -> None:
    """Refuse a whole body that would take more than seconds. Raises BadSource with the remedy."""
    marks = sum(1 for _ in MARK.finditer(body))
    bare = sum(1 for _ in BARE.finditer(body))  # to make a link of one takes as long as three marks
    for what, number, most in (
        ("lines", body.count("\n"), MOST_LINES),
        ("columns", max(line.count("|") for line in body.split("\n")), MOST_COLUMNS),
        ("marks of Markdown", marks + 2 * bare, MOST_MARKS),
    ):
        if number > most:
            raise BadSource(path, f"more than {most} {what}", remedy="divide it")


def _keep_bounds(state: StateCore) -> None:
    """Refuse, before it is looked into, a paragraph that would take minutes."""
    _keep_references_short(state)
    if len(state.tokens) > MOST_TOKENS:
        raise OverflowError(f"more than {MOST_TOKENS // 3} paragraphs, headings, items or cells")
    squared = 0
    for token in state.tokens:
        if token.type == "inline":
            brackets = _brackets(token.content)
            squared += brackets * brackets
    if squared > MOST_SQUARED:
        raise OverflowError("too many brackets in long paragraphs")


def _brackets(paragraph: str) -> int:
    if len(paragraph) > LONGEST_PARAGRAPH:
        raise OverflowError(f"a paragraph longer than {LONGEST_PARAGRAPH // 1024} kB")
    brackets = max(paragraph.count("["), paragraph.count("("))
    if brackets > MOST_BRACKETS:
        raise OverflowError(f"a paragraph with more than {MOST_BRACKETS} brackets")
    return brackets


def _keep_references_short(state: StateCore) -> None:
    for name, reference in list(state.env.get("references", {}).items()):
        if len(reference["href"]) > LONGEST_ADDRESS or len(reference["title"]) > LONGEST_TITLE:
            del state.env["references"][name]


def _align_cells(tokens: Sequence[Token]) -> None:
    """Say the alignment without a style, which sanitising would take off."""
    for token in tokens:
        style = token.attrs.pop("style", None) if token.type in ("th_open", "td_open") else None
        if style:
            token.attrSet("align", str(style).removeprefix("text-align:"))


def _note_lines(tokens: Sequence[Token], lines: Sequence[int]) -> None:
    for token in tokens:
        if token.nesting == 1 and token.map and not token.hidden:
            token.attrSet(LINE, str(lines[token.map[0]]))


def _note_paragraphs(tokens: Sequence[Token]) -> None:
    """Mark placeholders inside a paragraph, which a figure has to interrupt."""
    for opening, inline in pairwise(tokens):
        if opening.type == "paragraph_open" and not opening.hidden:
            for child in inline.children or ():
                if child.type == "text":
                    child.content = PLACEHOLDER.sub(_in_paragraph, child.content)


def _in_paragraph(match: re.Match[str]) -> str:
    return match[0][:-1] + "p" + match[0][-1]


def _take_attributes(state: StateCore) -> None:
    for _, inline in headings(state.tokens):
        take_attributes(inline)


def _parser(habits: Habits) -> MarkdownIt:
    plugins = [
        plugin
        for plugin, wanted in (
            (typography_plugin, habits.typographer),
            (emojis_plugin, habits.emoji),
        )
        if wanted
    ]
    return _with(*plugins)


@functools.cache
def _with(*plugins: Plugin) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": DEEPEST}).enable("table")
    for plugin in (*ALWAYS, *plugins):
        parser.use(plugin)
    parser.core.ruler.before("inline", "attributes", _take_attributes)
    parser.core.ruler.before("attributes", "bounds", _keep_bounds)
    parser.inline.ruler.push("brackets", count_brackets)
    parser.inline.terminator_re = PAUSE
    return parser
