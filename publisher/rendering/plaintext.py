"""An edition for people who read no HTML: wrapped at 72 columns, links numbered."""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field

from publisher.rendering.markup import Closing, Opening, Part, words

WIDTH = 72
BREAK = "\x00"  # a hard line break inside a block; controls never get this far
BLOCKS = {
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "li",
    "blockquote",
    "pre",
    "figure",
    "figcaption",
    "hr",
    "table",
    "caption",
    "tr",
    "div",
    "dl",
    "dt",
    "dd",
    "details",
    "summary",
}
MARKS = {"del": "~~", "s": "~~", "q": '"'}


@dataclass(kw_only=True)
class _Sheet:
    """The page being written: finished blocks, the block under the pen, where it stands."""

    blocks: list[tuple[str, bool]] = field(default_factory=list)  # text, close to the one before
    pen: list[str] = field(default_factory=list)
    margins: list[str] = field(default_factory=list)
    bullet: str = ""
    counters: list[int | None] = field(default_factory=list)
    addresses: dict[str, int] = field(default_factory=dict)
    links: list[tuple[str, int]] = field(default_factory=list)
    pre: int = 0
    tight: bool = False
    in_figure: bool = False
    picture: str = ""  # the alternative text shown last in this figure


def plain_text(run: list[Part]) -> str:
    """Readable text of sanitised, absolute HTML; ends in the numbered addresses of its links."""
    sheet = _Sheet()
    for part in run:
        match part:
            case str():
                sheet.pen.append(part.replace("\n", BREAK) if sheet.pre else part)
            case Opening():
                _open(sheet, part)
            case Closing():
                _close(sheet, part.name)
    _finish(sheet)
    text = "".join(
        block if position == 0 else ("\n" if close else "\n\n") + block
        for position, (block, close) in enumerate(sheet.blocks)
    )
    notes = "\n".join(f"[{number}] {address}" for address, number in sheet.addresses.items())
    return f"{text}\n\n{notes}".strip() + "\n" if notes else text.strip() + "\n"


def _open(sheet: _Sheet, tag: Opening) -> None:
    if tag.name in BLOCKS:
        _finish(sheet)
    if tag.name in OPENINGS:
        OPENINGS[tag.name](sheet, tag)
    elif tag.name in MARKS:
        sheet.pen.append(MARKS[tag.name])


def _close(sheet: _Sheet, name: str) -> None:
    if name in CLOSINGS:
        CLOSINGS[name](sheet)
    elif name in MARKS:
        sheet.pen.append(MARKS[name])
    elif name in BLOCKS:
        _finish(sheet)


def _finish(sheet: _Sheet, *, underline: str = "") -> None:
    """End the block under the pen and lay it on the page."""
    text = "".join(sheet.pen)
    sheet.pen.clear()
    if not text.replace(BREAK, "").strip() or _repeats_picture(sheet, text):
        return
    margin = "".join(sheet.margins)
    lines = [margin + line for line in _lines(text, WIDTH - len(margin), verbatim=bool(sheet.pre))]
    if underline:
        lines.append(margin + underline * min(WIDTH, max(map(len, lines)) - len(margin)))
    if sheet.bullet:
        start = len(margin) - len(sheet.bullet)
        lines[0] = lines[0][:start] + sheet.bullet + lines[0][len(margin) :]
    sheet.blocks.append(("\n".join(line.rstrip() for line in lines), sheet.tight))
    sheet.bullet = ""
    sheet.tight = False


def _repeats_picture(sheet: _Sheet, text: str) -> bool:
    """A caption that only says the picture's alternative text again is not worth a line."""
    return sheet.in_figure and " ".join(text.split()) == sheet.picture


def _lines(text: str, width: int, *, verbatim: bool) -> list[str]:
    if verbatim:
        return text.strip(BREAK).split(BREAK)
    lines: list[str] = []
    for row in text.split(BREAK):
        line = " ".join(row.split())
        lines += textwrap.wrap(
            line, max(width, 20), break_long_words=False, break_on_hyphens=False
        ) or ([""] if lines else [])
    return lines


def _heading(mark: str) -> Callable[[_Sheet], None]:
    return lambda sheet: _finish(sheet, underline=mark)


def _open_list(sheet: _Sheet, tag: Opening) -> None:
    nested = bool(sheet.counters)
    start = tag.attributes.get("start", "1")
    first = int(start) if start.isdecimal() and len(start) < 7 else 1
    sheet.counters.append(first if tag.name == "ol" else None)
    sheet.tight = nested


def _close_list(sheet: _Sheet) -> None:
    _finish(sheet)
    if sheet.counters:
        sheet.counters.pop()
    sheet.tight = bool(sheet.counters)


def _open_item(sheet: _Sheet, _: Opening) -> None:
    number = sheet.counters[-1] if sheet.counters else None
    if sheet.counters and number is not None:
        sheet.counters[-1] = number + 1
    bullet = "- " if number is None else f"{number}. "
    sheet.bullet = bullet
    sheet.margins.append(" " * len(bullet))


def _close_margin(sheet: _Sheet) -> None:
    _finish(sheet)
    if sheet.margins:
        sheet.margins.pop()


def _close_item(sheet: _Sheet) -> None:
    _close_margin(sheet)
    sheet.bullet = ""
    sheet.tight = True


def _open_quote(sheet: _Sheet, _: Opening) -> None:
    sheet.margins.append("> ")


def _open_indented(sheet: _Sheet, _: Opening) -> None:
    sheet.margins.append("    ")


def _open_code(sheet: _Sheet, tag: Opening) -> None:
    _open_indented(sheet, tag)
    sheet.pre += 1


def _close_code(sheet: _Sheet) -> None:
    _close_margin(sheet)
    sheet.pre = max(0, sheet.pre - 1)


def _open_link(sheet: _Sheet, tag: Opening) -> None:
    sheet.links.append((tag.attributes.get("href", ""), len(sheet.pen)))


def _close_link(sheet: _Sheet) -> None:
    if not sheet.links:
        return
    address, start = sheet.links.pop()
    shown = words(sheet.pen[start:])
    bare = shown and address in (shown, f"mailto:{shown}", f"http://{shown}", f"xmpp:{shown}")
    if address and not bare:
        number = sheet.addresses.setdefault(address, len(sheet.addresses) + 1)
        sheet.pen.append(f" [{number}]")


def _picture(sheet: _Sheet, tag: Opening) -> None:
    sheet.picture = " ".join(tag.attributes.get("alt", "").split())
    sheet.pen.append(f"[Image: {sheet.picture}]" if sheet.picture else "[Image]")


def _open_figure(sheet: _Sheet, _: Opening) -> None:
    sheet.in_figure, sheet.picture = True, ""


def _close_figure(sheet: _Sheet) -> None:
    _finish(sheet)
    sheet.in_figure = sheet.tight = False


def _open_caption(sheet: _Sheet, _: Opening) -> None:
    sheet.tight = True


def _rule(sheet: _Sheet, _: Opening) -> None:
    sheet.pen.append("-" * 20)
    _finish(sheet)


def _row(sheet: _Sheet) -> None:
    _finish(sheet)
    sheet.tight = True


def _close_table(sheet: _Sheet) -> None:
    _finish(sheet)
    sheet.tight = False


def _open_cell(sheet: _Sheet, _: Opening) -> None:
    if "".join(sheet.pen).strip():
        sheet.pen.append(" | ")


def _break(sheet: _Sheet, _: Opening) -> None:
    sheet.pen.append(BREAK)


OPENINGS: dict[str, Callable[[_Sheet, Opening], None]] = {
    "a": _open_link,
    "blockquote": _open_quote,
    "br": _break,
    "dd": _open_indented,
    "figcaption": _open_caption,
    "figure": _open_figure,
    "hr": _rule,
    "img": _picture,
    "li": _open_item,
    "ol": _open_list,
    "pre": _open_code,
    "td": _open_cell,
    "th": _open_cell,
    "ul": _open_list,
}
CLOSINGS: dict[str, Callable[[_Sheet], None]] = {
    "a": _close_link,
    "blockquote": _close_margin,
    "dd": _close_margin,
    "figure": _close_figure,
    "h1": _heading("="),
    "h2": _heading("="),
    "h3": _heading("-"),
    "li": _close_item,
    "ol": _close_list,
    "pre": _close_code,
    "table": _close_table,
    "tr": _row,
    "ul": _close_list,
}
