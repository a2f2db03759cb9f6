"""Oddities in a source that an editor should see before readers do."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from publisher.domain.issue import Edition, Finding
from publisher.rendering.findings import heads, links, pictures, texts
from publisher.rendering.markup import Part
from publisher.rendering.places import places

MOST = 100  # of the head, of links, of pictures, of words: nobody reads more at once


@dataclass(frozen=True, kw_only=True)
class Manuscript:
    """What an edition was read from: the whole file, its head, and the run that its body became.

    In the run, links are as written and blocks carry their lines. `lines` are those of the
    head's keys; pictures lie in the folders `static`
    and `beside`.
    """

    text: str
    fields: Mapping[str, Any]
    lines: Mapping[str, int]
    run: list[Part]
    static: Path | None = None
    beside: Path | None = None


def oddities(edition: Edition, source: Manuscript) -> tuple[Finding, ...]:
    """All that one file shows to be odd, in the order of its lines."""
    where = places(source.text, source.run)
    folders = (source.static, source.beside)
    groups = (
        heads.oddities(edition, source.fields, source.lines),
        heads.cut_short(where.lines, source.fields, source.lines),
        links.oddities(edition, where),
        pictures.oddities(edition, where, *folders),
        texts.oddities(where),
    )
    found = chain.from_iterable(islice(group, MOST) for group in groups)
    return tuple(sorted(found, key=lambda finding: finding.line))
