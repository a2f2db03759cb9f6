"""feedgen 1.0.0, told all that it would guess from the clock, and what it has no word for."""

from dataclasses import dataclass, field
from typing import Any

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from lxml import etree

from publisher.domain.channel import Post

LANG = "{http://www.w3.org/XML/1998/namespace}lang"
ATOM = "{http://www.w3.org/2005/Atom}"
DC = "{http://purl.org/dc/elements/1.1/}"
ATOM_TYPE, RSS_TYPE = "application/atom+xml", "application/rss+xml"


def atom_of(post: Post, url: str) -> bytes:
    """An Atom feed at `url` of this one entry; `post.details` is what a feed renders."""
    feed = _feed(post, url, ATOM_TYPE)
    if post.details["hub"]:
        feed.link(href=post.details["hub"], rel="hub")  # WebSub §4
    return bytes(feed.atom_str())


def rss_of(post: Post, url: str) -> bytes:
    """An RSS feed at `url` of this one item.

    The whole is in content:encoded, or in the description of one without summary
    (https://www.rssboard.org/rss-profile). Who wrote it is in dc:creator, for RSS's own author is
    a mail address; when it was changed, in atom:updated.
    """
    about = post.details
    feed = _feed(post, url, RSS_TYPE)
    feed.description(about["feed_title"])
    tree = etree.fromstring(feed.rss_str())
    channel = tree[0]
    for page in channel.findall("link"):
        page.text = about["site_url"]  # feedgen takes any link for the page's
    if about["hub"]:
        etree.SubElement(channel, f"{ATOM}link", rel="hub", href=about["hub"])
    return etree.tostring(tree)


def _feed(post: Post, url: str, kind: str) -> FeedGenerator:
    about = post.details
    feed = FeedGenerator()
    feed.id(about["feed_id"])
    feed.title(about["feed_title"])
    feed.language(_language(about["feed_lang"]))
    feed.updated(about["updated"])
    feed.author(name=about["site_name"])
    feed.generator(generator="Publisher")
    feed.link(href=about["site_url"], rel="alternate", type="text/html")
    feed.link(href=url, rel="self", type=kind)
    feed.add_entry(_entry(post))
    return feed


@dataclass
class _Mended:
    """A feedgen extension: feedgen knows no language of an entry, and of its links the address."""

    lang: str = ""
    links: list[dict[str, str]] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    updated: str = ""

    def extend_atom(self, entry: Any) -> Any:
        entry.set(LANG, self.lang)
        for link in self.links:
            etree.SubElement(entry, "link", link)
        return entry

    def extend_rss(self, item: Any) -> Any:
        for link in self.links[:1]:
            etree.SubElement(item, "link").text = link["href"]
        for name in self.authors:
            etree.SubElement(item, f"{DC}creator").text = name
        etree.SubElement(item, f"{DC}language").text = self.lang
        etree.SubElement(item, f"{ATOM}updated").text = self.updated
        return item


def _entry(post: Post) -> Any:
    about = post.details
    entry = FeedEntry()
    entry.id(about["id"])
    entry.guid(about["id"], permalink=False)
    entry.title(post.title)
    entry.published(about["published"])
    entry.updated(about["updated"])
    entry.content(post.html, type="html")
    entry.summary(post.text or None)
    authors = [name for name in about["authors"] if name]
    entry.author([{"name": name} for name in authors])
    entry.category([{"term": tag} for tag in about["tags"] if tag])
    entry.rights(about["rights"] or None)
    entry.register_extension("mended", _Mended)
    mended = entry.mended
    mended.lang = lang = _language(post.lang)
    page = {"rel": "alternate", "type": "text/html", "hreflang": lang, "href": post.url}
    license_link = {"rel": "license", "href": about["license_url"]}  # RFC 4946
    mended.links = [page, license_link] if about["license_url"] else [page]
    mended.authors, mended.updated = authors, about["updated"]
    return entry


def _language(lang: str) -> str:
    return lang.replace("_", "-")
