"""What RFC 4287 demands of a feed, asked of one: an independent reading of the specification."""

import re
from collections import Counter
from collections.abc import Iterator

from lxml import etree

ATOM = "{http://www.w3.org/2005/Atom}"
XML = "{http://www.w3.org/XML/1998/namespace}"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
# how often a child may stand there: (least, most). §4.1.1 and §4.1.2
ONE, MAYBE, ANY = (1, 1), (0, 1), (0, 10**9)
COMMON = {"id": ONE, "title": ONE, "updated": ONE, "rights": MAYBE}
COMMON |= {"author": ANY, "category": ANY, "contributor": ANY, "link": ANY}
OFTEN: dict[str, dict[str, tuple[int, int]]] = {
    "feed": COMMON
    | {"generator": MAYBE, "icon": MAYBE, "logo": MAYBE, "subtitle": MAYBE, "entry": ANY},
    "entry": COMMON | {"content": MAYBE, "published": MAYBE, "source": MAYBE, "summary": MAYBE},
    "author": {"name": ONE, "uri": MAYBE, "email": MAYBE},
}


def problems(content: bytes) -> list[str]:
    """Every demand that a feed document does not meet, in words; an empty list for a valid one."""
    root = etree.fromstring(content)
    if root.tag != f"{ATOM}feed":
        return [f"the root is {root.tag}"]
    found = list(_of_container(root))
    for entry in root.findall(f"{ATOM}entry"):
        found += _of_container(entry)
        found += _of_entry(entry, root)
    versions = Counter(
        (entry.findtext(f"{ATOM}id"), entry.findtext(f"{ATOM}updated"))
        for entry in root.findall(f"{ATOM}entry")
    )
    found += [f"two entries {version}" for version, times in versions.items() if times > 1]
    return found


def _of_container(element: etree._Element) -> Iterator[str]:
    yield from _counts(element)
    yield from _alternates(element)
    for child in (element, *element):
        lang = child.get(f"{XML}lang")
        if lang is not None and not LANGUAGE.fullmatch(lang):
            yield f"xml:lang is {lang!r} (§2)"
    for child in filter(_is_atom, element):
        yield from _of_child(child)
    if any((text or "").strip() for text in (element.text, *(child.tail for child in element))):
        yield f"loose text in {element.tag}"


def _of_entry(entry: etree._Element, feed: etree._Element) -> Iterator[str]:
    links = [link.get("rel", "alternate") for link in entry.findall(f"{ATOM}link")]
    content = entry.find(f"{ATOM}content")
    if content is None and "alternate" not in links:
        yield "an entry without content and without an alternate link (§4.1.2)"
    if content is not None and content.get("src") and entry.find(f"{ATOM}summary") is None:
        yield "content from elsewhere without a summary (§4.1.2)"
    if all(place.find(f"{ATOM}author") is None for place in (entry, feed)):
        yield "nobody wrote this entry (§4.1.2)"


def _counts(element: etree._Element) -> Iterator[str]:
    kind = etree.QName(element).localname
    names = [etree.QName(child).localname for child in element if _is_atom(child)]
    for name, (least, most) in OFTEN[kind].items():
        if not least <= names.count(name) <= most:
            yield f"{names.count(name)} times {name} in {kind}"
    yield from (f"unknown {name} in {kind}" for name in set(names) - set(OFTEN[kind]))


def _alternates(element: etree._Element) -> Iterator[str]:
    links = [one for one in element.findall(f"{ATOM}link") if one.get("rel") in (None, "alternate")]
    seen = Counter((link.get("type"), link.get("hreflang")) for link in links)
    yield from (f"two alternate links {same} (§4.1.1)" for same, n in seen.items() if n > 1)


def _of_child(child: etree._Element) -> Iterator[str]:
    match etree.QName(child).localname:
        case "id" if not IRI.fullmatch(child.text or ""):
            yield f"the id {child.text!r} is no absolute IRI (§4.2.6)"
        case "updated" | "published" as name if not TIME.fullmatch(child.text or ""):
            yield f"{name} is {child.text!r} (§3.3)"
        case "title" | "summary" | "content" | "rights" | "subtitle" as name:
            if child.get("type", "text") in ("text", "html") and len(child):
                yield f"markup that is not escaped in {name} (§3.1.1)"
        case "link" if not child.get("href"):
            yield "a link without href (§4.2.7)"
        case "category" if not child.get("term"):
            yield "a category without term (§4.2.2)"
        case "author":
            yield from _counts(child)


def _is_atom(child: etree._Element) -> bool:
    return isinstance(child.tag, str) and child.tag.startswith(ATOM)
