"""Whether links lead somewhere, and pictures say what they show."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, anchors, name, pages, prose

LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
ELSEWHERE = ("https://", "http://", "mailto:")


def links(page: Path) -> list[tuple[str, str, str]]:
    """(mark, words, target) of each link that stays in the repository."""
    return [found for found in LINK.findall(prose(page)) if not found[2].startswith(ELSEWHERE)]


@pytest.mark.parametrize("page", pages(), ids=name)
def test_a_link_leads_to_a_file_and_a_place_in_it(page: Path) -> None:
    for _, words, target in links(page):
        place, _, anchor = target.partition("#")
        file = (page.parent / place).resolve() if place else page
        assert file.exists(), f"[{words}]({target})"
        assert not anchor or anchor in anchors(file), f"[{words}]({target})"


@pytest.mark.parametrize("page", pages(), ids=name)
def test_a_picture_is_described_and_small(page: Path) -> None:
    for mark, words, target in links(page):
        if mark:
            assert len(words) > 40, f"{target} is not described"
            assert (page.parent / target).stat().st_size < 200_000, target


def test_every_page_can_be_reached_from_the_index() -> None:
    index = DOCS / "README.md"
    reached = {(index.parent / target.partition("#")[0]).resolve() for *_, target in links(index)}
    assert set(DOCS.rglob("*.md")) - reached == {index}


def test_every_picture_is_shown() -> None:
    shown = {(page.parent / target).resolve() for page in pages() for _, _, target in links(page)}
    kept = {path for path in (DOCS / "pictures").iterdir() if path.is_file()}
    assert kept
    assert kept <= shown


def test_the_readme_begins_with_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    places = [text.index(words) for words in ("make demo", "make test", "publisher init")]
    assert places == sorted(places)
