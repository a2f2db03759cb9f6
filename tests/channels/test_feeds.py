"""What every notation of a feed owes: languages, tags, a hub, corrections, taking back."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import feedparser
import pytest
from lxml import etree

from channels._feeds import FeedFiles
from channels.atom import Atom
from channels.jsonfeed import JsonFeed
from channels.rss import Rss
from publisher.domain.channel import Disconnected, Refused
from publisher.domain.issue import Edition
from publisher.testing.sample import EDITION
from tests.channels.rfc4287 import problems

KINDS: dict[str, type[FeedFiles]] = {"atom.xml": Atom, "rss.xml": Rss, "json": JsonFeed}
HUB = "https://hub.example/"


@pytest.fixture(params=KINDS)
def feed(request: pytest.FixtureRequest, tmp_path: Path) -> FeedFiles:
    name = f"all.{request.param}"
    return KINDS[request.param](path=tmp_path / name, url=f"https://harbour.example/feeds/{name}")


def with_tags(feed: FeedFiles, **changes: Any) -> FeedFiles:
    suffix = feed.path.name.partition(".")[2]
    pattern = f"{{tag}}.{suffix}"
    path, url = feed.path.parent / "tags" / pattern, f"https://harbour.example/tags/{pattern}"
    return replace(feed, tag_path=path, tag_url=url, **changes)


def put(feed: FeedFiles, *editions: Edition) -> bytes:
    for edition in editions:
        feed.deliver(feed.render(edition))
    return feed.path.read_bytes()


def read(path: Path) -> Any:
    """What an independent reader makes of a file, in Atom's words."""
    if path.suffix == ".json":
        return _of_json(json.loads(path.read_bytes()))
    found = feedparser.parse(path.read_bytes())
    assert not found.bozo, found.bozo_exception
    return found


def _of_json(feed: Any) -> Any:
    entries = [
        {
            "id": item["id"],
            "link": item["url"],
            "title": item["title"],
            "summary": item.get("summary", ""),
            "content": [{"value": item["content_html"]}],
            "published": item["date_published"],
            "updated": item["date_modified"],
            "authors": item.get("authors", []),
            "tags": [{"term": tag} for tag in item.get("tags", [])],
        }
        for item in feed["items"]
    ]
    links = [{"rel": "self", "href": feed["feed_url"]}]
    links += [{"rel": "hub", "href": hub["url"]} for hub in feed.get("hubs", [])]
    about = {"title": feed["title"], "language": feed["language"], "links": links}
    about["link"] = feed["home_page_url"]
    return feedparser.FeedParserDict(
        entries=[feedparser.FeedParserDict(entry) for entry in entries],
        feed=feedparser.FeedParserDict(about),
    )


def titles(path: Path) -> list[str]:
    return [entry["title"] for entry in read(path).entries]


def link(path: Path, rel: str) -> list[str]:
    return [one["href"] for one in read(path).feed["links"] if one["rel"] == rel]


def test_a_reader_sees_the_whole_edition(feed: FeedFiles) -> None:
    put(feed, EDITION)
    [entry] = read(feed.path).entries
    assert entry["id"] == feed.render(EDITION).details["id"]
    assert (entry["title"], entry["link"]) == (EDITION.title, EDITION.url)
    assert entry["summary"] == EDITION.summary
    assert "weather &amp; skipper permitting" in entry["content"][0]["value"]
    assert [tag["term"] for tag in entry["tags"]] == list(EDITION.tags)
    named = [author.get("name") for author in entry["authors"]]
    assert named == list(EDITION.authors) or entry["author"] in EDITION.authors
    assert when(entry["published"]) == EDITION.date
    about = read(feed.path).feed
    assert (about["title"], about["link"]) == (EDITION.site.name, EDITION.site.base_url)
    assert link(feed.path, "self") == [feed.url]


def when(said: str) -> datetime:
    try:
        return datetime.fromisoformat(said)
    except ValueError:
        return parsedate_to_datetime(said)


def test_an_edition_without_summary_or_text_is_an_entry_all_the_same(feed: FeedFiles) -> None:
    put(feed, replace(EDITION, summary=""))
    assert "skipper" in str(read(feed.path).entries[0])
    put(feed, replace(EDITION, key="2026-09-05", summary="", html="", authors=(), tags=()))
    assert len(read(feed.path).entries) == 2


def test_a_correction_keeps_the_id_and_moves_only_its_date(feed: FeedFiles) -> None:
    receipt = feed.deliver(feed.render(EDITION))
    started = datetime.now(UTC).replace(microsecond=0)
    corrected = feed.render(replace(EDITION, html="<p>Corrected.</p>"))
    assert feed.update(receipt, corrected) == receipt
    [entry] = read(feed.path).entries
    assert entry["content"][0]["value"] == "<p>Corrected.</p>"
    assert when(entry["updated"]) >= started
    assert when(entry["published"]) == EDITION.date
    once = feed.path.read_bytes()
    feed.update(receipt, corrected)
    assert feed.path.read_bytes() == once


def test_the_same_entries_make_the_same_bytes_newest_first(feed: FeedFiles, tmp_path: Path) -> None:
    later = replace(EDITION, key="2026-09-05", date=EDITION.date + timedelta(31), title="Later")
    french = replace(EDITION, lang="fr")
    other = replace(feed, path=tmp_path / "other" / feed.path.name)
    assert put(feed, EDITION, later, french) == put(other, french, later, EDITION)
    assert titles(feed.path)[0] == "Later"


def test_only_the_newest_are_kept_where_so_configured(feed: FeedFiles) -> None:
    short = with_tags(feed, entries=1)
    later = replace(EDITION, key="2026-09-05", date=EDITION.date + timedelta(31), title="Later")
    before = put(short, later)
    with pytest.raises(Refused, match="older than the 1 entries"):
        short.deliver(short.render(EDITION))
    assert feed.path.read_bytes() == before
    assert titles(feed.path) == ["Later"]


def test_what_is_taken_back_leaves_every_file(feed: FeedFiles) -> None:
    tagged = with_tags(feed)
    other = replace(EDITION, key="2026-09-05", title="Stays")
    put(tagged, other)
    receipt = tagged.deliver(tagged.render(EDITION))
    tagged.retract(receipt)
    assert titles(feed.path) == ["Stays"]
    assert {*map(tuple, map(titles, tags_of(tagged).values()))} == {("Stays",)}
    assert tagged.find_existing(tagged.render(EDITION)) is None


def tags_of(feed: FeedFiles) -> dict[str, Path]:
    assert feed.tag_path
    return {one.name.partition(".")[0]: one for one in feed.tag_path.parent.glob("[!.]*")}


def test_a_tag_has_a_feed_of_its_own(feed: FeedFiles) -> None:
    tagged = with_tags(feed)
    put(tagged, replace(EDITION, tags=("XMPP", "Größe & Form", "xmpp", "…")))
    assert set(tags_of(tagged)) == {"xmpp", "größe-form"}
    path = tags_of(tagged)["größe-form"]
    assert titles(path) == [EDITION.title]
    assert read(path).feed["title"] == f"{EDITION.site.name}: Größe & Form"
    assert link(path, "self") == [
        "https://harbour.example/tags/gr%C3%B6%C3%9Fe-form." + feed.path.name.partition(".")[2]
    ]
    if isinstance(feed, Atom):
        assert problems(path.read_bytes()) == []
        ids = {etree.fromstring(one.read_bytes())[0].text for one in tags_of(tagged).values()}
        assert len(ids | {etree.fromstring(feed.path.read_bytes())[0].text}) == 3


def test_no_tag_leads_out_of_the_folder_or_is_too_long_for_it(feed: FeedFiles) -> None:
    tagged = with_tags(feed)
    tags = ("../../all", "a/b", "..", "\u6f6e" * 300, "x" * 300 + "y", "pt-BR", "\U0001f41f")
    put(tagged, replace(EDITION, tags=tags))
    names = {path.name.partition(".")[0] for path in tags_of(tagged).values()}
    assert names == {"all", "a-b", "\u6f6e" * 50, "x" * 50, "pt-br"}
    assert titles(feed.path) == [EDITION.title]


def test_a_tag_that_is_taken_off_takes_the_entry_out_of_its_feed(feed: FeedFiles) -> None:
    tagged = with_tags(feed)
    receipt = tagged.deliver(tagged.render(replace(EDITION, tags=("Wrong", "right"))))
    corrected = tagged.render(replace(EDITION, tags=("right", "new")))
    tagged.update(receipt, corrected)
    found = {tag: len(titles(path)) for tag, path in tags_of(tagged).items()}
    assert found == {"wrong": 0, "right": 1, "new": 1}
    assert tagged.find_existing(corrected) == receipt


def test_an_entry_that_a_crash_left_out_of_a_tags_feed_is_not_there_yet(feed: FeedFiles) -> None:
    tagged = with_tags(feed)
    put(tagged, EDITION)
    tags_of(tagged)["ferry"].unlink()
    assert tagged.find_existing(tagged.render(EDITION)) is None
    before = put(tagged, EDITION)
    assert tagged.find_existing(tagged.render(EDITION))
    assert put(tagged, EDITION) == before


def test_each_language_has_its_file(feed: FeedFiles) -> None:
    suffix = feed.path.name.partition(".")[2]
    name = f"news.{{lang}}.{suffix}"
    each = replace(
        feed,
        path=feed.path.with_name(name),
        url=f"https://harbour.example/{name}",
        title="Letters ({lang})",
    )
    german = replace(EDITION, lang="de", title="Ein Brief vom Kai")
    for edition in (EDITION, german):
        receipt = each.deliver(each.render(edition))
        assert receipt.url == f"https://harbour.example/news.{edition.lang}.{suffix}"
        assert each.find_existing(each.render(edition)) == receipt
    path = feed.path.with_name(f"news.de.{suffix}")
    assert titles(path) == ["Ein Brief vom Kai"]
    about = read(path).feed
    assert about["title"] == "Letters (de)"
    assert b"de" in path.read_bytes()
    assert len(each.check()) == 2
    each.retract(receipt)
    assert titles(path) == []
    assert titles(feed.path.with_name(f"news.en.{suffix}")) == [EDITION.title]


def test_a_hub_is_named(feed: FeedFiles) -> None:
    put(feed, EDITION)
    assert link(feed.path, "hub") == []
    put(replace(feed, hub=HUB), EDITION)
    assert link(feed.path, "hub") == [HUB]
    put(replace(feed, hub="https://other.example/"), EDITION)
    assert link(feed.path, "hub") == ["https://other.example/"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"path": Path("x.{tag}.xml")}, "path must be without {tag}"),
        ({"url": "https://x.example/{lang}.xml"}, "url must be with {lang} where"),
        (
            {"path": Path("{lang}/all.xml"), "url": "https://x.example/{lang}/all.xml"},
            "url must be with {lang} where path's last part",
        ),
        ({"tag_url": "https://x.example/{tag}"}, "tag_url must be left out"),
        ({"tag_path": Path("t/all.xml")}, "tag_path must be a file with {tag}"),
        (
            {"path": Path("f/a.xml"), "tag_path": Path("f/{tag}.xml")},
            "tag_path must be in a folder",
        ),
        ({"tag_path": Path("{tag}.xml"), "tag_url": "https://x.example/a"}, "tag_url must be with"),
        ({"tag_path": Path("{tag}.xml"), "tag_url": "{tag}"}, "tag_url must be an http"),
        ({"hub": "hub.example"}, "hub must be an http"),
    ],
)
def test_a_wrong_place_is_named(feed: FeedFiles, wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match="must be") as error:
        replace(feed, **wrong)
    assert words in "\n".join(map(str, error.value.args))


DAMAGED = {
    Rss: [b"", b"<rss version='2.0'/>", b"<feed xmlns='http://www.w3.org/2005/Atom'/>"],
    JsonFeed: [
        b"",
        b"\xff",
        b"[]",
        b'{"items": []}',
        b'{"version": "https://jsonfeed.org/version/1.1"}',
        b'{"version": "https://jsonfeed.org/version/1.1", "items": [1]}',
    ],
}


@pytest.mark.parametrize(
    ("kind", "content"), [(kind, content) for kind, all in DAMAGED.items() for content in all]
)
def test_a_damaged_file_is_left_to_a_person(
    tmp_path: Path, kind: type[FeedFiles], content: bytes
) -> None:
    feed = kind(path=tmp_path / "feed", url="https://harbour.example/feed")
    feed.path.write_bytes(content)
    for ask in (feed.deliver, feed.find_existing, lambda _: feed.check()):
        with pytest.raises(Disconnected, match=r"is no (RSS feed|JSON Feed): .*then retry"):
            ask(feed.render(EDITION))
    assert feed.path.read_bytes() == content


def test_what_other_tools_put_into_rss_stays(tmp_path: Path) -> None:
    feed = Rss(path=tmp_path / "all.xml", url="https://harbour.example/all.xml")
    feed.path.write_text(
        '<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel>'
        "<title>Old</title><link>https://old.example/</link><description>Old</description>"
        "<ttl>60</ttl><itunes:block>yes</itunes:block>"
        "<item><title>Theirs</title><guid>https://old.example/1</guid>"
        "<pubDate>Tue, 01 Sep 2026 00:00:00 GMT</pubDate></item></channel></rss>"
    )
    content = put(feed, EDITION)
    assert b"<ttl>60</ttl>" in content
    assert b"<itunes:block>yes</itunes:block>" in content
    assert content.count(b"<description>Old") == 0
    assert titles(feed.path) == ["Theirs", EDITION.title]
    assert b"<lastBuildDate>Tue, 01 Sep 2026 00:00:00 +0000</lastBuildDate>" in content


def test_what_other_tools_put_into_a_json_feed_stays(tmp_path: Path) -> None:
    feed = JsonFeed(path=tmp_path / "all.json", url="https://harbour.example/all.json")
    old = {
        "version": "https://jsonfeed.org/version/1",
        "title": "Old",
        "icon": "https://old.example/icon.png",
        "_extension": {"about": "theirs"},
        "hubs": [{"type": "WebSub", "url": HUB}],
        "items": [{"id": "https://old.example/1", "content_text": "Theirs"}],
    }
    feed.path.write_text(json.dumps(old))
    found = json.loads(put(feed, EDITION))
    assert found["title"] == EDITION.site.name
    assert [found[key] for key in ("icon", "_extension", "hubs")] == [
        old[key] for key in ("icon", "_extension", "hubs")
    ]
    assert found["items"][1] == {"id": "https://old.example/1", "content_text": "Theirs"}
