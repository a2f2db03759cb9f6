"""Whatever the fields of a head hold, an edition comes of it that can be sent, or a refusal."""

import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.domain.habits import FIELDS, WAYS, Habits
from publisher.domain.issue import BadSource, Edition, Site
from publisher.rendering.reading import read_edition
from tests.publisher.rendering.sources import written

NAMES = [name for names in FIELDS.values() for name in names if "." not in name]
ADDRESSES = [name for ways in WAYS.values() for name in ways.address]
TABLES = ["extra", "taxonomies", "params"]
WORDS = [
    "", "x", "/a/b", "2026-06-05", "08-19-2026", "no", ":year", ":sections[1:]", "\\:x", "%", "%zz",
    "#", "?", "../..", "//", "http://[", "a\ud800", "\u202e", "a, b; c", "\n", "index.html", "fr",
    "en_US", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "5 June 2026 25:61",
    "Mon, 99 Foo 2026 99:99:99 +9999", "12:00", "\x07", "<b>", "**x**", ":title" * 50,
]  # fmt: skip
PLAIN = st.sampled_from(WORDS) | st.none() | st.booleans() | st.sampled_from([0, -1, 1.5, 10**30])
VALUES = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "image", "alt", "authors", "tags"]), inner)
    ),
    max_leaves=4,
)
HEADS = st.dictionaries(st.sampled_from([*NAMES, *ADDRESSES, *TABLES]), VALUES, max_size=4)
FILES = [
    "a.md", "2026-06-05-a.md", "a.fr.md", "x/index.fr.md", "_posts/2026-06-05-a.md", "a-fr.md",
    "2026-13-45-a.md", ".md", "a..md", "content/fr/a.md", "a.mdx",
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    head=HEADS,
    file=st.sampled_from(FILES),
    generator=st.sampled_from(["", *WAYS]),
    fence=st.booleans(),
)
def test_any_head_makes_an_edition_that_can_be_sent_or_is_refused(
    head: dict[str, object], file: str, generator: str, fence: bool
) -> None:
    text = json.dumps({"title": "T", "date": "2026-06-05"} | head)
    permalink = WAYS[generator].permalink if generator else "/:sections[1:]/:slug"
    site = Site(name="x", base_url="https://hafenblättchen.example/b/", permalink=permalink)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        path = written(
            root, f"---\n{text}\n---\nHello.\n" if fence else f"{text}\nHello.\n", name=file
        )
        try:
            habits = Habits(generator=generator)
            assert_sendable(read_edition(path, root=root, site=site, static=None, habits=habits))
        except BadSource as refusal:
            assert refusal.reason
            assert "\n" not in str(refusal)


def assert_sendable(edition: Edition) -> None:
    image = edition.image.src + edition.image.alt if edition.image else ""
    people = "".join((*edition.authors, *edition.tags))
    (edition.title + edition.summary + people + image).encode()
    assert edition.title == edition.title.strip() != ""
    assert edition.url.startswith("https://xn--hafenblttchen-hfb.example/b/")
    assert all(address.isascii() for address in (edition.url, *edition.aliases))
    assert edition.date.tzinfo is not None
