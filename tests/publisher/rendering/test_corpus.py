"""Real issues against what the real site makes of them."""

import json
import re
import time
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import lxml.html
import pytest

from publisher import proving
from publisher.domain.issue import Edition, Site
from publisher.rendering.links import absolute
from publisher.rendering.reading import read_edition

CORPUS = Path(__file__).parents[4] / "shared" / "corpus"
SITE = Site(name="The XMPP Newsletter", base_url="https://xmpp.org/")
# What the published pages have and an edition has not, by XPath, with the reason. Nothing else may
# differ: not one word, quote or link.
DIFFERENCES = {
    "//a[starts-with(@class, 'heading-anchor')]": "the theme's signs to copy a heading's address",
    "//i[starts-with(@class, 'fa-')]": "the theme's icons beside links",
    "//div[starts-with(@class, 'row')]": "the button to subscribe: who reads a copy has",
}
# What the site's own link hook makes of addresses, and an outsider cannot know.
ADDRESSES = {
    r"\.html": "/",  # pages are led to without it
    r"/(?:de|en|es|fr|it|pt-br)/": "/",  # and to the edition's language
    r"/(?=#|$)": "",  # with a slash at the end or without
}

pytestmark = pytest.mark.skipif(
    not (CORPUS / "xmpp").is_dir(), reason="the corpus of real issues is not on this machine"
)


@dataclass(frozen=True, kw_only=True)
class Reading:
    editions: dict[str, Edition]
    seconds: float


@pytest.fixture(scope="module")
def reading() -> Reading:
    start = time.perf_counter()
    editions = {
        path.name: read_edition(path, root=CORPUS / "xmpp", site=SITE, static=CORPUS / "static")
        for path in sorted((CORPUS / "xmpp").glob("*.md"))
    }
    return Reading(editions=editions, seconds=time.perf_counter() - start)


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CORPUS / "xmpp-hugo.json").read_text())
    return found


def _bare(html: str) -> Any:
    """A tree without what the site's theme added."""
    tree: Any = lxml.html.fragment_fromstring(html, create_parent="div")
    for path in DIFFERENCES:
        for element in tree.xpath(path):
            element.drop_tree()
    return tree


def _words(tree: Any) -> list[str]:
    return "".join(tree.itertext()).split()


def _comparable(address: str) -> str:
    address = unquote(address)
    for typed, led in ADDRESSES.items():
        address = re.sub(typed, led, address)
    return address


@pytest.mark.parametrize("path", DIFFERENCES)
def test_a_difference_that_is_listed_is_there(path: str, published: dict[str, Any]) -> None:
    pages = (lxml.html.fragment_fromstring(p["content"], "div") for p in published.values())
    assert any(page.xpath(path) for page in pages)


def test_every_issue_is_read_soon(reading: Reading, published: dict[str, Any]) -> None:
    assert set(reading.editions) == set(published)
    assert reading.seconds < 10


def test_every_permalink_title_and_language_is_the_sites(
    reading: Reading, published: dict[str, Any]
) -> None:
    ours = {n: (e.url, e.title, e.lang, f"{e.date:%F}") for n, e in reading.editions.items()}
    theirs = {
        name: (page["permalink"], page["title"], page["lang"], page["date"][:10])
        for name, page in published.items()
    }
    assert ours == theirs


def test_every_issue_says_the_words_the_site_says(
    reading: Reading, published: dict[str, Any]
) -> None:
    differ = [
        name
        for name, edition in reading.editions.items()
        if _words(_bare(edition.html)) != _words(_bare(published[name]["content"]))
    ]
    assert differ == []


def test_links_lead_where_the_sites_do(reading: Reading, published: dict[str, Any]) -> None:
    differ = []
    for name, edition in reading.editions.items():
        theirs = [
            absolute(link.get("href"), page=edition.url, site=SITE)
            for link in _bare(published[name]["content"]).iter("a")
        ]
        pairs = ([_comparable(x) for x in side] for side in (edition.links, theirs))
        if len({tuple(side) for side in pairs}) > 1:
            differ.append(name)
    assert differ == []


def test_pictures_and_their_words_are_the_sites(
    reading: Reading, published: dict[str, Any]
) -> None:
    for name, edition in reading.editions.items():
        theirs = [
            (
                absolute(image.get("src"), page=edition.url, site=SITE),
                " ".join(image.get("alt").split()),
            )
            for image in _bare(published[name]["content"]).iter("img")
        ]
        assert [(i.src, i.alt) for i in edition.images] == theirs, name


def test_every_heading_can_be_linked_to_by_the_sites_anchor(
    reading: Reading, published: dict[str, Any]
) -> None:
    for name, edition in reading.editions.items():
        levels = ("h1", "h2", "h3", "h4")
        theirs = [h.get("id") for h in _bare(published[name]["content"]).iter(*levels)]
        assert [h.get("id") for h in _bare(edition.html).iter(*levels)] == theirs, name


def test_the_text_holds_every_word_and_no_markup(reading: Reading) -> None:
    for name, edition in reading.editions.items():
        words = set(re.findall(r"\w+", "".join(_bare(edition.html).itertext())))
        assert words <= set(re.findall(r"\w+", edition.text)), name
        assert not re.search(r"</?(p|a|li|ul|h[1-6]|strong|em|img|figure|div)[ >]", edition.text)
        assert "&amp;" not in edition.text and "&quot;" not in edition.text, name
        lines = [line for line in edition.text.splitlines() if not line.startswith("    ")]
        long = [line for line in lines if len(line) > 72 and "//" not in line]
        assert long == [], name


def test_local_pictures_are_found_on_disk(reading: Reading) -> None:
    paths = {image.path for e in reading.editions.values() for image in e.images if image.path}
    assert any(path.endswith("xmpp_newsletter_banner.jpg") for path in paths)
    assert all(Path(path).is_relative_to((CORPUS / "static").resolve()) for path in paths)


def test_every_page_of_the_real_site_proves_its_edition_and_not_the_next(
    reading: Reading, published: dict[str, Any]
) -> None:
    def is_public(edition: Edition, name: str) -> bool:
        page = published[name]
        text = f"<nav>XMPP</nav><h1>{escape(page['title'])}</h1>{page['content']}"
        return not proving.trouble(edition, lambda _: f"<html><body>{text}</body></html>")

    names = list(reading.editions)
    for name, next_ in zip(names, [*names[1:], names[0]], strict=True):
        edition = reading.editions[name]
        assert (is_public(edition, name), is_public(edition, next_)) == (True, False), name
