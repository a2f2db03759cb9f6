"""Atom documents as trees: one entry put among what a feed holds already (RFC 4287)."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from lxml import etree

NS = "{http://www.w3.org/2005/Atom}"
FEED, ENTRY, ID, UPDATED, PUBLISHED = (
    NS + name for name in ("feed", "entry", "id", "updated", "published")
)
LONG_AGO = datetime.min.replace(tzinfo=UTC)


def ids(feed: etree._Element | None) -> list[str | None]:
    """The ids of a feed's entries, in their order; none where there is no feed yet."""
    return [] if feed is None else [entry.findtext(ID) for entry in feed.findall(ENTRY)]


def merged(old: etree._Element | None, new: etree._Element, keep: int) -> etree._Element:
    """Put `new`, a feed of one entry, into `old`; what only `old` has stays as it is.

    At most the newest `keep` entries stay, newest first; 0 keeps all. An entry that changed is
    dated now.
    """
    etree.indent(new)
    feed = new if old is None else _joined(old, new)
    _tidy(feed, keep)
    return feed


def document(feed: etree._Element) -> bytes:
    """The file, with what stands before and after the feed itself."""
    return etree.tostring(feed.getroottree(), encoding="utf-8", xml_declaration=True)


def rfc3339(when: datetime) -> str:
    return when.astimezone(UTC).isoformat()


def _joined(old: etree._Element, new: etree._Element) -> etree._Element:
    [entry] = new.findall(ENTRY)
    _keep_id(old, new)
    _date(entry, [one for one in old.findall(ENTRY) if one.findtext(ID) == entry.findtext(ID)])
    replaced = {_role(child) for child in new}
    for child in list(old):
        if _role(child) in replaced:
            old.remove(child)
    for child in reversed(list(new)):
        old.insert(0, child)
    return old


def _role(child: etree._Element) -> tuple[Any, ...]:
    """What a part of a feed is there for: two parts of the same role exclude each other."""
    return child.tag, child.get("rel"), child.findtext(ID)


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
    updated.text = rfc3339(later if changed else before)


def _words(entry: etree._Element) -> list[tuple[Any, ...]]:
    """All that an entry says, but for when it was changed."""
    parts = (one for one in entry.iter() if one.tag != UPDATED)
    return [(one.tag, sorted(one.attrib.items()), (one.text or "").strip()) for one in parts]


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
        updated.text = rfc3339(max(_instant(entry, UPDATED) for entry in kept))
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
