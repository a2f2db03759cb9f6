"""Real issues of newsletters that are made with Jekyll, Zola and Pelican."""

import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from publisher.domain.habits import Habits
from publisher.domain.issue import Edition, Site
from publisher.rendering.reading import read_edition

CORPUS = Path(__file__).parents[4] / "shared" / "corpus" / "other"
FILES = sorted(CORPUS.rglob("*.md"))
GENERATORS = {"lwkd": "jekyll", "rust-osdev": "zola", "this-week-in-rust": "pelican"}
TITLE = re.compile(r"^title(?:: *| = \")(.+?)\"?$", re.IGNORECASE | re.MULTILINE)
DATE = re.compile(r"^date(?:: | = )([0-9-]{10})", re.IGNORECASE | re.MULTILINE)
PEOPLE = re.compile(r"^(?:authors|editors) = \[(.*?)\]", re.MULTILINE | re.DOTALL)
CATEGORY = re.compile(r"^Category: (.+)$", re.MULTILINE)

pytestmark = pytest.mark.skipif(
    not FILES, reason="the corpus of other newsletters is not on this machine"
)


def edition(path: Path, generator: str) -> Edition:
    site = Site(name="x", base_url="https://example.org/")
    return read_edition(
        path, root=path.parent, site=site, static=None, habits=Habits(generator=generator)
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_head_is_understood_told_the_generator_or_not(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    head = text[: text.index("\n\n", 150 if text.startswith("+++") else 0) + 200]
    title, written_date = TITLE.search(head), DATE.search(head)
    assert title is not None
    day = written_date[1] if written_date else path.name[:10]
    people = PEOPLE.search(head)
    for generator in (GENERATORS[path.parent.name], ""):
        read = edition(path, generator)
        assert read.title == title[1]
        assert read.date.date() == date.fromisoformat(day)
        assert read.authors == tuple(re.findall(r'"(.+?)"', people[1] if people else ""))
        assert read.tags == tuple(CATEGORY.findall(head))
        assert len(read.text) > 500
        assert title[1] not in read.text.splitlines()[:1]


def test_there_are_as_many_as_there_should_be() -> None:
    assert {name: len([*(CORPUS / name).glob("*.md")]) for name in GENERATORS} == dict.fromkeys(
        GENERATORS, 8
    )


@pytest.mark.parametrize(
    ("name", "moved", "permalink", "url"),
    [
        (
            "rust-osdev/content__this-month__2020-04__index.md",
            "content/this-month/2020-04/index.md",
            "/:folders/:slugorcontentbasename/",
            "https://example.org/this-month/2020-04/",
        ),
        (
            "this-week-in-rust/2022-11-02-this-week-in-rust.md",
            "content/2022-11-02-this-week-in-rust.md",
            "/blog/:year/:month/:day/:slug/",
            "https://example.org/blog/2022/11/02/this-week-in-rust-467/",
        ),
        (
            "lwkd/2023-01-08-update.md",
            "_posts/2023-01-08-update.md",
            "/:year/:slug",
            "https://example.org/2023/2023-01-08-update",
        ),
    ],
)
def test_the_addresses_are_those_of_the_site(
    tmp_path: Path, name: str, moved: str, permalink: str, url: str
) -> None:
    path = tmp_path / moved
    path.parent.mkdir(parents=True)
    shutil.copy(CORPUS / name, path)
    site = Site(name="x", base_url="https://example.org/", permalink=permalink)
    habits = Habits(generator=GENERATORS[name.partition("/")[0]])
    read = read_edition(path, root=tmp_path, site=site, static=None, habits=habits)
    assert read.url == url
