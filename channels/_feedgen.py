"""feedgen 1.0.0, its entry links mended, told all that it would guess from the clock."""

from dataclasses import dataclass, field
from typing import Any

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from lxml import etree

from publisher.domain.channel import Post

LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def feed_of(post: Post, id: str, url: str) -> bytes:
    """An Atom feed at `url` of this one entry. `post.details` is what the Atom channel renders."""
    about = post.details
    feed = FeedGenerator()
    feed.id(about["feed_id"])
    feed.title(about["feed_title"])
    feed.language(_language(about["feed_lang"]))
    feed.updated(about["updated"])
    feed.author(name=about["site_name"])
    feed.generator(generator="Publisher")
    feed.link(href=about["site_url"], rel="alternate", type="text/html")
    feed.link(href=url, rel="self", type="application/atom+xml")
    feed.add_entry(_entry(post, id))
    return bytes(feed.atom_str())


@dataclass
class _Mended:
    """A feedgen extension: feedgen knows no language of an entry, and of its links the address."""

    lang: str = ""
    links: list[dict[str, str]] = field(default_factory=list)

    def extend_atom(self, entry: Any) -> Any:
        entry.set(LANG, self.lang)
        for link in self.links:
            etree.SubElement(entry, "link", link)
        return entry


def _entry(post: Post, id: str) -> Any:
    about = post.details
    entry = FeedEntry()
    entry.id(id)
    entry.title(post.title)
    entry.published(about["published"])
    entry.updated(about["updated"])
    entry.content(post.html, type="html")
    entry.summary(post.text or None)
    entry.author([{"name": name} for name in about["authors"] if name])
    entry.category([{"term": tag} for tag in about["tags"] if tag])
    entry.rights(about["rights"] or None)
    entry.register_extension("mended", _Mended)
    entry.mended.lang = lang = _language(post.lang)
    page = {"rel": "alternate", "type": "text/html", "hreflang": lang, "href": post.url}
    license_link = {"rel": "license", "href": about["license_url"]}  # RFC 4946
    entry.mended.links = [page, license_link] if about["license_url"] else [page]
    return entry


def _language(lang: str) -> str:
    return lang.replace("_", "-")
