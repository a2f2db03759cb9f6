"""Oddities in the head of a source: title, date, keys, aliases."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from publisher.domain.issue import Edition, Finding
from publisher.domain.lint import finding
from publisher.rendering.findings import months
from publisher.rendering.findings.months import Month
from publisher.rendering.names import dated_name
from publisher.rendering.words import BIDI_CONTROLS

DATED = re.compile(r"(?<!\d)(\d{4}-\d{2}-\d{2})(?!\d)")
UNFINISHED = r"(?:TODO|FIXME|TBD|XXX)"
PLACEHOLDER_TITLE = re.compile(
    rf"^\W*{UNFINISHED}\s*[:–—-]|\b{UNFINISHED}\W*$|[\[({{<]\s*{UNFINISHED}\b|\b(?:MONTH|YYYY)\b"
    r"|(?i:lorem ipsum|\bdraft title\b|\bfeatured story title\b|\btitle (?:goes )?here\b)"
    r"|(?i:\binsert title\b|^\W*(?:untitled|(?:your |newsletter )?title)\W*$)"
)
SUMMARIES = ("summary", "description")
COMMENTED = re.compile(r"""\w+:[ ]+[^\s"'|>#][^#\n]*?\s(#\w[^\n]{0,80})""")  # by a plain value
LONGEST = 1000  # characters of a summary that are looked at
READ = (
    *("title", "date", "summary", "description", "author", "authors", "tags", "categories"),
    *("category", "aliases", "draft", "slug", "url", "image", "images", "expirydate"),
)
TRANSLATED = {
    "author": "autor autore auteur autorin",
    "authors": "autoren autori auteurs autores",
    "categories": "kategorien categorie categorias catégories categorías",
    "date": "datum fecha dată",
    "description": "beschreibung descripción descrizione descrição descriere",
    "draft": "entwurf borrador brouillon bozza rascunho ciornă",
    "image": "bild imagen immagine imagem imagine",
    "summary": "sommario zusammenfassung resumen résumé resumo rezumat riassunto sumario resume",
    "tags": "schlagworte schlagwörter etiquetas étiquettes etichette",
    "title": "titel título titre titolo titlu",
}
MEANT = {word: key for key, words in TRANSLATED.items() for word in words.split()}
LIKE = ({"summary", "description"}, {"author", "authors"}, {"image", "images"})
ALIKE = 0.84  # how alike two keys are, by difflib's measure, for one to be a slip


def oddities(
    edition: Edition, fields: Mapping[str, Any], lines: Mapping[str, int]
) -> Iterator[Finding]:
    """`lines` are those of the keys."""
    yield from _title(edition, str(fields.get("title") or ""), lines.get("title", 1))
    yield from _dates(edition, lines)
    yield from _summary(fields, lines)
    yield from _keys(fields, lines)
    yield from _aliases(edition, fields, lines)


def cut_short(
    typed: Sequence[str], fields: Mapping[str, Any], lines: Mapping[str, int]
) -> Iterator[Finding]:
    """Where YAML took a hashtag for a comment. `typed` are the lines of the file."""
    for key in ("title", *SUMMARIES):
        line = lines.get(key, 0)
        lost = COMMENTED.match(typed[line - 1]) if 0 < line <= len(typed) else None
        if lost and lost[1] not in str(fields.get(key)):
            yield finding("cut-by-comment", f"{key}: {lost[1]}", line)


def _title(edition: Edition, typed: str, line: int) -> Iterator[Finding]:
    if PLACEHOLDER_TITLE.search(edition.title):
        yield finding("placeholder-in-title", edition.title, line)
    for hidden in dict.fromkeys(c for c in typed if c in BIDI_CONTROLS):
        yield finding("direction-control-in-title", f"U+{ord(hidden):04X}", line)
    named = months.last_named(edition.title)
    if named and (kind := _kind_of(named, edition.date)):
        yield finding(kind, f"{edition.title}, dated {edition.date:%Y-%m-%d}", line)


def _kind_of(named: Month, date: datetime) -> str:
    """How a title's month is at odds with the date; "" if it fits.

    An issue appears in its month, in the one after, or in the last week before.
    """
    year = named.year or date.year
    apart = (date.year - year) * 12 + date.month - named.number
    in_year = (date.month - named.number) % 12
    usual = (0, 1, 11) if date.day > 24 else (0, 1)
    if in_year not in usual:
        return "title-month-differs-from-date"
    fits = apart in (0, 1, -1) or not named.year
    return "" if fits else "title-year-differs-from-date"


def _dates(edition: Edition, lines: Mapping[str, int]) -> Iterator[Finding]:
    dated = DATED.search(dated_name(Path(edition.path)))
    date = f"{edition.date:%Y-%m-%d}"
    if "date" in lines and dated and dated[1] != date:
        yield finding("date-differs-from-filename", date, lines["date"])


def _summary(fields: Mapping[str, Any], lines: Mapping[str, int]) -> Iterator[Finding]:
    key = next((key for key in SUMMARIES if fields.get(key)), "")
    if not key:
        yield finding("missing-summary", "announcements take the first paragraph", 1)
    elif PLACEHOLDER_TITLE.search(typed := str(fields[key])[:LONGEST]):
        yield finding("placeholder-in-summary", typed, lines.get(key, 1))


def _keys(fields: Mapping[str, Any], lines: Mapping[str, int]) -> Iterator[Finding]:
    """Keys that nobody reads and that look like one that is read and not there."""
    for key in fields:
        meant = "" if key in READ else _meant(key)
        alike = next((group for group in LIKE if meant in group), {meant})
        if meant and not any(fields.get(name) for name in alike):
            yield finding("misspelt-key", f"{key}: did you mean {meant}?", lines.get(key, 1))


def _meant(key: str) -> str:
    close = get_close_matches(key, READ, n=1, cutoff=ALIKE)
    return MEANT.get(key) or (close[0] if close else "")


def _aliases(
    edition: Edition, fields: Mapping[str, Any], lines: Mapping[str, int]
) -> Iterator[Finding]:
    value = fields.get("aliases") or []
    for alias in value if isinstance(value, list) else [value]:
        if not isinstance(alias, str):
            continue
        path = edition.url.removeprefix(edition.site.base_url.rstrip("/"))
        if alias.strip("/") == path.strip("/"):
            yield finding("alias-of-itself", alias, lines.get("aliases", 1))
        if not alias.startswith(("/", "http://", "https://")):
            yield finding("alias-without-slash", alias, lines.get("aliases", 1))
