"""Several newsletters in one service, from the command line."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.sandbox.joining import FIRST
from publisher.sandbox.running import sandbox
from tests.cli.home import Home, furnish

FILE = "2026-11-05-newsletter.md"
SOURCES = """[sources.news]
path = "content"

[sources.deep]
path = "deep"

"""


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Home]:
    with sandbox(feeds=[tmp_path / "feeds"], networks=FIRST) as outside:
        one = '[source]\npath = "content"\nstatic = "static"\nevery = 2\n\n'
        home = furnish(tmp_path, outside, replacing={one: SOURCES})
        (tmp_path / "deep").mkdir()
        yield home


def test_an_issue_is_named_by_its_file_or_with_its_newsletter(both: Home) -> None:
    path = both.write(FILE)
    assert both.run("show", "news/2026-11-05-newsletter").code == 0
    shown = both.run("show", str(path), "--json").json()
    assert shown["key"] == "news/2026-11-05-newsletter"
    other = both.run("show", "deep/2026-11-05-newsletter")
    assert (other.code, "no issue with this key in" in other.err) == (2, True)
    done = both.run("publish", str(path), "--channel", "mastodon")
    assert done.code == 0, done.err
    assert both.states("news/2026-11-05-newsletter") == {"mastodon": "delivered"}


def test_a_file_of_no_newsletter_is_refused_with_their_names(both: Home) -> None:
    path = both.folder / FILE
    path.write_text(both.write(FILE).read_text())
    done = both.run("show", str(path))
    assert done.code == 2
    assert "lies in none of the sources news, deep" in done.err
