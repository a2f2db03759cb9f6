"""Pages of the same site that a source names by their files."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from html import escape, unescape
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

from publisher.domain.issue import BadSource
from publisher.rendering.links import as_typed, names_a_source
from publisher.rendering.names import BUNDLES, without_language

ENDINGS = ("", ".md", ".markdown", ".mdx", "/index.md", "/_index.md")
PAGES = frozenset({".md", ".markdown", ".mdx"})
INTERNAL = re.compile(r'href="@/([^"]*)"')
HREF = re.compile(r'href="([^":?]+\.[A-Za-z]+(?:#[^"]*)?)"')
CONTENT = "content"
MOST_PAGES = 200  # that one issue links to by their files

Address = Callable[[Path], str]


def page_address(reference: str, *, source: Path, root: Path | None, address: Address) -> str:
    """Where the page lives that `reference` names: a path with an optional fragment; "" for none.

    It is looked for beside `source`, of a bundle also beside its folder, then from the root of
    the content. `address` reads a file's head. Source of the rules: https://gohugo.io/methods/page/ref/
    """
    name, hash_sign, fragment = reference.partition("#")
    if not name:
        return hash_sign + fragment
    for file in _candidates(name, source, root):
        if _is_page(file, _top(source, root)):
            return address(file) + hash_sign + fragment
    return ""


def internal_links(html: str, find: Callable[[str], str]) -> str:
    """Zola's `@/blog/page.md` in links, led to the page where there is one."""

    def lead(link: re.Match[str]) -> str:
        found = find("/" + unescape(link[1]))
        return f'href="{escape(found)}"' if found else link[0]

    return INTERNAL.sub(lead, html)


def links_to_sources(html: str, find: Callable[[str], str]) -> str:
    """Links to source files, as editors preview them, led to the pages those files become.

    One that is no page stays as it is. Source of the rule: https://docusaurus.io/docs/markdown-features/links
    """

    found: dict[str, str] = {}

    def lead(link: re.Match[str]) -> str:
        name = as_typed(unquote(unescape(link[1])))
        if names_a_source(name) and name not in found and len(found) < MOST_PAGES:
            found[name] = ""
            with suppress(BadSource):  # another file's trouble
                found[name] = find(name)
        return f'href="{escape(page)}"' if (page := found.get(name)) else link[0]

    return HREF.sub(lead, html)


def _candidates(name: str, source: Path, root: Path | None) -> Iterator[Path]:
    """Files inside the content that a reference may mean, those in the source's language first."""
    beside, top = source.absolute().parent, _top(source, root)
    around = [beside.parent] if source.stem.partition(".")[0] in BUNDLES else []
    folders = [top] if name.startswith("/") else [beside, *around, top, top / "_posts"]
    lang = without_language(source.stem)[1]
    for folder in folders:
        for ending in ENDINGS:
            plain = Path(f"{folder / name.lstrip('/')}{ending}")
            if lang:
                yield plain.with_suffix(f".{lang}{plain.suffix}")
            yield plain


def is_elsewhere(page: Path, root: Path | None) -> bool:
    """Whether a page lies in another of the site's sections than the folder `root`."""
    section = _section(root) if root else ""
    return bool(section) and _section(page) != section


def _section(page: Path) -> str:
    """The first folder below `content`, of a page right there its own name; "" without one."""
    folders = page.absolute().parts
    return next((below for above, below in pairwise(folders) if above == CONTENT), "")


def _top(source: Path, root: Path | None) -> Path:
    folders = source.absolute().parents
    named = [folder for folder in folders if folder.name == CONTENT]
    return named[-1] if named else (root or source.parent).absolute()


def _is_page(file: Path, top: Path) -> bool:
    """Whether it is a page of the content, by whatever notation: never a file outside."""
    try:
        inside = file.resolve().is_relative_to(top.resolve())
        return file.suffix in PAGES and inside and file.is_file()
    except (OSError, ValueError, RuntimeError):  # too long a name, NUL, a loop of links
        return False
