"""A feed (RSS, Atom or JSON Feed), each of its entries kept as a file with a head.

RSS 2.0, RFC 4287 (Atom), https://www.jsonfeed.org/version/1.1/
"""

import hashlib
import json
import os
import re
from calendar import timegm
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from xml.sax import SAXException, SAXParseException  # only named here

import feedparser
from lxml import html as lxml_html
from lxml.etree import ParserError

from publisher.sources.folder import SourceTrouble

MOST = 1000  # entries of one feed
STATE = "fetched.json"  # what the server told of the feed last
FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a server says to a GET: status, headers in lower case, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Get = Callable[[str, Mapping[str, str]], Answer]  # address, headers; raises SourceTrouble


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry. `id` is what it is known by, `url` its page, `html` its text."""

    id: str
    title: str
    url: str
    html: str
    date: str = ""
    summary: str = ""
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass
class Refreshed:
    """What is wrong with single entries; the rest is in the folder."""

    problems: list[str] = field(default_factory=list)


def refresh(url: str, folder: Path, *, site: str, get: Get) -> Refreshed:
    """Bring the files in `folder` to what the feed has now.

    The server is asked only for what changed (ETag, Last-Modified; RFC 9110 §13.1). An entry that
    left the feed keeps its file, and one whose id changed too, while title and date are the same.
    `site` is the address that pages begin with. Raises SourceTrouble.
    """
    folder.mkdir(parents=True, exist_ok=True)
    answer = get(url, _conditions(folder, url))
    if answer.status == HTTPStatus.NOT_MODIFIED:
        return Refreshed()
    if answer.status != HTTPStatus.OK:
        raise SourceTrouble(f"{url}: answers {answer.status}; mend [source] url")
    found, names, there = Refreshed(), _named(folder), entries(url, answer)
    taken = {names[entry.id] for entry in there if entry.id in names}
    for entry in there:
        if entry.url.startswith(site):
            old = "" if entry.id in names else _same_issue(folder, entry, taken)
            name = names.setdefault(entry.id, old or name_of(entry.id))
            taken.add(name)
            _write(folder / f"{name}.html", _written(entry, site))
        else:
            words = f"its page is {entry.url or 'nowhere'}, which is not below {site}"
            found.problems.append(f"{url}: {entry.title or entry.id}: {words}; mend its link")
    told = {name: answer.headers.get(name, "") for name in ("etag", "last-modified")}
    _write(folder / STATE, json.dumps({"url": url, **told, "names": names}))
    return found


def name_of(id: str) -> str:
    """The file of an entry, by its id alone: its last word, and a mark that no other id has."""
    word = next(iter(re.findall(r"[\w-]+(?=\W*(?:\.\w+)?\W*\Z)", id)), "")
    mark = hashlib.sha256(id.encode()).hexdigest()[:8]
    return f"{word[-60:].strip('-_').lower()}-{mark}".lstrip("-")


def entries(url: str, answer: Answer) -> list[Entry]:
    """The entries of a feed. Raises SourceTrouble for what is none."""
    if answer.body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return list(_of_json(url, answer.body))[:MOST]
    if b"<!ENTITY" in answer.body:
        raise SourceTrouble(f"{url}: declares entities of its own, which no feed needs")
    sent = {"content-location": url, **answer.headers}
    parsed = feedparser.parse(answer.body, response_headers=sent, sanitize_html=False)
    if not parsed.version:
        raise SourceTrouble(f"{url}: {_what_it_is(answer)}")
    if isinstance(parsed.get("bozo_exception"), SAXException):  # half an issue is none
        raise SourceTrouble(f"{url}: is a broken feed, so none of it is read: {_broken(parsed)}")
    return [_entry(one) for one in parsed.entries[:MOST]]


def _broken(parsed: Any) -> str:
    error = parsed.bozo_exception
    place = f", line {error.getLineNumber()}" if isinstance(error, SAXParseException) else ""
    return f"{error.getMessage()}{place}"


def _entry(one: Any) -> Entry:
    body = next((part.value for part in one.get("content", []) if part.value), "")
    said = one.get("summary", "")
    moment = one.get("published_parsed") or one.get("updated_parsed")
    return Entry(
        id=one.get("id") or one.get("link", ""),
        title=_plain(one.get("title", "")),
        url=one.get("link", ""),
        html=body or said,
        date=f"{datetime.fromtimestamp(timegm(moment), UTC):%Y-%m-%dT%H:%M:%SZ}" if moment else "",
        summary=_plain(said) if body else "",
        authors=tuple(a.name for a in one.get("authors", []) if a.get("name")),
        tags=tuple(tag.term for tag in one.get("tags", []) if tag.get("term")),
    )


def _of_json(url: str, body: bytes) -> Iterator[Entry]:
    try:
        feed = json.loads(body.decode("utf-8-sig"))
        items = feed["items"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SourceTrouble(f"{url}: is JSON, and no JSON Feed: {error!r}") from error
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict):
            yield _json_entry(item)


def _json_entry(item: Mapping[str, Any]) -> Entry:
    text = _text(item, "content_text")
    authors = item.get("authors") or [item.get("author") or {}]
    return Entry(
        id=str(item.get("id") or item.get("url") or ""),
        title=_text(item, "title"),
        url=_text(item, "url"),
        html=_text(item, "content_html") or _paragraphs(text),
        date=_text(item, "date_published") or _text(item, "date_modified"),
        summary=_text(item, "summary"),
        authors=tuple(_texts([a.get("name") for a in authors if isinstance(a, dict)])),
        tags=tuple(_texts(item.get("tags"))),
    )


def _text(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""


def _texts(values: object) -> list[str]:
    return [one for one in values if isinstance(one, str)] if isinstance(values, list) else []


def _paragraphs(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"<p>{part}</p>\n" for part in re.split(r"\n\s*\n", escaped) if part.strip())


def _plain(text: str) -> str:
    """The words of a title or summary that may be HTML."""
    if "<" not in text and "&" not in text:
        return " ".join(text.split())
    try:
        return " ".join("".join(map(str, lxml_html.fromstring(text).itertext())).split())
    except (ParserError, ValueError):
        return ""


def _what_it_is(answer: Answer) -> str:
    """What was sent in place of a feed, and where a page says that its feed is."""
    if b"<html" not in answer.body[:5000].lower():
        told = answer.headers.get("content-type", "nothing")
        return f"is no feed that can be read (it is said to be {told}); mend [source] url"
    return f"is a page and no feed; {_remedy(answer.body)}"


def _remedy(body: bytes) -> str:
    try:
        links = lxml_html.fromstring(body).iter("link")
        feeds: Sequence[str] = [
            link.get("href", "") for link in links if link.get("type") in FEED_TYPES
        ]
    except (ParserError, ValueError):
        feeds = []
    if feeds:
        return f"it names its feed: set [source] url to {feeds[0]}"
    return "set [source] url to the feed that it links to"


def _remembered(folder: Path) -> dict[str, Any]:
    try:
        told = json.loads((folder / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _named(folder: Path) -> dict[str, str]:
    """The names of files by the ids of their entries."""
    return dict(_remembered(folder).get("names", {}))


def _same_issue(folder: Path, entry: Entry, taken: Container[str]) -> str:
    """The file with this title and date whose entry is not in the feed any more; "" for none."""
    for path in sorted(folder.glob("*.html")) if entry.date and entry.title else []:
        if path.stem in taken:
            continue
        try:
            head, _ = json.JSONDecoder().raw_decode(path.read_text(encoding="utf-8"))
        except ValueError:
            continue
        if (head.get("title"), head.get("date")) == (entry.title, entry.date):
            return path.stem
    return ""


def _conditions(folder: Path, url: str) -> dict[str, str]:
    """What makes a server answer 304 where nothing changed."""
    told = _remembered(folder)
    if told.get("url") != url:
        return {}
    names = {"If-None-Match": "etag", "If-Modified-Since": "last-modified"}
    return {name: told[key] for name, key in names.items() if told.get(key)}


def _written(entry: Entry, site: str) -> str:
    """An entry as a file: a head in JSON, then its HTML."""
    head = {
        "title": entry.title,
        "date": entry.date,
        "url": "/" + entry.url.removeprefix(site).partition("#")[0],
        "summary": entry.summary,
        "authors": entry.authors,
        "tags": entry.tags,
    }
    told = {name: value for name, value in head.items() if value}
    return f"{json.dumps(told, ensure_ascii=False, indent=1)}\n{entry.html}\n"


def _write(path: Path, text: str) -> None:
    """Replace a file in one step, where it is not so already."""
    raw = text.encode("utf-8", errors="replace")
    if path.is_file() and path.read_bytes() == raw:
        return
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.write_bytes(raw)
    new.replace(path)
