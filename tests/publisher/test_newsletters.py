"""Several newsletters in one service: each with its source, its site and its channels."""

import os
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine

from publisher import config, content, watching
from publisher.config import Settings
from publisher.registry import Configured
from publisher.storage import changes, reports
from publisher.storage.engine import reading
from tests.publisher.fakes import NOW, Clock, FakeChannel

TOML = """
[site]
name = "Our Newsletters"
base_url = "https://news.example/"

[sources.news]
kind = "folder"
path = "news"

[sources.deep-dive]
kind = "folder"
path = "deep"
[sources.deep-dive.site]
name = "The Deep Dive"
base_url = "https://deep.example/"
language = "de"

[channels.feed]
kind = "atom"
path = "feed.xml"
url = "https://news.example/feed.xml"
sources = ["news"]
"""
UNPAIRED = "filename-pattern-breaks-translation-pairing"
TEXT = "---\ntitle: {title}\ndate: 2026-11-01\n---\n\nAll that happened in {place}, {name}.\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "publisher.toml").write_text(TOML)
    found, mistakes = config.load(tmp_path / "publisher.toml")
    assert mistakes == []
    for place in ("news", "deep"):
        (tmp_path / place).mkdir()
        write(tmp_path / place / "old.md")
    return found


def write(path: Path, title: str = "News") -> None:
    path.write_text(TEXT.format(title=title, place=path.parent.name, name=path.stem))
    os.utime(path, (time.time() - 60,) * 2)


@pytest.fixture
def channels() -> dict[str, Configured]:
    def made(name: str, *languages: str, sources: tuple[str, ...] = ()) -> Configured:
        return Configured(
            name=name, kind="fake", languages=languages, channel=FakeChannel(), sources=sources
        )

    return {
        "all": made("all", "en", "de"),
        "news": made("news", "en", "de", sources=("news",)),
        "deep": made("deep", "en", "de", sources=("deep-dive",)),
    }


def look(settings: Settings, engine: Engine, channels: dict[str, Configured]) -> int:
    return watching.look(settings, engine=engine, channels=channels, now=Clock(NOW))


def test_each_newsletter_goes_to_its_channels_under_its_own_name(
    settings: Settings, engine: Engine, channels: dict[str, Configured], tmp_path: Path
) -> None:
    assert look(settings, engine, channels) == 0
    for place in ("news", "deep"):
        write(tmp_path / place / "2026-11.md")
    assert look(settings, engine, channels) == 4
    assert look(settings, engine, channels) == 0
    with reading(engine) as db:
        found = {(one.issue, one.lang, one.channel) for one in reports.standings(db)}
    assert found == {
        ("news/2026-11", "en", "all"),
        ("news/2026-11", "en", "news"),
        ("deep-dive/2026-11", "de", "all"),
        ("deep-dive/2026-11", "de", "deep"),
    }


def test_each_newsletter_has_a_site_of_its_own(settings: Settings, tmp_path: Path) -> None:
    [news] = content.editions(settings.of("news/old"), "news/old")
    [deep] = content.editions(settings.of("deep-dive/old"), "deep-dive/old")
    assert (news.site.name, news.lang) == ("Our Newsletters", "en")
    assert (deep.site.name, deep.lang) == ("The Deep Dive", "de")
    assert (news.url, deep.url) == (
        "https://news.example/2026/11/news/",
        "https://deep.example/2026/11/news/",
    )


def test_a_change_of_one_newsletter_is_no_change_of_the_other(
    settings: Settings, engine: Engine, channels: dict[str, Configured], tmp_path: Path
) -> None:
    look(settings, engine, channels)
    for place in ("news", "deep"):
        write(tmp_path / place / "2026-11.md")
    look(settings, engine, channels)
    write(tmp_path / "deep" / "2026-11.md", title="Mended")
    look(settings, engine, channels)
    with reading(engine) as db:
        assert [one.issue for one in changes.open_(db)] == ["deep-dive/2026-11"]


def test_a_source_that_is_away_does_not_stop_the_other(
    settings: Settings, engine: Engine, channels: dict[str, Configured], tmp_path: Path
) -> None:
    look(settings, engine, channels)
    (tmp_path / "news").rename(tmp_path / "away")
    write(tmp_path / "deep" / "2026-11.md")
    assert look(settings, engine, channels) == 2
    with reading(engine) as db:
        [(_, problem)] = reports.troubles(db)
    assert "there is no such folder" in problem


def test_what_is_odd_is_found_with_each_newsletters_own_rules(
    settings: Settings, tmp_path: Path
) -> None:
    write(tmp_path / "news" / "letter.de.md")
    found = [
        *content.editions(settings.of("news/letter"), "news/letter"),
        *content.editions(settings.of("deep-dive/old"), "deep-dive/old"),
    ]
    over = content.looked_over(settings, found, at=NOW)
    assert [edition.key for edition in over] == ["news/letter", "deep-dive/old"]
    assert UNPAIRED in {finding.kind for finding in over[0].warnings}
    assert UNPAIRED not in {finding.kind for finding in over[1].warnings}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ('[source]\npath = "x"\n', "[sources] there is a [source], too"),
        ('[sources."Big News"]\npath = "x"\n', "[sources] Big News: expected a table"),
        ("[sources.more]\n", "[sources.more] path: is missing"),
        ("[sources.more]\npath = 'x'\nhttp = 1\n", "[sources.more] http: is not known"),
        (
            "[sources.more]\npath = 'x'\n[sources.more.site]\nbase_url = 'x'\n",
            "[sources.more.site]",
        ),
        ("[channels.x]\nsources = ['new']\n", "[channels.x] sources: new is not known; did you"),
    ],
)
def test_mistakes_are_named_with_their_table(more: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "publisher.toml"
    path.write_text(TOML + more)
    _, mistakes = config.load(path)
    assert any(told in str(mistake) for mistake in mistakes), mistakes


def test_a_channel_that_names_sources_where_there_are_none_is_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "publisher.toml"
    path.write_text(TOML.partition("[sources.news]")[0] + "[channels.x]\nsources = ['news']\n")
    _, mistakes = config.load(path)
    assert "sources: news is not known" in str(mistakes[0])
