"""Feeds of three kinds are the same issues; what is no feed is named."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from publisher.domain.issue import Edition, Site
from publisher.rendering.reading import read_edition
from publisher.sources import feed
from publisher.sources.feed import Answer
from publisher.sources.folder import SourceTrouble

URL, SITE = "https://news.example/feed", "https://news.example/"
BODY = (
    "<p>All &amp; more in <a href='/about/'>words</a>, {{&lt; not a shortcode &gt;}} "
    "*as* it is.</p>"
)

RSS = f"""<?xml version="1.0"?><rss version="2.0"
xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>News</title><link>{SITE}</link>
<item><guid isPermaLink="false">tag:news.example,2026:november-issue</guid>
<title>November &amp;amp; all</title>
<link>{SITE}2026/11/november/</link><pubDate>Thu, 05 Nov 2026 10:00:00 GMT</pubDate>
<category>xmpp</category><description>In short.</description>
<content:encoded><![CDATA[{BODY}]]></content:encoded></item></channel></rss>"""
ATOM = f"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>News</title>
<entry><id>tag:news.example,2026:november-issue</id>
<title type="html">November &amp;amp; all</title>
<link href="{SITE}2026/11/november/"/><updated>2026-11-06T10:00:00Z</updated>
<published>2026-11-05T10:00:00Z</published><category term="xmpp"/><summary>In short.</summary>
<content type="html"><![CDATA[{BODY}]]></content></entry></feed>"""
JSON = json.dumps({
    "version": "https://jsonfeed.org/version/1.1",
    "title": "News",
    "items": [{
        "id": "tag:news.example,2026:november-issue",
        "title": "November & all",
        "url": f"{SITE}2026/11/november/",
        "date_published": "2026-11-05T10:00:00Z",
        "summary": "In short.",
        "tags": ["xmpp"],
        "content_html": BODY,
    }],
})  # fmt: skip


def said(body: str, status: int = 200, **headers: str) -> Answer:
    return Answer(status=status, headers=headers, body=body.encode())


def refreshed(folder: Path, *answers: Answer) -> list[Mapping[str, str]]:
    """Ask once for each answer; the headers that were sent."""
    asked: list[Mapping[str, str]] = []

    def get(url: str, headers: Mapping[str, str]) -> Answer:
        asked.append(headers)
        return answers[len(asked) - 1]

    for _ in answers:
        feed.refresh(URL, folder, site=SITE, get=get)
    return asked


def editions(folder: Path) -> list[Edition]:
    site = Site(name="News", base_url=SITE)
    paths = sorted(folder.glob("*.html"))
    return [read_edition(path, root=folder, site=site, static=None) for path in paths]


@pytest.mark.parametrize("body", [RSS, ATOM, JSON], ids=["rss", "atom", "json"])
def test_every_kind_of_feed_is_the_same_issue(body: str, tmp_path: Path) -> None:
    refreshed(tmp_path, said(body))
    [found] = editions(tmp_path)
    assert found.key.startswith("november-issue-")
    assert (found.title, found.summary, found.tags) == ("November & all", "In short.", ("xmpp",))
    assert found.url == f"{SITE}2026/11/november/"
    assert f"{found.date:%Y-%m-%dT%H:%M}" == "2026-11-05T10:00"
    assert found.html.strip() == (
        f'<p>All &amp; more in <a href="{SITE}about/">words</a>, '
        "{{&lt; not a shortcode &gt;}} *as* it is.</p>"
    )


def test_an_id_names_the_file_whatever_title_and_page_become(tmp_path: Path) -> None:
    changed = RSS.replace("November &amp;amp; all", "Mended").replace("/november/", "/mended/")
    refreshed(tmp_path, said(RSS))
    [before] = editions(tmp_path)
    refreshed(tmp_path, said(changed))
    [after] = editions(tmp_path)
    assert (before.key, after.title) == (after.key, "Mended")
    assert before.revision != after.revision


def test_an_issue_whose_id_and_page_change_keeps_its_file_and_stays_known(tmp_path: Path) -> None:
    moved = RSS.replace("tag:news.example,2026:november-issue", "https://news.example/?p=7")
    moved = moved.replace("/2026/11/november/", "/issues/november/")
    mended = moved.replace("November &amp;amp; all", "Mended")
    refreshed(tmp_path, said(RSS))
    [before] = editions(tmp_path)
    for body in (moved, mended):
        refreshed(tmp_path, said(body))
        [after] = editions(tmp_path)
        assert after.key == before.key
    assert (after.title, after.url) == ("Mended", f"{SITE}issues/november/")


def test_two_issues_of_one_title_and_date_stay_two(tmp_path: Path) -> None:
    item = RSS[RSS.index("<item>") : RSS.index("</channel>")]
    other = item.replace("november-issue", "another").replace("/november/", "/another/")
    for body in (RSS.replace("</channel>", f"{other}</channel>"), RSS.replace(item, other + item)):
        refreshed(tmp_path, said(body))
        urls = {edition.url for edition in editions(tmp_path)}
        assert urls == {f"{SITE}2026/11/november/", f"{SITE}2026/11/another/"}


def test_ids_with_the_same_last_word_are_two_issues() -> None:
    names = {feed.name_of(f"{SITE}{year}/newsletter.html") for year in (2025, 2026)}
    assert len(names) == 2
    assert all(name.startswith("newsletter-") for name in names)


@pytest.mark.parametrize("id", ["", "/", "ü", "../../etc/passwd", "a" * 500, "x\0y", "?a=1&b=2"])
def test_no_id_leads_out_of_the_folder(id: str) -> None:
    name = feed.name_of(id)
    assert name
    assert not set(name) & set("/\\.\0 ")
    assert len(name) < 80


def test_what_did_not_change_is_not_sent_again(tmp_path: Path) -> None:
    told = {"etag": '"7"', "last-modified": "Thu, 05 Nov 2026 10:00:00 GMT"}
    first = Answer(status=200, headers=told, body=RSS.encode())
    asked = refreshed(tmp_path, first, said("", 304), said("", 304))
    assert asked[0] == {}
    assert asked[2] == {
        "If-None-Match": '"7"',
        "If-Modified-Since": "Thu, 05 Nov 2026 10:00:00 GMT",
    }
    assert len(editions(tmp_path)) == 1


def test_another_address_is_asked_for_all_of_it(tmp_path: Path) -> None:
    refreshed(tmp_path, said(RSS, etag='"7"'))
    asked: list[Mapping[str, str]] = []

    def get(url: str, headers: Mapping[str, str]) -> Answer:
        asked.append(headers)
        return said(RSS)

    feed.refresh(f"{URL}2", tmp_path, site=SITE, get=get)
    assert asked == [{}]


def test_an_entry_that_left_the_feed_stays(tmp_path: Path) -> None:
    empty = RSS[: RSS.index("<item>")] + "</channel></rss>"
    refreshed(tmp_path, said(RSS), said(empty))
    assert len(editions(tmp_path)) == 1


def test_a_page_in_place_of_a_feed_is_named_with_the_feed_that_it_names(tmp_path: Path) -> None:
    link = '<link rel="alternate" type="application/rss+xml" href="/index.xml">'
    page = f"<!doctype html><html><head>{link}</head><body>News</body></html>"
    with pytest.raises(
        SourceTrouble, match=r"is a page and no feed; it names its feed: set .* /index\.xml"
    ):
        refreshed(tmp_path, said(page))
    with pytest.raises(SourceTrouble, match="to the feed that it links to"):
        refreshed(tmp_path, said("<html><body>News</body></html>"))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (said("gone", 410), "answers 410"),
        (said("\x00\x01"), "is no feed that can be read"),
        (said("{nothing"), "is JSON, and no JSON Feed"),
        (said('{"items_": []}'), "is JSON, and no JSON Feed"),
        (said("[" * 100_000), "is no feed that can be read"),
        (said('{"items":' + "[" * 100_000), "is JSON, and no JSON Feed"),
    ],
)
def test_what_is_no_feed_is_named(answer: Answer, words: str, tmp_path: Path) -> None:
    with pytest.raises(SourceTrouble, match=words):
        refreshed(tmp_path, answer)


def test_a_feed_with_entities_of_its_own_is_refused(tmp_path: Path) -> None:
    grown = '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
    with pytest.raises(SourceTrouble, match="declares entities"):
        refreshed(tmp_path, said(ATOM.replace("<feed", f"{grown}<feed", 1)))


@pytest.mark.parametrize("end", ["</content:encoded>", "more in", "</item>"])
def test_half_a_feed_is_none(end: str, tmp_path: Path) -> None:
    with pytest.raises(SourceTrouble, match="is a broken feed, so none of it is read"):
        refreshed(tmp_path, said(RSS[: RSS.index(end)]))
    assert editions(tmp_path) == []


def test_a_page_elsewhere_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    other = RSS[RSS.index("<item>") : RSS.index("</channel>")].replace(
        SITE, "https://else.example/"
    )
    both = RSS.replace("</channel>", other.replace("november-issue", "other") + "</channel>")

    def get(url: str, headers: Mapping[str, str]) -> Answer:
        return said(both)

    found = feed.refresh(URL, tmp_path, site=SITE, get=get)
    assert "https://else.example/2026/11/november/, which is not below" in found.problems[0]
    assert len(editions(tmp_path)) == 1


def test_markup_of_a_feed_is_made_safe(tmp_path: Path) -> None:
    refreshed(tmp_path, said(RSS.replace(BODY, '<p onclick="x()">Hi</p><script>x()</script>')))
    assert editions(tmp_path)[0].html.strip() == "<p>Hi</p>"
