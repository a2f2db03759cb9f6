"""The operator's own words around the edition in a mail: a template for each part."""

from dataclasses import dataclass
from pathlib import Path

from channels._templates import GIVEN, HTML, Wording, around, wording
from channels.email.parts import slot
from publisher.domain.issue import Edition

OFFERED = GIVEN - {"hashtags"} | {"body"}


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
    return Words(plain=plain, html=html)


def in_words(words: Wording, edition: Edition, body: str) -> str:
    """The body with the operator's words around it. Raises Refused where a template fails."""
    return around(words, edition, body=body, mark=f"{slot(edition)}/body")
