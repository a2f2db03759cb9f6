"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/): one item an edition, in a feed file."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from channels._feednotation import Notation, dated_anew, instant
from channels._feeds import FeedFiles
from publisher.domain.channel import Post

VERSION = "https://jsonfeed.org/version/"

Object = dict[str, Any]


class JsonNotation:
    """A feed as an object, its items newest first."""

    name = "JSON Feed"

    def parsed(self, content: bytes) -> Object:
        """Raises ValueError for what is no such feed."""
        feed = json.loads(content.decode())
        if not isinstance(feed, dict) or not str(feed.get("version", "")).startswith(VERSION):
            raise ValueError(f"it has no version that begins with {VERSION}")
        items = feed.get("items")
        if not isinstance(items, list) or not all(isinstance(one, dict) for one in items):
            raise ValueError("its items are no list of objects")
        return feed

    def ids(self, feed: Object | None) -> list[str | None]:
        return [] if feed is None else [one.get("id") for one in feed["items"]]

    def merged(self, old: Object | None, post: Post, url: str, keep: int) -> Object:
        """Put a post's item into `old`; what only `old` has stays as it is.

        At most the newest `keep` items stay, newest first; 0 keeps all. One that changed is dated
        now.
        """
        item = _item(post)
        before = old["items"] if old else []
        earlier = [one for one in before if one.get("id") == item["id"]]
        _date(item, earlier)
        others = [one for one in before if one.get("id") != item["id"]]
        items = sorted([*others, item], key=lambda one: str(one.get("id")))
        items.sort(key=lambda one: _instant(one, "date_published"), reverse=True)
        head = _head(post, url)
        return {**head, **_unowned(old), **head, "items": items[: keep or None]}

    def without(self, feed: Object, id: str) -> Object:
        return {**feed, "items": [one for one in feed["items"] if one.get("id") != id]}

    def document(self, feed: Object) -> bytes:
        return (json.dumps(feed, ensure_ascii=False, indent=1) + "\n").encode()


@dataclass(frozen=True, kw_only=True)
class JsonFeed(FeedFiles):
    """Feed files in JSON."""

    media_type = "application/feed+json"
    notation: ClassVar[Notation] = JsonNotation()


def _head(post: Post, url: str) -> Object:
    about = post.details
    head: Object = {
        "version": f"{VERSION}1.1",
        "title": about["feed_title"],
        "home_page_url": about["site_url"],
        "feed_url": url,
        "language": about["feed_lang"].replace("_", "-"),
        "authors": [{"name": about["site_name"], "url": about["site_url"]}],
    }
    if about["hub"]:
        head["hubs"] = [{"type": "WebSub", "url": about["hub"]}]
    return head


def _unowned(old: Object | None) -> Object:
    """What a feed has that we never write: an icon, extensions, hubs where we name none."""
    owned = ("version", "title", "home_page_url", "feed_url", "language", "authors", "items")
    return {name: said for name, said in (old or {}).items() if name not in owned}


def _item(post: Post) -> Object:
    about = post.details
    item: Object = {
        "id": about["id"],
        "url": post.url,
        "title": post.title,
        "content_html": post.html,
        "summary": post.text,
        "date_published": about["published"],
        "date_modified": about["updated"],
        "authors": [{"name": name} for name in about["authors"] if name],
        "tags": [tag for tag in about["tags"] if tag],
        "language": post.lang.replace("_", "-"),
    }
    return {name: said for name, said in item.items() if said or name == "content_html"}


def _date(item: Object, earlier: list[Object]) -> None:
    """Date a changed item anew, an unchanged one as before."""
    if not earlier:
        return
    before = max(_instant(one, "date_modified") for one in earlier)
    changed = all({**one, "date_modified": item["date_modified"]} != item for one in earlier)
    item["date_modified"] = dated_anew(before, changed=changed)


def _instant(item: Object, key: str) -> datetime:
    return instant(str(item.get(key, "")))
