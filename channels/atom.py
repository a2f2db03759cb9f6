"""Atom (RFC 4287): one entry an edition, in a feed file that a web server hands out.

feedgen writes the head and the entry, lxml puts them among what the file already holds.
"""

import fcntl
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from lxml import etree

from channels._text import post_key
from publisher.domain.channel import Disconnected, Post, Receipt, Refused, TryLater
from publisher.domain.issue import Edition, Site

NS = "{http://www.w3.org/2005/Atom}"
FEED, ENTRY, ID, UPDATED, PUBLISHED = (
    NS + name for name in ("feed", "entry", "id", "updated", "published")
)
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
OWNED_SINCE = "2026"  # RFC 4151 wants a date; a fixed one, or else ids would change
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
LONG_AGO = datetime.min.replace(tzinfo=UTC)


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
        for name, right, must in rules:
            if not right:
                raise ValueError(f"{name} must be {must}, not {str(getattr(self, name))!r}")

    def render(self, edition: Edition) -> Post:
        """The whole edition as an entry, under an id that no later change of it can move."""
        site = edition.site
        title = " ".join(_clean(edition.title).split()) or edition.key
        text, html = _clean(edition.summary), _clean(edition.html)
        details = {
            "id": _tag(site, f"{quote(edition.key, safe='')}/{quote(edition.lang, safe='')}"),
            "authors": [_clean(name) for name in edition.authors],
            "tags": [_clean(tag) for tag in edition.tags],
            "published": _rfc3339(edition.date),
            "updated": _rfc3339(edition.date),
            "rights": " ".join(filter(None, (site.license, site.license_url))),
            "license_url": site.license_url,
            "feed_id": _tag(site, "feed" + quote(urlsplit(self.url).path)),
            "feed_title": _clean(self.title or site.name),
            "feed_lang": site.language,
            "site_name": _clean(site.name),
            "site_url": site.base_url,
        }
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
        with self._troubles_named():
            feed = self._read()
        ids = [] if feed is None else [entry.findtext(ID) for entry in feed.findall(ENTRY)]
        return self._receipt(post.details["id"]) if post.details["id"] in ids else None

    def update(self, receipt: Receipt, post: Post) -> Receipt:
        """Replace the entry. Its `updated` is the time now if it changed, else what it was."""
        return self._put(post, receipt.id)

    def check(self) -> list[str]:
        with self._troubles_named():
            feed = self._read()
        folder = next(place for place in self.path.resolve().parents if place.exists())
        if not os.access(folder, os.W_OK | os.X_OK):
            raise Disconnected(f"{folder} cannot be written to: give this user the right to")
        count = 0 if feed is None else len(feed.findall(ENTRY))
        found = [f"{self.path} can be written, and holds {count} entries"]
        if Path(urlsplit(self.url).path).name != self.path.name:
            found.append(f"{self.url} does not end in {self.path.name}: is it the same file?")
        return found

    def _receipt(self, id: str) -> Receipt:
        return Receipt(id=id, url=self.url)

    def _put(self, post: Post, id: str) -> Receipt:
        with self._troubles_named(), self._locked():
            old = self._read()
            feed = _merged(old, self._fresh(post, id))
            _tidy(feed, self.entries)
            if all(entry.findtext(ID) != id for entry in feed.findall(ENTRY)):
                raise Refused(f"older than the {self.entries} entries that {self.path} keeps")
            self._write(etree.tostring(feed.getroottree(), encoding="utf-8", xml_declaration=True))
        return self._receipt(id)

    def _fresh(self, post: Post, id: str) -> etree._Element:
        """A feed of this one entry, in feedgen's words."""
        about = post.details
        feed = FeedGenerator()
        feed.id(about["feed_id"])
        feed.title(about["feed_title"])
        feed.language(_language(about["feed_lang"]))
        feed.updated(about["updated"])
        feed.author(name=about["site_name"])
        feed.generator(generator="Publisher")
        feed.link(href=about["site_url"], rel="alternate", type="text/html")
        feed.link(href=self.url, rel="self", type="application/atom+xml")
        feed.add_entry(_entry(post, id))
        root = _parsed(feed.atom_str())
        entry = root.find(ENTRY)
        assert entry is not None  # noqa: S101  it was added three lines above
        entry.set(LANG, _language(post.lang))
        etree.indent(root)
        return root

    def _read(self) -> etree._Element | None:
        try:
            return _parsed(self.path.read_bytes())
        except FileNotFoundError:
            return None
        except (etree.XMLSyntaxError, ValueError) as error:
            remedy = "mend it or move it away, then retry"
            raise Disconnected(f"{self.path} is no Atom feed: {error}; {remedy}") from error

    def _write(self, content: bytes) -> None:
        target = self.path.resolve()
        draft = target.with_name(f".{target.name}.new")
        try:
            with draft.open("wb") as out:
                out.write(content)
                if target.exists():
                    os.fchmod(out.fileno(), target.stat().st_mode & 0o777)
                out.flush()
                os.fsync(out.fileno())
            draft.replace(target)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time, of this process or another. The lock file stays, empty."""
        target = self.path.resolve()
        target.parent.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + self.timeout
        with target.with_name(f".{target.name}.lock").open("ab") as lock:
            while not _lock(lock.fileno()):
                if time.monotonic() > deadline:
                    raise TryLater(f"another process has been writing {self.path} for too long")
                time.sleep(0.02)
            yield

    @contextmanager
    def _troubles_named(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            place = error.filename or self.path
            raise TryLater(f"{place}: {error.strerror or error}") from error


@dataclass
class _Links:
    """A feedgen extension: its entries lose all of a link but the address (feedgen 1.0.0)."""

    links: list[dict[str, str]] = field(default_factory=list)

    def extend_atom(self, entry: Any) -> Any:
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
    page = {"rel": "alternate", "type": "text/html", "hreflang": _language(post.lang)}
    license_link = {"rel": "license", "href": about["license_url"]}  # RFC 4946
    entry.register_extension("links", _Links)
    entry.links.links = [{**page, "href": post.url}, *[license_link] * bool(about["license_url"])]
    return entry


def _merged(old: etree._Element | None, new: etree._Element) -> etree._Element:
    """Put `new`, a feed of one entry, into `old`; what only `old` has stays as it is."""
    [entry] = new.findall(ENTRY)
    if old is None:
        return new
    _keep_id(old, new)
    _date(entry, [one for one in old.findall(ENTRY) if one.findtext(ID) == entry.findtext(ID)])
    replaced = {_role(child) for child in new}
    for child in list(old):
        if _role(child) in replaced:
            old.remove(child)
    for child in reversed(list(new)):
        old.insert(0, child)
    return old


def _keep_id(old: etree._Element, new: etree._Element) -> None:
    """A feed is known by its id: it stays, even if the address of the feed has changed."""
    known, given = old.find(ID), new.find(ID)
    if known is not None and known.text and given is not None:
        given.text = known.text


def _date(entry: etree._Element, earlier: list[etree._Element]) -> None:
    """Date a changed entry anew (RFC 4287 §4.2.15), an unchanged one as before."""
    updated = entry.find(UPDATED)
    if not earlier or updated is None:
        return
    before = max(_instant(one, UPDATED) for one in earlier)
    changed = all(_words(one) != _words(entry) for one in earlier)
    now = datetime.now(UTC).replace(microsecond=0)
    later = max(now, before + timedelta(seconds=1))
    updated.text = _rfc3339(later if changed else before)


def _words(entry: etree._Element) -> list[tuple[Any, ...]]:
    """All that an entry says, but for when it was changed."""
    parts = (one for one in entry.iter() if one.tag != UPDATED)
    return [(one.tag, sorted(one.attrib.items()), (one.text or "").strip()) for one in parts]


def _role(child: etree._Element) -> tuple[Any, ...]:
    """What a part of a feed is there for: two parts of the same role exclude each other."""
    return child.tag, child.get("rel"), child.findtext(ID)


def _tidy(feed: etree._Element, keep: int) -> None:
    """Newest first, at most `keep`, dated like the latest of them: no clock, no history."""
    entries = sorted(feed.findall(ENTRY), key=lambda entry: entry.findtext(ID) or "")
    entries.sort(key=_published, reverse=True)
    kept = entries[: keep or None]
    for entry in entries:
        feed.remove(entry)
    feed.extend(kept)
    updated = feed.find(UPDATED)
    if updated is not None:
        updated.text = _rfc3339(max(_instant(entry, UPDATED) for entry in kept))
    feed.text = "\n"
    for child in feed:
        child.tail = "\n"


def _published(entry: etree._Element) -> datetime:
    return _instant(entry, UPDATED if entry.find(PUBLISHED) is None else PUBLISHED)


def _instant(entry: etree._Element, tag: str) -> datetime:
    """When; long ago, if it does not say so in a way to be understood."""
    with suppress(ValueError):
        when = datetime.fromisoformat((entry.findtext(tag) or "").strip())
        return when if when.tzinfo else when.replace(tzinfo=UTC)
    return LONG_AGO


def _parsed(content: bytes) -> etree._Element:
    """Read a feed, following nothing that it points to. Raises ValueError if it is none."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    root = etree.fromstring(content, parser)
    tree: Any = root.getroottree()
    if tree.docinfo.doctype:
        raise ValueError("it has a document type")
    if root.tag != FEED:
        raise ValueError(f"its root is {root.tag}")
    return root


def _tag(site: Site, specific: str) -> str:
    """Name a thing for ever (RFC 4151)."""
    return f"tag:{urlsplit(site.base_url).hostname},{OWNED_SINCE}:{specific}"


def _rfc3339(when: datetime) -> str:
    return when.astimezone(UTC).isoformat()


def _language(lang: str) -> str:
    return lang.replace("_", "-")


def _clean(text: str) -> str:
    """Leave out what XML 1.0 §2.2 has no place for."""
    return NOT_XML.sub("", text)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
