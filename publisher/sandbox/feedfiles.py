"""Feed files, read for a person: Atom or RSS, whoever wrote them."""

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
            yield from sorted(place.rglob("*.xml"))
        else:
            yield place


def opened(path: Path) -> Feed:
    """Read a feed. What is missing or broken is said in `problem`, never raised."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        root = etree.fromstring(path.read_bytes(), parser)
    except FileNotFoundError:
        return Feed(name=path.name, problem="not written yet")
    except (OSError, etree.XMLSyntaxError) as error:
        return Feed(name=path.name, problem=f"cannot be read: {error}")
    entries = [node for node in root.iter() if _tag(node) in ("entry", "item")]
    title = _word(root, "title") or _word(root, "channel/title")
    return Feed(name=path.name, title=title, entries=tuple(map(_entry, entries)))


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
