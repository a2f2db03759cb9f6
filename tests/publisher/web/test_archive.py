"""The archive and its editions: what is listed, in which order, and what a page may not do."""

import re
from datetime import timedelta
from html import unescape
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from publisher import publishing
from publisher.config import Settings
from publisher.domain.issue import Edition
from publisher.sandbox.serving import serving
from publisher.web.app import build
from tests.publisher.fakes import NOW, edition
from tests.publisher.web.conftest import CONFIG, settings_of


def publish(engine: Engine, *editions: Edition) -> None:
    with engine.begin() as db:
        publishing.plan(editions, db=db, channels={}, at=NOW)


def titles(html: str) -> list[str]:
    return [unescape(title) for title in re.findall(r'class="title"[^>]*>([^<]*)<', html)]


def feeds_advertised(html: str) -> list[str]:
    return re.findall(
        r'<link rel="alternate" type="application/atom\+xml" title="[^"]*" href="([^"]*)"', html
    )


def links(html: str) -> list[str]:
    return [unescape(href) for href in re.findall(r'<a [^>]*href="([^"]*)"', html)]


def test_an_empty_archive_says_what_will_be_here(web: httpx.Client) -> None:
    page = web.get("/")
    assert page.status_code == 200
    assert "No issue has been published yet" in page.text
    assert "Ships &amp; &lt;Harbours&gt;" in page.text


def test_issues_are_listed_newest_first_whatever_their_keys(
    web: httpx.Client, engine: Engine
) -> None:
    publish(
        engine,
        edition("z", title="October", date=NOW - timedelta(days=30)),
        edition("a", title="December", date=NOW),
        edition("m", title="November", date=NOW - timedelta(days=10)),
    )
    assert titles(web.get("/").text) == ["December", "November", "October"]


def test_an_issue_is_listed_once_with_all_its_languages(web: httpx.Client, engine: Engine) -> None:
    publish(engine, edition(lang="de", title="Elfter"), edition(lang="en"), edition(lang="fr"))
    html = web.get("/").text
    assert titles(html) == ["November"]
    assert {"/issues/2026-11/en", "/issues/2026-11/de", "/issues/2026-11/fr"} <= set(links(html))
    assert "Deutsch" in html
    assert "Français" in html


def test_an_issue_without_the_sites_language_is_listed_under_another(
    web: httpx.Client, engine: Engine
) -> None:
    publish(engine, edition(lang="fr", title="Novembre"))
    assert titles(web.get("/").text) == ["Novembre"]


def test_every_link_of_the_archive_leads_somewhere(
    web: httpx.Client, engine: Engine, settings: Settings
) -> None:
    keys = ["2026/11 100%?#&<i>", "über/uns", "plain"]
    publish(engine, *(edition(key, lang) for key in keys for lang in ("en", "pt-br")))
    feed = settings.file.parent / "public" / "all.atom.xml"
    feed.parent.mkdir()
    feed.write_text("<feed/>")
    html = web.get("/").text
    own = [href for href in links(html) + feeds_advertised(html) if href.startswith("/")]
    assert len(set(own)) == len(keys) * 2 + 1
    assert {web.get(href).status_code for href in own} == {200}


def test_an_edition_page_has_what_a_reader_needs(web: httpx.Client, engine: Engine) -> None:
    publish(
        engine,
        edition(lang="de", title="Boote & Netze", html="<p>Alles <em>heil</em>.</p>"),
        edition(lang="en"),
    )
    html = web.get("/issues/2026-11/de").text
    assert '<html lang="de">' in html
    assert '<link rel="canonical" href="https://news.example/de/2026-11/">' in html
    assert "Boote &amp; Netze</h1>" in html
    assert "<p>Alles <em>heil</em>.</p>" in html
    assert "5. November 2026" in html
    assert "/issues/2026-11/en" in links(html)
    assert "https://creativecommons.org/licenses/by-sa/4.0/" in links(html)


def test_an_edition_leads_to_its_neighbours(web: httpx.Client, engine: Engine) -> None:
    publish(
        engine, *(edition(key, date=NOW + timedelta(days=day)) for day, key in enumerate("abc"))
    )
    assert {"/issues/a/en", "/issues/c/en"} <= set(links(web.get("/issues/b/en").text))
    assert "/issues/b/en" in links(web.get("/issues/c/en").text)
    assert "/issues/a/en" not in links(web.get("/issues/c/en").text)


def test_words_of_an_edition_cannot_become_markup(web: httpx.Client, engine: Engine) -> None:
    evil = '"><script>alert(1)</script>{{ 7*7 }}'
    publish(engine, edition(title=evil, summary=evil, url=f"https://news.example/{evil}"))
    for address in ("/", "/issues/2026-11/en"):
        html = web.get(address).text
        assert "<script" not in html
        assert "{{ 7*7 }}" in html


@pytest.mark.parametrize(
    "address",
    [
        "/issues/2026-11/xx",
        "/issues/nothing/en",
        "/issues/en",
        "/issues/2026-11/en/",
        "/issues/%00/en",
        "/issues/2026-11/%00",
        "/issues/%ff/en",
        "/issues/../../etc/passwd/en",
        "/docs",
        "/openapi.json",
    ],
)
def test_what_is_not_there_gets_a_page_that_leads_on(
    web: httpx.Client, engine: Engine, address: str
) -> None:
    publish(engine, edition())
    page = web.get(address)
    assert page.status_code == 404
    assert "There is no such page" in page.text
    assert "/" in links(page.text)


def test_the_archive_does_not_load_the_text_of_every_edition(
    web: httpx.Client, engine: Engine
) -> None:
    publish(engine, edition(html="<p>a very long text</p>"))
    assert "a very long text" not in web.get("/").text


def test_under_a_path_every_link_has_it_with_and_without_a_proxy_that_takes_it_off(
    engine: Engine, tmp_path: Path
) -> None:
    publish(engine, edition())
    settings = settings_of(CONFIG.replace("letters.example/", "example.org/news/"), tmp_path)
    with (
        serving(build(settings, engine)) as address,
        httpx.Client(base_url=address, trust_env=False) as web,
    ):
        html = web.get("/").text
        own = {href for href in links(html) if href.startswith("/")}
        assert own == {"/news/issues/2026-11/en"}
        assert web.get("/news/issues/2026-11/en").status_code == 200
        assert web.get("/issues/2026-11/en").status_code == 200
        assert web.get("/news/").text == html
