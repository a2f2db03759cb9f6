"""Feed files, read for a person: Atom, RSS or JSON Feed, whoever wrote them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lxml import etree, html

EXCERPT = 280


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry. `at` is the feed's own word for when, `excerpt` plain text."""

    title: str
    url: str
    at: str
    excerpt: str
    lang: str


@dataclass(frozen=True, kw_only=True)
class Feed:
    """A feed file. `problem` says in words why there are no entries, if so."""

    name: str
    title: str = ""
    entries: tuple[Entry, ...] = ()
    problem: str = ""


def found(places: Sequence[Path]) -> Iterator[Path]:
    """The feed files meant by files and folders; a file need not exist yet."""
    for place in places:
        if place.is_dir():
            written = (one for one in place.rglob("*") if one.suffix in (".xml", ".json"))
            yield from sorted(written)
        else:
            yield place


def opened(path: Path) -> Feed:
    """Read a feed. What is missing or broken is said in `problem`, never raised."""
    try:
        content = path.read_bytes()
        return (_of_json if path.suffix == ".json" else _of_xml)(path.name, content)
    except FileNotFoundError:
        return Feed(name=path.name, problem="not written yet")
    except (OSError, ValueError, etree.XMLSyntaxError) as error:
        return Feed(name=path.name, problem=f"cannot be read: {error}")


def _of_json(name: str, content: bytes) -> Feed:
    try:
        feed = json.loads(content)
        items = [
            Entry(
                title=item.get("title") or "(no title)",
                url=item.get("url", ""),
                at=item.get("date_published", ""),
                excerpt=_excerpt(item.get("summary") or item.get("content_html", "")),
                lang=item.get("language", ""),
            )
            for item in feed["items"]
        ]
        return Feed(name=name, title=feed.get("title", ""), entries=tuple(items))
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"no JSON Feed: {error!r}") from error


def _of_xml(name: str, content: bytes) -> Feed:
    root = _root(content)
    title = _word(root, "title") or _word(root, "channel/title")
    return Feed(name=name, title=title, entries=entries_of(content))


def entries_of(content: bytes) -> tuple[Entry, ...]:
    """The entries of an Atom or RSS document. Raises lxml.etree.XMLSyntaxError."""
    nodes = _root(content).iter()
    return tuple(_entry(node) for node in nodes if _tag(node) in ("entry", "item"))


def _root(content: bytes) -> etree._Element:
    return etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))


def _entry(node: etree._Element) -> Entry:
    body = _word(node, "summary") or _word(node, "content") or _word(node, "description")
    return Entry(
        title=_word(node, "title") or "(no title)",
        url=_address(node),
        at=_word(node, "published") or _word(node, "pubDate") or _word(node, "updated"),
        excerpt=_excerpt(body),
        lang=_lang(node),
    )


def _tag(node: etree._Element) -> str:
    return etree.QName(node).localname if isinstance(node.tag, str) else ""  # a comment has none


def _word(node: etree._Element, path: str) -> str:
    steps = "/".join(f"*[local-name()='{step}']" for step in path.split("/"))
    return str(node.xpath(f"string({steps})")).strip()


def _address(node: etree._Element) -> str:
    alternate = "*[local-name()='link'][not(@rel) or @rel='alternate']"
    return str(node.xpath(f"string({alternate}/@href)")) or _word(node, "link")


def _lang(node: etree._Element) -> str:
    namespace = "http://www.w3.org/XML/1998/namespace"
    for element in (node, *node.iterancestors(), *node):
        if lang := element.get(f"{{{namespace}}}lang"):
            return str(lang)
    return ""


def _excerpt(body: str) -> str:
    if not body.strip():
        return ""
    words = html.fromstring(f"<div>{body}</div>").xpath("string()")
    text = " ".join(str(words).split())
    return text if len(text) <= EXCERPT else text[: EXCERPT - 1].rsplit(" ", 1)[0] + "…"
