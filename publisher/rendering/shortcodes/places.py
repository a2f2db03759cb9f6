"""Where shortcodes stood: marks that go through Markdown untouched."""

import re
from collections.abc import Sequence
from html import escape, unescape

OPEN, CLOSE = "\U0010ff00", "\U0010ff01"  # private use: never in a source, untouched by Markdown
PLACEHOLDER = re.compile(f"{OPEN}(\\d+)(p?){CLOSE}")
IN_ADDRESS = re.compile(r"%F4%8F%BC%80(\d+)p?%F4%8F%BC%81")
TAG = re.compile(r"(<[^<>]*>)")
BLOCK = re.compile(
    r"\s*<(?:figure|details|blockquote|div|pre|p|table|ul|ol|dl|h[1-6]|hr|section|aside)\b"
)
LONGEST_IN_TAG = 2000  # characters: an address, a title
DEEPEST = 20  # shortcodes inside one another


def placed(places: list[str], html: str) -> str:
    """Keep what a shortcode says, and give the mark that stands for it."""
    places.append(html)
    return f"{OPEN}{len(places) - 1}{CLOSE}"


def filled(html: str, places: Sequence[str], depth: int = 0) -> str:
    """Put what shortcodes say in place of their marks; into tags only its words."""
    if (OPEN not in html and "%F4%8F%BC%80" not in html) or depth > DEEPEST:
        return PLACEHOLDER.sub("", html)

    def show(mark: re.Match[str]) -> str:
        shown = filled(places[int(mark[1])], places, depth + 1)
        return f"</p>{shown}\n<p>" if mark[2] and BLOCK.match(shown) else shown

    def words(mark: re.Match[str]) -> str:
        shown = unescape(TAG.sub("", filled(places[int(mark[1])], places, depth + 1)))
        return escape(shown.strip()) if len(shown) <= LONGEST_IN_TAG else ""

    return "".join(
        IN_ADDRESS.sub(words, PLACEHOLDER.sub(words, part))
        if part.startswith("<")
        else PLACEHOLDER.sub(show, part)
        for part in TAG.split(html)
    )
