"""Where in its file each part of a body was written.

While Markdown becomes HTML, each block carries the line it began on as an attribute. It never
leaves this room: `bare` takes it off again.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from urllib.parse import unquote

from publisher.rendering.markup import Closing, Opening, Part

LINE = "data-line"
LARGEST = 64 * 1024  # characters of one block that are looked through for a line
BEFORE = r"(?:\]\(\s*<?|[<\s(=]|=[\"']|^)"  # what may stand before an address
AFTER = r"(?=[\s)>\"'\]]|$)"
DEFINITION = re.compile(r"\s*\[[^\]]+\]:\s*<?([^\s>]+)")


def bare(noted: Iterable[Part]) -> list[Part]:
    """The run without its line numbers, and without the paragraphs that hold nothing else."""
    run: list[Part] = []
    emptied = False
    for part in noted:
        if isinstance(part, str):
            run.append(part.removeprefix("\n") if emptied else part)
        emptied = part == Closing(name="p") and _is_empty(run)
        if emptied:
            while not isinstance(run.pop(), Opening):
                pass
        elif not isinstance(part, str):
            run.append(_bare(part))
    return [part for part in run if part]


def _bare(part: Part) -> Part:
    if not isinstance(part, Opening) or LINE not in part.attributes:
        return part
    rest = {name: value for name, value in part.attributes.items() if name != LINE}
    return Opening(name=part.name, attributes=rest)


def _is_empty(run: Sequence[Part]) -> bool:
    """Whether a run ends in a paragraph that has just begun."""
    last = next((p for p in reversed(run) if not isinstance(p, str) or p.strip()), None)
    return isinstance(last, Opening) and last.name == "p"


@dataclass(frozen=True, kw_only=True)
class Places:
    """A file's lines beside the run that came of its body.

    For each part of the run, `begun` holds the position of the last part whose line is known;
    `until` has the last line that belongs to the block which begins at such a position, and
    `definitions` are the lines of reference links, by their addresses.
    """

    lines: Sequence[str]
    run: Sequence[Part]
    begun: Sequence[int]
    until: Mapping[int, int]
    definitions: Mapping[str, int]


def places(text: str, noted: Sequence[Part]) -> Places:
    """`text` is the whole file, `noted` the run with its line numbers."""
    last = 0
    begun: list[int] = []
    for at, part in enumerate(noted):
        last = at if _line(part) else last
        begun.append(last)
    lines = text.split("\n")
    defined = ((DEFINITION.match(words), number) for number, words in enumerate(lines, start=1))
    definitions = {found[1]: number for found, number in defined if found}
    until = _ends(noted, len(lines))
    return Places(lines=lines, run=noted, begun=begun, until=until, definitions=definitions)


def _ends(run: Sequence[Part], last: int) -> dict[int, int]:
    """By position of each part whose line is known: the line before the next block's."""
    ends: dict[int, int] = {}
    following, end = last + 1, last
    for at in range(len(run) - 1, -1, -1):
        if line := _line(run[at]):
            end = following - 1 if following > line else end
            ends[at], following = end, line
    return ends


def block_line(where: Places, at: int) -> int:
    """The line on which the block around a part of the run begins; 1 before the first."""
    return _line(where.run[where.begun[at]]) or 1


def line_of_words(where: Places, at: int, said: str, before: int = 0) -> int:
    """The line of words that stand in the text at this position of the run.

    Equal ones are told apart by their order: `before` of them come earlier in the same text.
    What is typed in another way than it reads is on the line its block begins on.
    """
    typed = said.replace("“", '"').replace("”", '"').replace("’", "'").replace("&", "&amp;")
    texts = (part for part in _since_begun(where, at) if isinstance(part, str))
    earlier = before + sum(text.count(said) for text in texts)
    forms = [re.escape(form) for form in dict.fromkeys((said, typed))]
    return _nth(where, at, forms, earlier) or block_line(where, at)


def line_of_address(where: Places, at: int, address: str) -> int:
    """The line of the address that a link or picture at this position of the run leads to.

    Equal ones are told apart by their order. That of a reference link is on the line that
    defines it; what cannot be found is on the line its block begins on.
    """
    earlier = sum(
        isinstance(part, Opening)
        and address in (part.attributes.get("href"), part.attributes.get("src"))
        for part in _since_begun(where, at)
    )
    typed = dict.fromkeys((address, unquote(address), address.replace("&", "&amp;")))
    forms = [BEFORE + re.escape(form) + AFTER for form in typed]
    found = _nth(where, at, forms, earlier)
    return found or where.definitions.get(address) or block_line(where, at)


def block_text(where: Places, at: int) -> str:
    """The lines of the file on which the block around a part of the run stands, if not too many."""
    end = where.until.get(where.begun[at], len(where.lines))
    return "\n".join(where.lines[block_line(where, at) - 1 : end])[:LARGEST]


def _since_begun(where: Places, at: int) -> Sequence[Part]:
    return where.run[where.begun[at] : at]


def _nth(where: Places, at: int, forms: Iterable[str], number: int) -> int:
    """The line of what comes after `number` equal ones in a block, or the last of them; 0: none."""
    text = block_text(where, at)
    for form in forms:
        found = [match.start() for match in islice(re.finditer(form, text), number + 1)]
        if found:
            return block_line(where, at) + text.count("\n", 0, found[-1])
    return 0


def _line(part: Part) -> int:
    said = part.attributes.get(LINE, "") if isinstance(part, Opening) else ""
    return int(said) if re.fullmatch(r"[0-9]{1,7}", said) else 0
