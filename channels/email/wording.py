"""The operator's own words around the edition in a mail: a template for each part."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from channels._templates import GIVEN, HTML, Wording, around, wording
from channels.email.naming import ReadersName
from channels.email.parts import slot
from publisher.domain.channel import Refused
from publisher.domain.issue import Edition

UNSEEN = re.compile(  # up to its end, or that of all
    r"<!--.*?(?:-->|\Z)"
    r"|<(style|script|title|textarea|template)\b.*?(?:</\1\s*>|\Z)"
    r"|</?[a-z](?:[^>\"']|\"[^\"]*(?:\"|\Z)|'[^']*(?:'|\Z))*(?:>|\Z)",
    re.DOTALL | re.IGNORECASE,
)
OFFERED = GIVEN - {"hashtags"} | {"body", "name"}


@dataclass(frozen=True, kw_only=True)
class Words:
    """What stands around the body in the plain part, and in the HTML part."""

    plain: Wording
    html: Wording


def own_words(template: Path | None) -> Words:
    """Read `x.html` for the HTML part and, beside it, `x.txt` for the plain one.

    Raises ValueError, "template FILE:LINE: reason", for every mistake in them.
    """
    needs = ["body"]
    beside = template and template.with_suffix(".txt")
    if template and template.suffix == ".txt":
        raise ValueError(f"template {template}: must be HTML; a .txt beside it is found")
    plain = wording(beside, "{{ body }}", needs=needs, given=OFFERED)
    html = wording(template, "{{ body }}", needs=needs, given=OFFERED, written_in=HTML)
    for lang in sorted(plain.by_language.keys() ^ html.by_language.keys()):
        has, lacks = (".txt", ".html") if lang in plain.by_language else (".html", ".txt")
        reason = f"its counterpart for the language {lang} ends in {has} alone, not in {lacks}"
        raise ValueError(f"template {template}: {reason}; both parts of a mail need one")
    return Words(plain=plain, html=html)


def in_plain_words(words: Words, edition: Edition, name: ReadersName, body: str) -> str:
    """The plain part's body with the operator's words around it. Raises Refused, as `around`."""
    return _framed(words.plain, edition, name).replace(_mark(edition), body)


def in_html_words(words: Words, edition: Edition, name: ReadersName, body: str) -> str:
    """The HTML part's body with the operator's words around it.

    Raises Refused where a template fails, or holds the body or a name where no reader sees it.
    """
    frame = _framed(words.html, edition, name)
    seen = UNSEEN.sub("", frame)
    if _mark(edition) not in seen:
        reason = "{{ body }} stands in a comment or a tag, where nobody reads it"
        raise Refused(f"{words.html.place}: {reason}")
    if frame.count(name.stem) != seen.count(name.stem):
        reason = "{{ name }} stands in a comment or a tag, where nobody reads it"
        raise Refused(f"{words.html.place}: {reason}")
    return frame.replace(_mark(edition), body)


def _framed(wording: Wording, edition: Edition, name: ReadersName) -> str:
    mark, here = _mark(edition), replace(name, written=[])
    frame = around(wording, edition, body=mark, mark=mark, more={"name": here})
    if not here.is_whole_in(frame):
        raise Refused(f"{wording.place}: {{{{ name }}}} has to stand as it is, without filters")
    return frame


def _mark(edition: Edition) -> str:
    return f"{slot(edition)}/body"
