"""An edition for people who read no HTML: wrapped at 72 columns, links numbered."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise, takewhile
from urllib.parse import unquote

from publisher.rendering.links import encoded
from publisher.rendering.markup import Closing, Opening, Part, words
from publisher.rendering.plaintext.tables import Cell, laid_out
from publisher.rendering.plaintext.wrapping import APART, BREAK, TIE, columns, lines_of

WIDTH = 72
NARROWEST = 20  # columns, however deep the nesting
MOST_SPANNED = 20  # columns that one cell may take
QUOTE, CODE = "> ", "    "
NUMBER = re.compile(rf"{TIE}\[\d+\]")
FOOTNOTE = re.compile(r"#fn(ref)?\d*[:-]?\d+$")  # as Goldmark, kramdown and others name them
POWER = re.compile(r"[-+−]?\d{1,9}")
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
    "td",
    "th",
    "div",
    "dl",
    "dt",
    "dd",
    "details",
    "summary",
}
MARKS = {"del": "~~", "s": "~~", "q": '"'}


@dataclass(frozen=True, kw_only=True)
class _Block:
    """Finished lines. `tight`: without a gap to what comes before."""

    lines: tuple[str, ...]
    tight: bool
    margin: str


@dataclass(kw_only=True)
class _Table:
    rows: list[list[Cell]] = field(default_factory=list)
    cell: tuple[int, Opening] | None = None  # where on the page it begins


@dataclass(kw_only=True)
class _Figure:
    said: str = ""  # the alternative text of its last picture
    block: int = -1  # where that stands alone


@dataclass(kw_only=True)
class _Sheet:
    """The page being written: finished blocks, the block under the pen, where it stands."""

    blocks: list[_Block] = field(default_factory=list)
    pen: list[str] = field(default_factory=list)
    margins: list[str] = field(default_factory=list)
    bullet: str = ""
    counters: list[int | None] = field(default_factory=list)
    addresses: dict[str, int] = field(default_factory=dict)
    links: list[tuple[str, int]] = field(default_factory=list)
    powers: list[int] = field(default_factory=list)
    tables: list[_Table] = field(default_factory=list)
    figures: list[_Figure] = field(default_factory=list)
    pre: int = 0
    tight: bool = False


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
    text = "\n".join(_stacked(sheet.blocks))
    notes = "\n".join(f"[{number}] {address}" for address, number in sheet.addresses.items())
    return "\n\n".join(filter(None, (text.strip("\n"), notes))) + "\n"


def _stacked(blocks: list[_Block]) -> Iterator[str]:
    """The lines of all blocks, with gaps between those that are not tight."""
    for before, block in pairwise([_Block(lines=(), tight=True, margin=""), *blocks]):
        if not block.tight and before.lines:
            yield _shared(before.margin, block.margin)
        yield from block.lines


def _shared(before: str, after: str) -> str:
    """What a gap between two margins shows: the quotation that both stand in."""
    same = takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False))
    start = "".join(character for character, _ in same).rstrip()
    return start if start.endswith(QUOTE.strip()) else ""


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
    """End the block under the pen and lay it on the page, or in the cell it belongs to."""
    if _in_cell(sheet):
        sheet.pen.append(APART)
        return
    text = _caption(sheet, "".join(sheet.pen)) if sheet.figures else "".join(sheet.pen)
    sheet.pen.clear()
    if not text.strip(f" \n\t{BREAK}{APART}{TIE}"):
        return
    width = _room(sheet)
    lines = text.strip(BREAK).split(BREAK) if sheet.pre else lines_of(text, width)
    if underline and lines:
        lines.append(underline * min(width, max(map(columns, lines))))
    _lay(sheet, lines)


def _caption(sheet: _Sheet, text: str) -> str:
    """The words in a figure; nothing where they only say the picture's own again."""
    figure = sheet.figures[-1]
    alone = figure.block == len(sheet.blocks) - 1
    if not (figure.said and alone and words([NUMBER.sub("", text)]) == figure.said):
        return text
    if not NUMBER.search(text):
        return ""
    sheet.tight = sheet.blocks.pop().tight
    return f"[Image: {text.strip()}]"


def _lay(sheet: _Sheet, lines: Iterable[str]) -> None:
    margin = "".join(sheet.margins)
    placed = [margin + line for line in lines]
    if not placed:
        return
    if sheet.bullet:
        start = len(margin) - len(sheet.bullet)
        placed[0] = placed[0][:start] + sheet.bullet + placed[0][len(margin) :]
    placed = [line.rstrip() for line in placed]
    sheet.blocks.append(_Block(lines=tuple(placed), tight=sheet.tight, margin=margin))
    sheet.bullet = ""
    sheet.tight = False


def _room(sheet: _Sheet) -> int:
    return max(NARROWEST, WIDTH - sum(map(len, sheet.margins)))


def _in_cell(sheet: _Sheet) -> bool:
    return bool(sheet.tables) and sheet.tables[-1].cell is not None


def _heading(mark: str) -> Callable[[_Sheet], None]:
    return lambda sheet: _finish(sheet, underline=mark)


def _open_list(sheet: _Sheet, tag: Opening) -> None:
    start = tag.attributes.get("start", "1")
    first = int(start) if start.isdecimal() and len(start) < 7 else 1
    sheet.tight = bool(sheet.counters)
    sheet.counters.append(first if tag.name == "ol" else None)


def _close_list(sheet: _Sheet) -> None:
    _finish(sheet)
    if sheet.counters:
        sheet.counters.pop()
    sheet.tight = bool(sheet.counters)


def _open_item(sheet: _Sheet, tag: Opening) -> None:
    bullet = _bullet(sheet, tag)
    sheet.margins.append(" " * len(bullet))
    if _in_cell(sheet):
        sheet.pen.append(bullet)
    else:
        sheet.bullet = bullet


def _bullet(sheet: _Sheet, tag: Opening) -> str:
    number = sheet.counters[-1] if sheet.counters else None
    if number is None:
        return "- "
    sheet.counters[-1] = number + 1
    return f"^{number} " if FOOTNOTE.match("#" + tag.attributes.get("id", "")) else f"{number}. "


def _close_margin(sheet: _Sheet) -> None:
    _finish(sheet)
    if sheet.margins:
        sheet.margins.pop()


def _close_item(sheet: _Sheet) -> None:
    _close_margin(sheet)
    sheet.bullet = ""
    sheet.tight = True


def _margin(text: str) -> Callable[[_Sheet, Opening], None]:
    return lambda sheet, _: sheet.margins.append(text)


def _open_description(sheet: _Sheet, _: Opening) -> None:
    sheet.margins.append(CODE)
    sheet.tight = True


def _open_code(sheet: _Sheet, _: Opening) -> None:
    sheet.margins.append(CODE)
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
    shown = words(sheet.pen[start:]).strip(BREAK + APART)
    if note := FOOTNOTE.search(address):
        del sheet.pen[start:]
        sheet.pen.append("" if note[1] else f"^{shown}")
    elif address and shown and not _says(shown, address):
        number = sheet.addresses.setdefault(address, len(sheet.addresses) + 1)
        end = len(sheet.pen) - (sheet.pen[-1:] == [APART])
        sheet.pen.insert(end, f"{TIE}[{number}]")


def _says(shown: str, address: str) -> bool:
    """Whether the words of a link are its address already."""
    forms = (shown, f"mailto:{shown}", f"http://{shown}", encoded(shown), encoded(shown) + "/")
    dialled = address.startswith("tel:") and re.sub(r"[^\d+]", "", shown) == address[4:]
    return address in forms or unquote(address) == shown or dialled


def _open_power(sheet: _Sheet, _: Opening) -> None:
    sheet.powers.append(len(sheet.pen))


def _close_power(sheet: _Sheet) -> None:
    """10 to the 6th is not 106."""
    if sheet.powers and POWER.fullmatch(words(sheet.pen[(start := sheet.powers.pop()) :])):
        sheet.pen.insert(start, "^")


def _picture(sheet: _Sheet, tag: Opening) -> None:
    said = " ".join(tag.attributes.get("alt", "").split())
    sheet.pen += [APART, f"[Image: {said}]" if said else "[Image]", APART]
    if sheet.figures:
        sheet.figures[-1].said = said
        sheet.figures[-1].block = len(sheet.blocks)


def _open_figure(sheet: _Sheet, _: Opening) -> None:
    sheet.figures.append(_Figure())


def _close_figure(sheet: _Sheet) -> None:
    _finish(sheet)
    if sheet.figures:
        sheet.figures.pop()
    sheet.tight = False


def _open_caption(sheet: _Sheet, _: Opening) -> None:
    sheet.tight = True


def _rule(sheet: _Sheet, _: Opening) -> None:
    sheet.pen.append("-" * 20)
    _finish(sheet)


def _open_table(sheet: _Sheet, _: Opening) -> None:
    sheet.tables.append(_Table())


def _open_row(sheet: _Sheet, _: Opening) -> None:
    if sheet.tables:
        sheet.tables[-1].rows.append([])


def _open_cell(sheet: _Sheet, tag: Opening) -> None:
    if sheet.tables and sheet.tables[-1].rows:
        sheet.tables[-1].cell = (len(sheet.pen), tag)


def _close_cell(sheet: _Sheet) -> None:
    if not _in_cell(sheet):
        return
    table = sheet.tables[-1]
    start, tag = table.cell or (0, Opening(name="td", attributes={}))
    table.cell = None
    text = "".join(sheet.pen[start:])
    del sheet.pen[start:]
    align = tag.attributes.get("align", "")
    table.rows[-1].append(Cell(text=text, align=align, head=tag.name == "th"))
    span = tag.attributes.get("colspan", "")
    spanned = int(span) if span.isdecimal() and len(span) < 3 else 1
    more = min(spanned, MOST_SPANNED) - 1
    table.rows[-1] += [Cell(text="", head=tag.name == "th")] * more


def _close_table(sheet: _Sheet) -> None:
    _finish(sheet)
    if not sheet.tables:
        return
    lines = laid_out(sheet.tables.pop().rows, _room(sheet))
    if _in_cell(sheet):
        sheet.pen += [APART, BREAK.join(lines), APART]
    else:
        _lay(sheet, lines[: len(lines) - (lines[-1:] == [""])])
    sheet.tight = False


def _break(sheet: _Sheet, _: Opening) -> None:
    sheet.pen.append(BREAK)


OPENINGS: dict[str, Callable[[_Sheet, Opening], None]] = {
    "a": _open_link,
    "blockquote": _margin(QUOTE),
    "br": _break,
    "dd": _open_description,
    "figcaption": _open_caption,
    "figure": _open_figure,
    "hr": _rule,
    "img": _picture,
    "li": _open_item,
    "ol": _open_list,
    "pre": _open_code,
    "sup": _open_power,
    "table": _open_table,
    "td": _open_cell,
    "th": _open_cell,
    "tr": _open_row,
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
    "sup": _close_power,
    "table": _close_table,
    "td": _close_cell,
    "th": _close_cell,
    "ul": _close_list,
}
