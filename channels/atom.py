"""Atom (RFC 4287): one entry an edition, in a feed file that a web server hands out.

feedgen writes the head and the entry, lxml puts them among what the file already holds.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from lxml import etree

from channels._atomtree import FEED, document, ids, merged, rfc3339
from channels._feedfile import check_writable, read, sole_writer, write
from channels._feedgen import feed_of
from channels._settings import require
from channels._text import post_key
from channels._xml import clean, parsed
from publisher.domain.channel import Post, Receipt, Refused
from publisher.domain.issue import Edition, Site

OWNED_SINCE = "2026"  # RFC 4151 wants a date; a fixed one, or else ids would change


@dataclass(frozen=True, kw_only=True)
class Atom:
    """One feed file. `url` is where readers fetch it; `entries` keeps the newest so many, 0 all.

    `timeout` is how many seconds to wait for another process that writes the same file.
    """

    path: Path
    url: str
    title: str = ""
    entries: int = 0
    timeout: float = 15

    def __post_init__(self) -> None:
        address = urlsplit(self.url)
        rules = [
            ("path", self.path.name, "the name of a file"),
            ("url", address.scheme in ("http", "https") and address.hostname, "an http(s) URL"),
            ("entries", self.entries >= 0, "0 or more"),
            ("timeout", self.timeout > 0, "more than 0 seconds"),
        ]
        require(self, rules)

    def render(self, edition: Edition) -> Post:
        """The whole edition as an entry, under an id that no later change of it can move."""
        title = " ".join(clean(edition.title).split()) or edition.key
        text, html = clean(edition.summary), clean(edition.html)
        details = {**_about_entry(edition), **self._about_feed(edition.site)}
        return Post(
            key=post_key(edition, title, text, html, edition.url, json.dumps(details)),
            lang=edition.lang,
            title=title,
            text=text,
            html=html,
            url=edition.url,
            length=len(html),
            details=details,
        )

    def deliver(self, post: Post) -> Receipt:
        """Add the entry or replace it; the file changes at once, as a whole, or not at all.

        Raises TryLater in the system's words, Disconnected when the file there is no feed, and
        Refused for an entry that is older than all which `entries` lets the feed keep.
        """
        return self._put(post, post.details["id"])

    def find_existing(self, post: Post) -> Receipt | None:
        id = post.details["id"]
        return self._receipt(id) if id in ids(self._read()) else None

    def update(self, receipt: Receipt, post: Post) -> Receipt:
        """Replace the entry. Its `updated` is the time now if it changed, else what it was."""
        return self._put(post, receipt.id)

    def check(self) -> list[str]:
        count = len(ids(self._read()))
        check_writable(self.path)
        found = [f"{self.path} can be written, and holds {count} entries"]
        if Path(urlsplit(self.url).path).name != self.path.name:
            found.append(f"{self.url} does not end in {self.path.name}: is it the same file?")
        return found

    def _read(self) -> etree._Element | None:
        return read(self.path, lambda content: parsed(content, FEED), "Atom feed")

    def _receipt(self, id: str) -> Receipt:
        return Receipt(id=id, url=self.url)

    def _put(self, post: Post, id: str) -> Receipt:
        with sole_writer(self.path, self.timeout):
            new = parsed(feed_of(post, id, self.url), FEED)
            feed = merged(self._read(), new, self.entries)
            if id not in ids(feed):
                raise Refused(f"older than the {self.entries} entries that {self.path} keeps")
            write(self.path, document(feed))
        return self._receipt(id)

    def _about_feed(self, site: Site) -> dict[str, Any]:
        return {
            "feed_id": _tag(site, "feed" + quote(urlsplit(self.url).path)),
            "feed_title": clean(self.title or site.name),
            "feed_lang": site.language,
            "site_name": clean(site.name),
            "site_url": site.base_url,
        }


def _about_entry(edition: Edition) -> dict[str, Any]:
    site, date = edition.site, rfc3339(edition.date)
    specific = f"{quote(edition.key, safe='')}/{quote(edition.lang, safe='')}"
    return {
        "id": _tag(site, specific),
        "authors": [clean(name) for name in edition.authors],
        "tags": [clean(tag) for tag in edition.tags],
        "published": date,
        "updated": date,
        "rights": " ".join(filter(None, (site.license, site.license_url))),
        "license_url": site.license_url,
    }


def _tag(site: Site, specific: str) -> str:
    """Name a thing for ever (RFC 4151)."""
    return f"tag:{urlsplit(site.base_url).hostname},{OWNED_SINCE}:{specific}"
