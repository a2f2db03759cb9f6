"""Reading the documentation: its files, its snippets, its addresses."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Snippet:
    """A fenced piece of a page, in one language."""

    page: str
    language: str
    text: str


@cache
def pages() -> tuple[Path, ...]:
    """All pages that are the project's own."""
    return (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md")))


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def snippets(*languages: str) -> list[Snippet]:
    """What stands in fences of these languages, on all pages."""
    return [
        Snippet(page=name(page), language=found[1], text=found[2])
        for page in pages()
        for found in FENCE.finditer(page.read_text(encoding="utf-8"))
        if found[1] in languages
    ]


def prose(page: Path) -> str:
    """A page without its fenced pieces."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """The places of a page that a link can name, as GitHub and Forgejo name them."""
    titles = HEADING.findall(prose(page))
    return {re.sub(r"[^\w -]", "", title.lower()).strip().replace(" ", "-") for title in titles}
