"""Feeds: the configured files and nothing else, sent again only when they changed."""

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from publisher.config import BadConfig, Settings
from publisher.sandbox.serving import serving
from publisher.storage.engine import connect, migrate
from publisher.web import series
from publisher.web.app import build
from tests.publisher.web.conftest import CONFIG, settings_of
from tests.publisher.web.test_archive import feeds_advertised, links

CHANGED = datetime(2026, 11, 5, 12, 0, 0, tzinfo=UTC)
CHANGED_HTTP = "Thu, 05 Nov 2026 12:00:00 GMT"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Any store will do: feeds are files."""
    engine = connect(f"sqlite:///{tmp_path}/publisher.db")
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def file(settings: Settings) -> Path:
    """The first channel's feed, as it was written on 5 November."""
    path = settings.file.parent / "public" / "all.atom.xml"
    path.parent.mkdir()
    path.write_text("<feed>één</feed>", encoding="utf-8")
    os.utime(path, (CHANGED.timestamp() + 0.7,) * 2)
    return path


def test_a_feed_is_served_as_it_was_written(web: httpx.Client, file: Path) -> None:
    answer = web.get("/feeds/all.atom.xml")
    assert answer.status_code == 200
    assert answer.content == file.read_bytes()
    assert answer.headers["content-type"].startswith("application/atom+xml")
    assert answer.headers["last-modified"] == CHANGED_HTTP


def test_two_files_of_one_name_are_both_served(web: httpx.Client, file: Path) -> None:
    (file.parent / "de").mkdir()
    (file.parent / "de" / "all.atom.xml").write_text("<feed>zwei</feed>")
    assert web.get("/feeds/german-all.atom.xml").text == "<feed>zwei</feed>"
    advertised = feeds_advertised(web.get("/").text)
    assert advertised == ["/feeds/all.atom.xml", "/feeds/german-all.atom.xml"]
    assert set(advertised) <= set(links(web.get("/").text))


def test_a_feed_that_nothing_was_published_to_is_not_advertised(web: httpx.Client) -> None:
    assert feeds_advertised(web.get("/").text) == []
    assert web.get("/feeds/all.atom.xml").status_code == 404


@pytest.mark.parametrize("wrap", ["{}", "W/{}", '"another", {}', "*"])
def test_who_has_these_bytes_already_is_not_sent_them_again(
    web: httpx.Client, file: Path, wrap: str
) -> None:
    etag = web.get("/feeds/all.atom.xml").headers["etag"]
    again = web.get("/feeds/all.atom.xml", headers={"If-None-Match": wrap.format(etag)})
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == etag


def test_a_changed_feed_is_sent_even_within_the_same_second(web: httpx.Client, file: Path) -> None:
    etag = web.get("/feeds/all.atom.xml").headers["etag"]
    file.write_text("<feed>new</feed>")
    os.utime(file, (CHANGED.timestamp(),) * 2)
    asked = {"If-None-Match": etag, "If-Modified-Since": CHANGED_HTTP}
    again = web.get("/feeds/all.atom.xml", headers=asked)
    assert again.status_code == 200
    assert again.text == "<feed>new</feed>"


@pytest.mark.parametrize(
    "since, status",
    [
        (CHANGED_HTTP, 304),
        ("Thu, 05 Nov 2026 12:00:01 GMT", 304),
        ("Thu, 05 Nov 2026 13:30:00 +0200", 200),
        ("Thu, 05 Nov 2026 11:59:59 GMT", 200),
        ("Thu, 05 Nov 2026 11:59:59 -0000", 200),
        ("yesterday", 200),
        ("Thu, 99 Nov 2026 12:00:00 GMT", 200),
        ("Thu, 05 Nov 99999 12:00:00 GMT", 200),
        ("", 200),
    ],
)
def test_a_date_alone_tells_too_whether_the_feed_is_newer(
    web: httpx.Client, file: Path, since: str, status: int
) -> None:
    answer = web.get("/feeds/all.atom.xml", headers={"If-Modified-Since": since})
    assert answer.status_code == status


def test_head_tells_all_but_the_bytes(web: httpx.Client, file: Path) -> None:
    whole, head = web.get("/feeds/all.atom.xml"), web.head("/feeds/all.atom.xml")
    assert head.content == b""
    for name in ("etag", "last-modified", "content-type", "content-length"):
        assert head.headers[name] == whole.headers[name]


@pytest.mark.parametrize(
    "name",
    [
        "../publisher.toml",
        "..%2fpublisher.toml",
        "%2e%2e/publisher.toml",
        "publisher.toml",
        "publisher.db",
        "draft.xml",
        "de/all.atom.xml",
        "all.atom.xml/",
        "all.atom.xml%00",
        "ALL.ATOM.XML",
        "",
    ],
)
def test_no_other_file_can_be_had(web: httpx.Client, file: Path, name: str) -> None:
    file.with_name("draft.xml").write_text("a secret")
    address = str(web.base_url).rstrip("/") + "/feeds/" + name
    answer = web.send(_untouched(address))
    assert answer.status_code == 404
    assert "secret" not in answer.text


def _untouched(address: str) -> httpx.Request:
    """A request whose path nobody tidies up."""
    origin, path = address[: address.index("/", 8)], address[address.index("/", 8) :]
    request = httpx.Request("GET", origin)
    request.extensions = {"target": path.encode()}
    return request


def test_the_secrets_of_channels_are_not_needed(settings: Settings) -> None:
    assert [feed.title for feed in series.configured(settings)] == [
        "Ships & <Harbours>",
        "Auf Deutsch",
    ]


def test_a_feed_without_a_file_is_a_mistake_in_the_configuration(
    engine: Engine, tmp_path: Path
) -> None:
    text = CONFIG.replace('path = "public/all.atom.xml"', 'path = "env:NOT_SET_EITHER"')
    text = text.replace('path = "public/de/all.atom.xml"', "path = 3")
    with pytest.raises(BadConfig) as caught:
        build(settings_of(text, tmp_path), engine)
    told = str(caught.value)
    assert "[channels.atom] path: the environment variable NOT_SET_EITHER is not set" in told
    assert "[channels.german] path: expected" in told


MANY = """
[channels.each]
kind = "atom"
path = "public/{lang}.atom.xml"
url = "https://news.example/feeds/{lang}.atom.xml"
title = "In {lang}"
hub = "https://hub.example/"
tag_path = "public/tags/{tag}.atom.xml"
tag_url = "https://news.example/feeds/{tag}.atom.xml"

[channels.rss]
path = "public/all.rss.xml"
url = "https://news.example/feeds/all.rss.xml"

[channels.json]
kind = "jsonfeed"
path = "public/all.json"
url = "https://news.example/feeds/all.json"
"""


@pytest.fixture
def many(engine: Engine, tmp_path: Path) -> Iterator[httpx.Client]:
    """Feeds of languages, of tags and in other notations: files that are there, of any content."""
    settings = settings_of(CONFIG[: CONFIG.index("[channels.atom]")] + MANY, tmp_path)
    (tmp_path / "public" / "tags").mkdir(parents=True)
    for name in ("de.atom.xml", "pt-br.atom.xml", "tags/form.atom.xml", "all.rss.xml", "all.json"):
        (tmp_path / "public" / name).write_text(name)
    for name in (".de.atom.xml.lock", "draft.xml", "a.b.atom.xml", "tags/.form.atom.xml.new"):
        (tmp_path / "public" / name).write_text("a secret")
    with serving(build(settings, engine)) as address, httpx.Client(base_url=address) as client:
        yield client


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("de.atom.xml", "application/atom+xml"),
        ("pt-br.atom.xml", "application/atom+xml"),
        ("form.atom.xml", "application/atom+xml"),
        ("all.rss.xml", "application/rss+xml"),
        ("all.json", "application/feed+json"),
    ],
)
def test_feeds_of_languages_tags_and_notations_are_served(
    many: httpx.Client, name: str, kind: str
) -> None:
    answer = many.get(f"/feeds/{name}")
    assert answer.text.endswith(name)
    assert answer.headers["content-type"].startswith(kind)


@pytest.mark.parametrize(
    "name", ["fr.atom.xml", ".de.atom.xml.lock", "a.b.atom.xml", "..atom.xml", "draft.xml", "tags"]
)
def test_what_no_pattern_means_is_not_served(many: httpx.Client, name: str) -> None:
    answer = many.get(f"/feeds/{name}")
    assert answer.status_code == 404
    assert "secret" not in answer.text


def test_the_feeds_of_languages_and_notations_are_advertised(many: httpx.Client) -> None:
    html = many.get("/").text
    found = re.findall(r'rel="alternate" type="([^"]*)" title="([^"]*)" href="([^"]*)"', html)
    assert found == [
        ("application/atom+xml", "In de", "/feeds/de.atom.xml"),
        ("application/atom+xml", "In pt-br", "/feeds/pt-br.atom.xml"),
        ("application/rss+xml", "Ships &amp; &lt;Harbours&gt;", "/feeds/all.rss.xml"),
        ("application/feed+json", "Ships &amp; &lt;Harbours&gt;", "/feeds/all.json"),
    ]


def test_feeds_are_told_apart_by_what_people_call_them(many: httpx.Client, tmp_path: Path) -> None:
    def listed() -> list[str]:
        html = many.get("/").text
        return re.findall(r'class="feed"[^>]*>([^<]*)<', html)

    assert listed() == [
        "Feed: In de, Atom",
        "Feed: In pt-br, Atom",
        "Feed: Ships &amp; &lt;Harbours&gt;, RSS",
        "Feed: Ships &amp; &lt;Harbours&gt;, JSON",
    ]
    for name in ("pt-br.atom.xml", "de.atom.xml"):
        (tmp_path / "public" / name).unlink()
    assert listed() == ["Feed: RSS", "Feed: JSON"]
    (tmp_path / "public" / "all.json").unlink()
    assert listed() == ["Feed"]


def test_feeds_of_one_title_are_told_apart_by_their_languages(
    engine: Engine, tmp_path: Path
) -> None:
    config = CONFIG[: CONFIG.index("[channels.atom]")] + MANY.replace('title = "In {lang}"\n', "")
    (tmp_path / "public").mkdir()
    for name in ("de.atom.xml", "en.atom.xml"):
        (tmp_path / "public" / name).write_text(name)
    with (
        serving(build(settings_of(config, tmp_path), engine)) as address,
        httpx.Client(base_url=address, trust_env=False) as web,
    ):

        def listed() -> list[str]:
            return re.findall(r'class="feed"[^>]*>([^<]*)<', web.get("/").text)

        assert listed() == ["Feed: Deutsch", "Feed: English"]
        (tmp_path / "public" / "all.json").write_text("{}")
        assert listed() == [
            "Feed: Deutsch, Atom",
            "Feed: English, Atom",
            "Feed: Ships &amp; &lt;Harbours&gt;, JSON",
        ]


def test_the_feeds_of_single_tags_are_listed_on_the_archive(
    many: httpx.Client, tmp_path: Path
) -> None:
    (tmp_path / "public" / "tags" / "boats.atom.xml").write_text("boats")
    html = many.get("/").text.partition('<details class="tags">')[2].partition("</details>")[0]
    found = re.findall(r'<a rel="alternate" type="([^"]*)" href="([^"]*)">([^<]*)<', html)
    assert found == [
        ("application/atom+xml", "/feeds/boats.atom.xml", "boats"),
        ("application/atom+xml", "/feeds/form.atom.xml", "form"),
    ]
    assert many.get("/feeds/boats.atom.xml").text == "boats"


def test_a_hub_is_named_in_the_header(many: httpx.Client) -> None:
    said = many.get("/feeds/de.atom.xml").headers["link"]
    own = "https://news.example/feeds/de.atom.xml"
    assert said == f'<https://hub.example/>; rel="hub", <{own}>; rel="self"'
    assert "link" not in many.get("/feeds/all.json").headers
