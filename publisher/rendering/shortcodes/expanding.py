"""Shortcodes expanded: a body in, the HTML of the whole body out."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from html import escape

from markupsafe import Markup

from publisher.domain.habits import Habits
from publisher.domain.issue import BadSource, Site
from publisher.rendering.shortcodes.built_in import BUILT_IN, MARKDOWN, VERBATIM, Shortcode
from publisher.rendering.shortcodes.code import Span, code_spans, inside
from publisher.rendering.shortcodes.hugo import HUGO
from publisher.rendering.shortcodes.liquid import LIQUID
from publisher.rendering.shortcodes.notation import Notation
from publisher.rendering.shortcodes.places import filled, placed
from publisher.rendering.shortcodes.templates import (
    built_in_template,
    own_names,
    own_template,
    said,
)
from publisher.rendering.shortcodes.uses import Node, Piece, Tag, Text, Use, too_deep, tree
from publisher.rendering.shortcodes.zola import ZOLA

Words = Callable[[str], str]

UNTYPED = (HUGO, ZOLA, replace(LIQUID, in_code=False))
SPOKEN: Mapping[str, tuple[Notation, ...]] = {
    "": UNTYPED,
    "hugo": (HUGO,),
    "jekyll": (LIQUID,),
    "zola": (ZOLA,),
    "pelican": (),
    "docusaurus": (),
}
MOST = 1000  # shortcodes in one issue


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a shortcode may know of the page it stands on, and of its site."""

    path: str
    title: str
    url: str
    lang: str
    date: str
    site: Site


@dataclass(frozen=True, kw_only=True)
class Pen:
    """How words become HTML: Markdown with the line of the file for each of its lines, one line
    of Markdown, HTML without its markup; and where a page of the site lives that is named as in
    `ref`, "" for none.
    """

    block: Callable[[str, Sequence[int]], str]
    inline: Words
    plain: Words
    address: Words


@dataclass(frozen=True, kw_only=True)
class _Work:
    page: Page
    habits: Habits
    pen: Pen
    places: list[str]


def expanded(body: str, *, first_line: int, page: Page, habits: Habits, pen: Pen) -> str:
    """The unsafe HTML of a body. Raises BadSource, with the line, for an unknown shortcode.

    `first_line` is the line of the file on which the body begins.
    """
    pieces = _pieces(page.path, body, first_line, SPOKEN[habits.generator])
    nodes = tree(page.path, pieces)
    too_deep(page.path, nodes)
    work = _Work(page=page, habits=habits, pen=pen, places=[])
    return filled(pen.block(*_source(work, nodes)), work.places)


def _pieces(path: str, body: str, line: int, notations: Sequence[Notation]) -> Iterator[Piece]:
    done = 0
    code = code_spans(body) if any(not n.in_code for n in notations) else []
    tags = _tags(path, body, line, notations, code)
    for number, (start, tag, end) in enumerate(tags):
        if number >= MOST:
            reason = f"more than {MOST} shortcodes"
            raise BadSource(path, reason, line=tag.line, remedy="divide the issue")
        yield Text(typed=body[done:start], line=line)
        yield tag
        line += body.count("\n", done, end)
        done = end
    yield Text(typed=body[done:], line=line)


def _tags(
    path: str, body: str, line: int, notations: Sequence[Notation], code: Sequence[Span]
) -> Iterator[tuple[int, Tag, int]]:
    """Every tag with its place, the first notation that can read it first."""
    done, position = 0, 0
    waiting = {n: n.start.search(body) for n in notations}
    while found := _next(waiting):
        notation, start = found
        line += body.count("\n", position, start.start())
        position = start.start()
        quiet = not notation.in_code and inside(code, position)
        read = None if quiet else notation.read(path, body, start, line)
        if read:
            yield position, read[0], read[1]
            done = read[1]
        waiting[notation] = notation.start.search(body, max(done, position + 1))
        for other, match in waiting.items():
            if match and match.start() < done:
                waiting[other] = other.start.search(body, done)


def _next(
    waiting: Mapping[Notation, "re.Match[str] | None"],
) -> "tuple[Notation, re.Match[str]] | None":
    found = [(match.start(), at, n) for at, (n, match) in enumerate(waiting.items()) if match]
    if not found:
        return None
    _, _, notation = min(found, key=lambda entry: entry[:2])
    match = waiting[notation]
    return (notation, match) if match else None


def _source(work: _Work, nodes: Sequence[Node]) -> tuple[str, list[int]]:
    """Markdown again, with marks in place of what must not be read as Markdown, and the line of
    the file for each of its lines.
    """
    pieces: list[str] = []
    lines = [_line(nodes[0])] if nodes else [0]
    for node in nodes:
        typed = node.typed if isinstance(node, Text) else _shown(work, node)
        step = 1 if isinstance(node, Text) else 0
        lines += (_line(node) + step * number for number in range(1, typed.count("\n") + 1))
        pieces.append(typed)
    return "".join(pieces), lines


def _line(node: Node) -> int:
    return node.line if isinstance(node, Text) else node.tag.line


def _shown(work: _Work, use: Use) -> str:
    html = escape(use.tag.text) if use.tag.text is not None else _said(work, use)
    if not use.tag.in_markdown:
        return placed(work.places, html)
    return use.tag.text if use.tag.text is not None else html


def _said(work: _Work, use: Use) -> str:
    name = use.tag.name
    if name in VARIABLES:
        return VARIABLES[name](work.page)
    template = own_template(work.habits.shortcodes, name)
    if template is None and name not in BUILT_IN:
        raise _unknown(work, use.tag)
    shortcode = SITES_OWN if template else BUILT_IN[name]
    facts = {
        **use.tag.named,
        **({} if template else {"main": _main(work, use.tag, shortcode)}),
        "args": list(use.tag.positional),
        "params": dict(use.tag.named),
        "inner": _inner(work, use, shortcode),
        "page": work.page,
        "_markdown": lambda text: _safe(work.pen.inline(text)),
        "_plain": work.pen.plain,
        "_address": partial(_address, work, use.tag),
    }
    place = f"{work.page.path}:{use.tag.line}"
    return said(template or built_in_template(name), facts, use=place)


def _main(work: _Work, tag: Tag, shortcode: Shortcode) -> str:
    """The one argument that a built-in shortcode cannot do without."""
    values = [tag.named[name] for name in shortcode.main if tag.named.get(name)]
    main = next(iter([*values, *tag.positional]), "")
    if shortcode.main and not main:
        wanted = shortcode.main[0]
        reason = f"a {tag.name} without {wanted}"
        raise BadSource(work.page.path, reason, line=tag.line, remedy=f'add {wanted}="…"')
    return main


def _inner(work: _Work, use: Use, shortcode: Shortcode) -> Markup:
    """What stands between the tags, as the shortcode wants to have it."""
    if shortcode.inner and use.inner is None:
        reason = f"the shortcode {use.tag.name} is not closed"
        remedy = f"close it with {{{{< /{use.tag.name} >}}}} or the like"
        raise BadSource(work.page.path, reason, line=use.tag.line, remedy=remedy)
    source, lines = _source(work, use.inner or ())
    if shortcode.inner == VERBATIM:
        return _safe(escape(source.strip("\n"), quote=False))
    if use.tag.in_markdown or not source.strip():
        return _safe(source)
    if "\n" in source or shortcode.inner == MARKDOWN:
        return _safe(work.pen.block(source, lines))
    return _safe(work.pen.inline(source))


def _safe(html: str) -> Markup:
    """HTML that a template must not escape: the whole page is sanitised after it."""
    return Markup(html)  # noqa: S704


def _address(work: _Work, tag: Tag, reference: str) -> str:
    address = work.pen.address(reference)
    if not address:
        reason = f"no page {reference[:200]}"
        remedy = "name a file beside this one, or from the root of the content"
        raise BadSource(work.page.path, reason, line=tag.line, remedy=remedy)
    return address


def _unknown(work: _Work, tag: Tag) -> BadSource:
    known = ", ".join(sorted({*own_names(work.habits.shortcodes), *BUILT_IN}))
    reason = f"unknown shortcode: {'/' * tag.closes}{tag.name[:60]}"
    remedy = f"known are {known}; a site brings its own in [markup] shortcodes"
    return BadSource(work.page.path, reason, line=tag.line, remedy=remedy)


SITES_OWN = Shortcode(template="")
VARIABLES: Mapping[str, Callable[[Page], str]] = {
    "site.baseurl": lambda _: "",
    "site.url": lambda page: page.site.base_url.rstrip("/"),
    "site.title": lambda page: page.site.name,
    "page.title": lambda page: page.title,
    "page.url": lambda page: page.url,
    "page.date": lambda page: page.date,
    "page.lang": lambda page: page.lang,
}
