"""Oddities in the words of a body: Markdown that stayed text, hashtags, placeholders, headings."""

import re
from collections.abc import Iterator

from publisher.domain.issue import Finding
from publisher.domain.lint import finding
from publisher.rendering.findings.heads import UNFINISHED
from publisher.rendering.markup import Closing, Opening, words
from publisher.rendering.places import Places, block_line, line_of_words

SHOWN = 90  # characters of the text before an oddity
PLACEHOLDER = re.compile(
    rf"[\[(<][ \t]?{UNFINISHED}\b[^\])>\n]{{0,200}}[\])>]|\b{UNFINISHED}:"
    rf"|^[ \t]{{0,9}}{UNFINISHED}[^\w\n]{{0,9}}$"
    r"|(?i:\blorem ipsum\b|\bfeatured story title here\b|\bdraft title\b)",
    re.MULTILINE,
)
PATTERNS = {
    "link-syntax-left-as-text": re.compile(r"\]\("),
    "hashtag-in-text": re.compile(r"(?<![\w&/#])#(?!\d+\b)\w*[^\W\d_]\w*"),
    "placeholder-in-text": PLACEHOLDER,
}
SPACED = re.compile(r"\[[^\[\]]+\][ \t]+\($")
IN_FULL = frozenset({"hashtag-in-text", "placeholder-in-text"})
EMPTY_BODY = re.compile(
    rf"\W*(?:{UNFINISHED}|(?i:lorem ipsum.*|placeholder|coming soon|content (?:goes )?here))\W*"
)
LONGEST_EMPTY_BODY = 500  # characters


def oddities(where: Places) -> Iterator[Finding]:
    """What is odd about what is to be read. Code is left alone."""
    yield from _headings(where)
    for at, text in _texts(where):
        if (left := SPACED.search(text)) and _is_address(where, at + 1):
            yield finding("space-before-address", left[0], _line(where, at, left[0], 0))
        for kind, pattern in PATTERNS.items():
            for found in pattern.finditer(text):
                needle = found[0].strip() if kind in IN_FULL else _shown(text, found.end())
                earlier = text.count(needle, 0, found.start())
                yield finding(kind, needle, _line(where, at, needle, earlier))
    whole = words(where.run)
    if len(whole) < LONGEST_EMPTY_BODY and EMPTY_BODY.fullmatch(whole):
        yield finding("placeholder-body", whole[:SHOWN], block_line(where, 0))


def _is_address(where: Places, at: int) -> bool:
    """Whether a part of the run begins a bare address that became a link by itself."""
    match where.run[at : at + 2]:
        case [Opening(name="a", attributes={"href": href}), str(shown)]:
            return href.startswith("http") and shown.startswith("http")
    return False


def _shown(text: str, end: int) -> str:
    """The text before this offset, as far as it stands on one line."""
    line = text[max(0, text.rfind("\n", 0, end) + 1) : end]
    return line if len(line) <= SHOWN else line[-SHOWN:].partition(" ")[2]


def _line(where: Places, at: int, needle: str, earlier: int) -> int:
    """As typed, or as far back as no character was changed in typesetting."""
    unchanged = re.split(r"[“”‘’–—…«»]", needle)[-1]
    return line_of_words(where, at, unchanged if len(unchanged) > len("](") else needle, earlier)


def _texts(where: Places) -> Iterator[tuple[int, str]]:
    quiet = 0
    for at, part in enumerate(where.run):
        match part:
            case Opening(name="code" | "pre"):
                quiet += 1
            case Closing(name="code" | "pre"):
                quiet -= 1
            case str() if not quiet:
                yield at, part


def _headings(where: Places) -> Iterator[Finding]:
    for at, part in enumerate(where.run):
        if isinstance(part, Opening) and part.name == "h1":
            end = where.run.index(Closing(name="h1"), at)
            yield finding("h1-in-body", words(where.run[at:end]), block_line(where, at))
