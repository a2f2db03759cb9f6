"""What a source tells of an edition: dates, people, addresses, pictures."""

import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from publisher.domain.habits import FIELDS, Ways
from publisher.domain.issue import NOT_CARRIED, BadSource, Image, Site
from publisher.rendering import names
from publisher.rendering.heads import authors
from publisher.rendering.heads.dates import moment
from publisher.rendering.heads.fields import (
    NO,
    date_field,
    is_draft,
    line_of,
    list_field,
    text_field,
    values,
    word,
)
from publisher.rendering.heads.frontmatter import Source
from publisher.rendering.heads.notations import NO_ISSUE
from publisher.rendering.heads.sheet import Sheet
from publisher.rendering.links import SCHEME, WEB, local_file
from publisher.rendering.permalink import Page, alias, permalink, unknown_tokens
from publisher.rendering.pictures.shelf import Shelf, picture

ADD_A_DATE = "add `date: YYYY-MM-DD` to the front matter"
MORE = re.compile(r"<!--\s*(?:more|truncate)\s*-->|\{/\*\s*truncate\s*\*/\}", re.IGNORECASE)
DEFINITION = re.compile(r"^ {0,3}\[[^\]\n]+\]:[^\n]*$", re.MULTILINE)


def date_of(sheet: Sheet) -> datetime:
    """When the issue is dated: by its head, else by its name. Raises BadSource."""
    given = date_field(str(sheet.path), sheet.source, FIELDS["date"])
    dated = sheet.name.dated
    if given is None and not dated:
        line = line_of(sheet.source, "date") or 1
        raise BadSource(str(sheet.path), NO_ISSUE + "it has no date", line=line, remedy=ADD_A_DATE)
    date = given or moment(dated)
    if date is None:
        raise BadSource(str(sheet.path), f"its name holds no date: {dated}", remedy=ADD_A_DATE)
    return date


def release_of(sheet: Sheet) -> datetime | None:
    """Before when it is no news, where the head says so. Raises BadSource."""
    return date_field(str(sheet.path), sheet.source, FIELDS["not before"])


def expiry_of(sheet: Sheet) -> datetime | None:
    """From when on it is news no more. Raises BadSource."""
    return date_field(str(sheet.path), sheet.source, FIELDS["expires"])


def is_unfinished(sheet: Sheet) -> bool:
    """Whether it is a draft, by its head or by its folder. Raises BadSource."""
    return is_draft(str(sheet.path), sheet.source) or "_drafts" in sheet.path.parts


def authors_of(sheet: Sheet, root: Path | None) -> tuple[str, ...]:
    """Who wrote it, ids resolved. Raises BadSource for a broken list of authors."""
    return authors.named(list_field(sheet.source, FIELDS["authors"]), near=sheet.path, root=root)


def tags_of(sheet: Sheet) -> tuple[str, ...]:
    """Tags and categories, without repeats."""
    return list_field(sheet.source, FIELDS["tags"], dividers=_dividers(sheet.ways))


def _dividers(ways: Ways) -> str:
    return ";, " if ways.spaced else ";,"


def url_of(sheet: Sheet, *, date: datetime, site: Site) -> str:
    """Its absolute address. Raises BadSource for one that cannot be made."""
    own = text_field(sheet.source, sheet.ways.address).removesuffix("index.html")
    line = max(line_of(sheet.source, name) for name in sheet.ways.address)
    if SCHEME.match(own):
        reason = f"its own address is a whole one: {own}"
        raise BadSource(str(sheet.path), reason, line=line, remedy="give only its path")
    if strange := unknown_tokens(own or site.permalink):
        reason = f"unknown in the permalink pattern: {' '.join(strange)}"
        raise BadSource(
            str(sheet.path), reason, line=line * bool(own), remedy="see [site] permalink"
        )
    stem = names.without_date(sheet.name.stem) if sheet.ways.dated else sheet.name.stem
    page = Page(
        title=sheet.title,
        date=date,
        lang=sheet.lang,
        file=sheet.path,
        filename=stem,
        slug=text_field(sheet.source, FIELDS["slug"]),
        url=own,
        bundle=sheet.name.bundle,
        categories=list_field(
            sheet.source, ("categories", "category"), dividers=_dividers(sheet.ways)
        ),
    )
    return permalink(page, site, sheet.ways)


def aliases_of(sheet: Sheet, *, url: str, site: Site) -> tuple[str, ...]:
    """Its other addresses, absolute, without its own."""
    given = list_field(sheet.source, FIELDS["aliases"], dividers="\n")
    whole = (alias(path, url, site, lang=sheet.lang) for path in given)
    return tuple(
        dict.fromkeys(address for address in whole if address.rstrip("/") != url.rstrip("/"))
    )


def correction_of(sheet: Sheet) -> str:
    """What was wrong, in the head's words; NOT_CARRIED where it says `false`, "" for nothing."""
    given = next((value for _, value in values(sheet.source, FIELDS["correction"])), "")
    is_denied = given is False or word(given).lower() in NO - {""}
    return NOT_CARRIED if is_denied else word(given)


def image_of(sheet: Sheet, shelf: Shelf) -> Image | None:
    """The picture that the head names for cards, None for one without a web address.

    One without a leading slash lies beside the source, or else is meant from the site's root.
    """
    for _, value in values(sheet.source, FIELDS["image"]):
        src, alt = _named_picture(next(iter(value), None) if isinstance(value, list) else value)
        if not src:
            continue
        beside = shelf.beside and not SCHEME.match(src) and local_file(src, shelf.beside)
        whole = beside or src.startswith("/") or SCHEME.match(src)
        image = picture(src if whole else f"/{src}", shelf, alt=alt)
        if WEB.match(image.src):
            return image
    return None


def _named_picture(item: object) -> tuple[str, str]:
    if not isinstance(item, dict):
        return word(item), ""
    sources = (word(item.get(name)) for name in ("image", "src", "path", "url"))
    return next(filter(None, sources), ""), word(item.get("alt"))


def summary_of(sheet: Sheet) -> str:
    """The summary that the head gives, or ""."""
    return text_field(sheet.source, FIELDS["summary"])


def before_more(sheet: Sheet) -> Source | None:
    """The text before the mark that ends a summary (`<!--more-->`), with its links; or None."""
    body = sheet.source.body
    mark = (
        re.search(re.escape(separator), body)
        if (separator := _separator(sheet))
        else MORE.search(body)
    )
    if mark is None or not body[: mark.start()].strip():
        return None
    definitions = "\n".join(DEFINITION.findall(body, mark.end()))
    return replace(sheet.source, body=f"{body[: mark.start()]}\n\n{definitions}\n")


def _separator(sheet: Sheet) -> str:
    return str(sheet.source.fields.get("excerpt_separator") or "").strip()
