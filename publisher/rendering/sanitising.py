"""What an edition's HTML may hold, and nothing else."""

import re
from collections import Counter

import nh3

from publisher.domain.issue import BadSource
from publisher.rendering.places import LINE
from publisher.rendering.words import without_controls

DEEPEST = 200  # open elements; sanitising takes time by the square of it
LARGEST = 4 * 1024 * 1024  # characters of HTML, whatever a small source swells to
SCHEMES = {
    "ftp",
    "gemini",
    "geo",
    "http",
    "https",
    "irc",
    "ircs",
    "magnet",
    "mailto",
    "matrix",
    "sip",
    "sms",
    "tel",
    "webcal",
    "xmpp",
}
HEADINGS = {f"h{level}" for level in range(1, 7)}
TAGS = HEADINGS | {
    "a",
    "abbr",
    "b",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
    "var",
}
ATTRIBUTES = {
    "*": {"lang", "dir", LINE},
    "a": {"href", "title"},
    "abbr": {"title"},
    "img": {"src", "alt", "title", "width", "height"},
    "li": {"id"},
    "ol": {"start"},
    "sup": {"id"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan"},
} | {heading: {"id"} for heading in HEADINGS}
CLOSED_BY_THEIR_NEXT = {
    "p",
    "li",
    "dt",
    "dd",
    "tr",
    "td",
    "th",
    "thead",
    "tbody",
    "tfoot",
    "option",
}
WITHOUT_CONTENT = {
    "area",
    "base",
    "br",
    "col",
    "embed",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "source",
    "track",
    "wbr",
}
# What stands inside these is no text of the page: it goes with them.
SILENT = {"iframe", "noembed", "noframes", "noscript", "script", "style", "template", "title"}
TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
EMPTY_PARAGRAPH = re.compile(r"<p>\s*</p>\n?")


def sanitised(path: str, html: str) -> str:
    """Well-formed HTML of known elements, attributes and URL schemes only.

    Raises BadSource for markup that is too deep or too large to be looked at quickly.
    """
    remedy = "make the issue smaller"
    if len(html) > LARGEST:
        raise BadSource(path, f"more than {LARGEST // 1024**2} MB of HTML", remedy=remedy)
    if _depth(html) > DEEPEST:
        reason = f"more than {DEEPEST} HTML elements are left open"
        raise BadSource(path, reason, remedy="close the elements, or nest fewer")
    clean = nh3.clean(
        html,
        tags=TAGS,
        clean_content_tags=SILENT,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel=None,
    )
    return EMPTY_PARAGRAPH.sub("", without_controls(clean))


def _depth(html: str) -> int:
    """An upper bound of the nesting, however the elements are closed.

    Each name is counted by itself, for a closing tag that matches nothing closes nothing, and
    an inline element that its paragraph closed over comes back in the next.
    """
    open_now: Counter[str] = Counter()
    depth = deepest = 0
    for closing, name in TAG.findall(html.lower()):
        if name in WITHOUT_CONTENT or name in CLOSED_BY_THEIR_NEXT:
            continue
        if not closing:
            open_now[name] += 1
            depth += 1
        elif open_now[name]:
            open_now[name] -= 1
            depth -= 1
        deepest = max(deepest, depth)
    return deepest
