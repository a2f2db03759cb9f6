"""Links to where an edition is talked about: what is out there, where people can answer."""

import re
from html import unescape
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from publisher import publishing, registry
from publisher.domain.channel import Discussed
from publisher.domain.delivery import State
from publisher.registry import Configured
from publisher.sandbox.serving import serving
from publisher.storage.schema import deliveries
from publisher.web.app import build
from tests.publisher.fakes import NOW, FakeChannel, edition
from tests.publisher.web.conftest import CONFIG, settings_of


def out(engine: Engine, channel: str, kind: str, url: str, lang: str = "en") -> None:
    """A post of the edition on a channel, with a person's word that it is out at an address."""
    channels = {
        channel: Configured(name=channel, kind=kind, languages=(lang,), channel=FakeChannel())
    }
    with engine.begin() as db:
        publishing.plan([edition(lang=lang)], db=db, channels=channels, at=NOW)
        db.execute(deliveries.update().where(deliveries.c.url == "").values(state=State.HELD))
        place = {"lang": lang, "url": url}
        assert publishing.settle("2026-11", channel, State.DELIVERED, db=db, at=NOW, **place)


def talked(web: httpx.Client, lang: str = "en") -> list[tuple[str, str]]:
    """(label, address) of each link to a discussion."""
    html = web.get(f"/issues/2026-11/{lang}").text
    nav = html.partition('<nav class="discuss"')[2].partition("</nav>")[0]
    found = re.findall(r'<a href="([^"]*)">([^<]*)</a>', nav)
    return [(unescape(label), unescape(url)) for url, label in found]


def test_a_post_that_is_out_is_linked_to(web: httpx.Client, engine: Engine) -> None:
    out(engine, "fosstodon", "mastodon", "https://fosstodon.example/@news/1")
    out(engine, "sky", "bluesky", "https://bsky.example/p?a=1&b=2")
    out(engine, "movim", "xmpp_pubsub", "xmpp:news@xmpp.example?;node=urn:xmpp:microblog:0;item=1")
    assert talked(web) == [
        ("Mastodon", "https://fosstodon.example/@news/1"),
        ("Bluesky", "https://bsky.example/p?a=1&b=2"),
        ("XMPP", "xmpp:news@xmpp.example?;node=urn:xmpp:microblog:0;item=1"),
    ]
    assert "Discuss on" in web.get("/issues/2026-11/en").text


def test_two_of_one_network_are_told_apart(web: httpx.Client, engine: Engine) -> None:
    out(engine, "one", "mastodon", "https://one.example/@news/1")
    out(engine, "two", "mastodon", "https://two.example/@news/1")
    out(engine, "a", "reddit", "https://reddit.example/r/a/1")
    out(engine, "b", "reddit", "https://reddit.example/r/b/1")
    assert [label for label, _ in talked(web)] == [
        "Mastodon (one.example)",
        "Mastodon (two.example)",
        "Reddit (a)",
        "Reddit (b)",
    ]


def test_each_edition_leads_to_its_own_posts(web: httpx.Client, engine: Engine) -> None:
    out(engine, "fosstodon", "mastodon", "https://fosstodon.example/@news/1")
    out(engine, "deutsch", "mastodon", "https://deutsch.example/@news/2", lang="de")
    assert talked(web, "de") == [("Mastodon", "https://deutsch.example/@news/2")]
    assert "Mitreden auf" in web.get("/issues/2026-11/de").text


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("mastodon", "javascript:alert(1)"),
        ("mastodon", "data:text/html,x"),
        ("mastodon", "http://[broken"),
        ("mastodon", ""),
        ("atom", "https://news.example/feeds/all.atom.xml"),
        ("email", "https://news.example/"),
        ("webhook", "https://hooks.example/1"),
        ("no-such-kind", "https://elsewhere.example/1"),
    ],
)
def test_what_nobody_can_answer_is_not_linked_to(
    web: httpx.Client, engine: Engine, kind: str, url: str
) -> None:
    out(engine, "one", kind, url)
    assert talked(web) == []
    assert 'class="discuss"' not in web.get("/issues/2026-11/en").text


def test_what_is_not_out_yet_is_not_linked_to(web: httpx.Client, engine: Engine) -> None:
    channel = Configured(
        name="fosstodon", kind="mastodon", languages=("en",), channel=FakeChannel()
    )
    with engine.begin() as db:
        publishing.plan([edition()], db=db, channels={"fosstodon": channel}, at=NOW)
    assert talked(web) == []


def test_where_a_person_posts_the_setting_names_the_network(engine: Engine, tmp_path: Path) -> None:
    handed = '\n[channels.film]\nkind = "handoff"\nto = "ann@example.org"\nnetwork = "YouTube"\n'
    out(engine, "film", "handoff", "https://film.example/watch?v=1")
    out(engine, "gone", "handoff", "https://elsewhere.example/")
    with (
        serving(build(settings_of(CONFIG + handed, tmp_path), engine)) as address,
        httpx.Client(base_url=address, trust_env=False) as web,
    ):
        assert talked(web) == [("YouTube", "https://film.example/watch?v=1")]


def test_the_kinds_that_can_be_answered_say_so() -> None:
    said = {kind for kind, entry in registry.kinds().items() if isinstance(entry.load(), Discussed)}
    assert said >= {"mastodon", "bluesky", "x", "linkedin", "reddit", "lemmy", "xmpp_pubsub"}
    assert not said & {"atom", "rss", "jsonfeed", "email", "webhook", "websub", "xmpp_message"}
