"""Names of headings, for links into a page: Hugo's `autoHeadingIDType: github`."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise

from markdown_it.token import Token

from publisher.rendering.shortcodes.places import PLACEHOLDER

KEY = r"[\w:.-]+"
ATTRIBUTE = rf"""(?:[#.]{KEY}|{KEY}=(?:"[^"]*"|'[^']*'|[\w.:/-]+))"""
ATTRIBUTES = re.compile(rf"\s*\{{\s*{ATTRIBUTE}(?:[\s,]+{ATTRIBUTE})*\s*\}}\s*$")
ID = re.compile(rf"""(?<![\w"'=])#({KEY})""")
LONGEST = 300  # characters: of attributes behind a heading
UNNAMED = ("html_inline", "link_open", "link_close")


def anchor(heading: str) -> str:
    """Letters, digits, _ and - stay, in lower case; spaces are hyphens."""
    return "".join(map(_kept, PLACEHOLDER.sub("", heading).strip()))


def _kept(character: str) -> str:
    if character in "- \t":
        return "-"
    category = unicodedata.category(character)
    return character.lower() if category[0] == "L" or category == "Nd" or character == "_" else ""


def take_attributes(inline: Token) -> None:
    """Take `{#name .class}` off the source of a heading, and keep the name."""
    found = ATTRIBUTES.search(inline.content[-LONGEST:])
    if found:
        name = ID.search(found[0])
        inline.meta = {"id": name[1] if name else ""}
        inline.content = inline.content[: len(inline.content) - len(found[0])].rstrip()


def name_headings(tokens: Sequence[Token]) -> None:
    """Give each heading an id of its own; one written by the author stays as it is."""
    taken: dict[str, int] = {}
    for opening, inline in headings(tokens):
        own = str(inline.meta.get("id", ""))
        if not own and not inline.content:
            continue
        name = own or _unique(anchor(_words(inline)) or "heading", taken)
        taken.setdefault(name, 1)
        opening.attrSet("id", name)


def headings(tokens: Sequence[Token]) -> Iterator[tuple[Token, Token]]:
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            yield opening, inline


def _unique(name: str, taken: dict[str, int]) -> str:
    unique = name
    while unique in taken:
        unique = f"{name}-{taken[name]}"
        taken[name] += 1
    return unique


def _words(inline: Token) -> str:
    """The last line of a heading; bare addresses and HTML tags do not count, emoji codes do."""
    said: list[str] = []
    quiet = False
    for token in inline.children or ():
        if token.type in ("softbreak", "hardbreak"):
            said.clear()
        elif token.info == "auto" and token.nesting:
            quiet = token.nesting > 0
        elif not quiet and token.type not in UNNAMED:
            said.append(str(token.meta.get("code", "")) or token.content)
    return "".join(said)
