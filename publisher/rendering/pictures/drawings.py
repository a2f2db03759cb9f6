"""SVG that only draws: no entities, no script."""

import re

from lxml import etree

LARGEST = 1024**2  # bytes, all of which are looked through
NAMESPACE = "{http://www.w3.org/2000/svg}"
BEGINNING = re.compile(rb"<(?:\w{1,20}:)?svg[\s>]")
DECLARATION = re.compile(r"^\s*<\?xml.*?\?>", re.DOTALL)
ACTING = frozenset({"script", "handler", "foreignobject", "iframe"})
UNITS = {"": 1, "px": 1, "pt": 4 / 3, "pc": 16, "in": 96, "cm": 96 / 2.54, "mm": 96 / 25.4}
LENGTH = re.compile(r"\s*(\d{1,9}(?:\.\d{1,9})?|\.\d{1,9})(px|pt|pc|in|cm|mm|)\s*")


class NotShown(ValueError):
    """A drawing that no reader should be shown, and why."""


def looks_like_one(start: bytes) -> bool:
    """Whether a file that begins so is meant as SVG."""
    return bool(BEGINNING.search(start))


def measured(raw: bytes) -> tuple[int, int]:
    """Width and height in pixels, 0 if unknown. Raises NotShown.

    Nothing is fetched and no entity is expanded. Sources: SVG 2, §8.2; CSS Values 3, §6.2.
    """
    root = _root(raw)
    if any(map(_acts, root.iter(etree.Element))):
        raise NotShown("an SVG with a script")
    width, height = (_pixels(root.get(name, "")) for name in ("width", "height"))
    box = [_pixels(number) for number in re.split(r"[\s,]+", root.get("viewBox", "").strip())[2:4]]
    if len(box) == 2 and all(box):
        ratio = box[0] / box[1]
        if not width and not height:
            width, height = box
        width, height = width or height * ratio, height or width / ratio
    return (round(width), round(height)) if width and height else (0, 0)


def _root(raw: bytes) -> etree._Element:
    if len(raw) > LARGEST:
        raise NotShown(f"an SVG larger than {LARGEST // 1024**2} MB")
    try:
        text = DECLARATION.sub("", raw.decode("utf-8-sig"), count=1)
        if "<!ENTITY" in text:
            raise NotShown("an SVG with entities of its own")
        root = etree.fromstring(text.encode(), _parser())
    except (etree.XMLSyntaxError, UnicodeDecodeError) as error:
        raise NotShown("a broken SVG, or one that is not UTF-8") from error
    if root.tag != NAMESPACE + "svg":
        raise NotShown("XML, but no SVG")
    return root


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )


def _acts(element: etree._Element) -> bool:
    """Whether an element is a script, or has one in its attributes."""
    if etree.QName(element).localname.lower() in ACTING:
        return True
    attributes = ((etree.QName(name).localname, str(v)) for name, v in element.attrib.items())
    return any(
        name.lower().startswith("on") or "javascript:" in "".join(value.split()).lower()
        for name, value in attributes
    )


def _pixels(length: str) -> float:
    """A length that says how much by itself; 0 for a share of something else."""
    read = LENGTH.fullmatch(length)
    return float(read[1]) * UNITS[read[2]] if read else 0
