"""An edition as an Atom entry in a PubSub item (XEP-0277, XEP-0472)."""

from xml.etree import ElementTree as ET

from lxml import etree
from lxml import html as lxml_html

from channels._xml import clean
from publisher.domain.channel import Post

ATOM, XHTML = "http://www.w3.org/2005/Atom", "http://www.w3.org/1999/xhtml"
ENTRY = f"{{{ATOM}}}entry"


def entry(post: Post) -> ET.Element:
    """The item of a post. `post.details` is what the channel renders."""
    about = post.details
    made = ET.Element(ENTRY)
    _add(made, "id", about["id"])
    _add(made, "title", post.title, type="text")
    if post.text:
        _add(made, "summary", post.text, type="text")
    for name in about["authors"]:
        _add(_add(made, "author"), "name", name)
    _add(made, "published", about["published"])
    _add(made, "updated", about["updated"])
    _add(made, "link", rel="alternate", type="text/html", href=post.url, hreflang=post.lang)
    for tag in about["tags"]:
        _add(made, "category", term=tag)
    if post.html:
        _add(made, "content", type="xhtml").append(ET.fromstring(post.html))  # noqa: S314  our own
    return made


def _add(to: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
    added = ET.SubElement(to, f"{{{ATOM}}}{name}", attributes)
    added.text = text or None
    return added


def xhtml(html: str) -> str:
    """Safe HTML as one XHTML `div`, which is well-formed XML."""
    if not html.strip():
        return ""
    tree = lxml_html.fragment_fromstring(clean(html), create_parent="div")
    for node in tree.iter():
        for name in [name for name in node.attrib if not _is_name(str(name))]:
            del node.attrib[name]
    tree.set("xmlns", XHTML)
    return str(etree.tostring(tree, method="xml", encoding="unicode", with_tail=False))


def _is_name(text: str) -> bool:
    return text.replace("-", "").isalnum() and text[0].isalpha()
