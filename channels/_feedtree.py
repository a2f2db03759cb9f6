"""Feed documents as trees, Atom's or RSS's: one entry put among what a feed holds already."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from channels._feednotation import dated_anew, instant
from channels._xml import parsed
from publisher.domain.channel import Post

ATOM = "{http://www.w3.org/2005/Atom}"


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """A notation of trees. `holder` is the path from the root to what holds the entries.

    `updated` is the tag of an entry's last change, by RFC 3339; `dated` of the feed's, as `stamp`
    writes it. `write(post, url)` makes a feed at `url` of one entry.
    """

    name: str
    write: Callable[[Post, str], bytes]
    root: str
    holder: str
    entry: str
    id: str
    published: str
    updated: str
    dated: str
    stamp: Callable[[datetime], str]

    def ids(self, feed: etree._Element | None) -> list[str | None]:
        """The ids of a feed's entries, in their order; none where there is no feed yet."""
        return [] if feed is None else [one.findtext(self.id) for one in self._entries(feed)]

    def parsed(self, content: bytes) -> etree._Element:
        """Raises ValueError for what is no such feed."""
        feed = parsed(content, self.root)
        self._held(feed)
        return feed

    def merged(self, old: etree._Element | None, post: Post, url: str, keep: int) -> etree._Element:
        """Put a post's entry into `old`; what only `old` has stays as it is.

        At most the newest `keep` entries stay, newest first; 0 keeps all. An entry that changed
        is dated now.
        """
        new = self.parsed(self.write(post, url))
        etree.indent(new)
        feed = new if old is None else self._joined(old, new)
        self._tidy(self._held(feed), keep)
        return feed

    def without(self, feed: etree._Element, id: str) -> etree._Element:
        """Take an entry out. A feed is dated like the latest of its entries, an empty one now."""
        held = self._held(feed)
        for entry in self._entries(feed):
            if entry.findtext(self.id) == id:
                held.remove(entry)
        self._tidy(held, 0)
        return feed

    def document(self, feed: etree._Element) -> bytes:
        """The file, with what stands before and after the feed itself."""
        return etree.tostring(feed.getroottree(), encoding="utf-8", xml_declaration=True)

    def _held(self, feed: etree._Element) -> etree._Element:
        held = feed.find(self.holder)
        if held is None:
            raise ValueError(f"it has no {self.holder}")
        return held

    def _entries(self, feed: etree._Element) -> list[etree._Element]:
        return self._held(feed).findall(self.entry)

    def _joined(self, old: etree._Element, new: etree._Element) -> etree._Element:
        [entry] = self._entries(new)
        before, after = self._held(old), self._held(new)
        _keep_id(before, after)
        id = entry.findtext(self.id)
        self._date(entry, [one for one in self._entries(old) if one.findtext(self.id) == id])
        replaced = {self._role(child) for child in after}
        for child in list(before):
            if self._role(child) in replaced:
                before.remove(child)
        for child in reversed(list(after)):
            before.insert(0, child)
        return old

    def _role(self, child: etree._Element) -> tuple[Any, ...]:
        """What a part of a feed is there for: two parts of the same role exclude each other."""
        return child.tag, child.get("rel"), child.findtext(self.id)

    def _date(self, entry: etree._Element, earlier: list[etree._Element]) -> None:
        """Date a changed entry anew (RFC 4287 §4.2.15), an unchanged one as before."""
        updated = entry.find(self.updated)
        if not earlier or updated is None:
            return
        before = max(_instant(one, self.updated) for one in earlier)
        changed = all(self._words(one) != self._words(entry) for one in earlier)
        updated.text = dated_anew(before, changed=changed)

    def _words(self, entry: etree._Element) -> list[tuple[Any, ...]]:
        """All that an entry says, but for when it was changed."""
        parts = (one for one in entry.iter() if one.tag != self.updated)
        return [(one.tag, sorted(one.attrib.items()), (one.text or "").strip()) for one in parts]

    def _tidy(self, held: etree._Element, keep: int) -> None:
        """Newest first, at most `keep`, dated like the latest of them: no clock, no history."""
        entries = sorted(held.findall(self.entry), key=lambda one: one.findtext(self.id) or "")
        entries.sort(key=lambda one: _instant(one, self.published, self.updated), reverse=True)
        kept = entries[: keep or None]
        for entry in entries:
            held.remove(entry)
        held.extend(kept)
        dated = held.find(self.dated)
        if dated is not None:
            latest = (_instant(one, self.updated, self.published) for one in kept)
            dated.text = self.stamp(max(latest, default=datetime.now(UTC).replace(microsecond=0)))
        held.text = "\n"
        for child in held:
            child.tail = "\n"


def _keep_id(old: etree._Element, new: etree._Element) -> None:
    """A feed is known by its id: it stays, even if the address of the feed has changed."""
    known, given = old.find(f"{ATOM}id"), new.find(f"{ATOM}id")
    if known is not None and known.text and given is not None:
        given.text = known.text


def _instant(entry: etree._Element, *tags: str) -> datetime:
    """When, by the first of the tags that is there."""
    return instant(next((said for tag in tags if (said := entry.findtext(tag)) is not None), ""))
