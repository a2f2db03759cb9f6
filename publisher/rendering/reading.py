"""From a source file to an edition: the only door of this room."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from publisher.domain.habits import Habits
from publisher.domain.issue import BadSource, Edition, Site
from publisher.rendering import frontmatter, markdown, sections
from publisher.rendering.dialects import plain_markdown
from publisher.rendering.fields import date_field, list_field, text_field
from publisher.rendering.findings import Manuscript, oddities
from publisher.rendering.links import SCHEME, hrefs, made_absolute
from publisher.rendering.markup import (
    Closing,
    Opening,
    Part,
    parts,
    without_bare_links,
    words,
    written,
)
from publisher.rendering.names import dated_name, identity, is_bundle, without_language
from publisher.rendering.notations import NO_ISSUE
from publisher.rendering.opening import SPLIT_IT, decoded, raw_bytes
from publisher.rendering.permalink import Page, permalink, unknown_tokens
from publisher.rendering.pictures import Shelf, completed, pictures
from publisher.rendering.places import bare
from publisher.rendering.plaintext import plain_text
from publisher.rendering.players import linked_players
from publisher.rendering.references import internal_links, page_address
from publisher.rendering.sanitising import sanitised
from publisher.rendering.shortcodes.expanding import Page as Facts
from publisher.rendering.shortcodes.expanding import Pen, expanded
from publisher.rendering.words import one_line, shortened

LARGEST_BODY = 512 * 1024  # bytes
LONGEST_TITLE = 500  # characters
LONGEST_SUMMARY = 300  # characters, where it is taken from the text


def read_edition(
    path: Path,
    *,
    root: Path | None,
    site: Site,
    static: Path | None,
    habits: Habits = Habits(),  # noqa: B008  it never changes
) -> Edition:
    """The edition a source file holds.

    `root` is the folder that keys are relative to, `static` the one the site serves at /.
    Raises BadSource, with the line and the remedy, for anything that is no edition.
    """
    name = str(path)
    key, lang = identity(path, root=root, default_language=site.language)
    raw = raw_bytes(path)
    text = decoded(name, raw)
    source = frontmatter.take_apart(name, text)
    if len(source.body.encode()) > LARGEST_BODY:
        reason = f"the body is larger than {LARGEST_BODY // 1024} kB"
        raise BadSource(name, reason, remedy=SPLIT_IT)
    title = _title(name, source)
    date = date_field(name, source, filename=dated_name(path))
    url = _url(path, source.fields, title=title, date=date, lang=lang, site=site)
    page = Facts(path=name, title=title, url=url, lang=lang, date=f"{date:%F}", site=site)
    find = partial(
        page_address, source=path, root=root, address=partial(_address, root=root, site=site)
    )
    noted = parts(_html(source, page, habits, find))
    marked = bare(noted)
    as_written, _ = sections.fences(name, marked, text)
    lined, _ = sections.fences(name, noted, text)
    beside, bundle = path.parent, is_bundle(path)
    shelf = Shelf(page=url, site=site, static=static, beside=beside, bundle=bundle)
    images = pictures(as_written, shelf)
    moved = completed(made_absolute(without_bare_links(marked), page=url, site=site), images)
    run, fences = sections.fences(name, moved, text)
    for_all = sections.for_everyone(run, fences)
    edition = Edition(
        key=key,
        lang=lang,
        path=name,
        title=title,
        date=date,
        url=url,
        summary=text_field(source.fields, "summary", "description") or _summary(for_all),
        html=written(run),
        text=plain_text(run),
        revision=hashlib.sha256(raw).hexdigest(),
        site=site,
        authors=list_field(source.fields, "author", "authors"),
        tags=list_field(source.fields, "tags", "categories", "category"),
        links=hrefs(run),
        images=images,
        fences=fences,
        draft=source.fields.get("draft") in (True, "true", "True", "yes"),
    )
    manuscript = Manuscript(
        text=text,
        fields=source.fields,
        lines=source.lines,
        run=lined,
        static=static,
        beside=beside if bundle else None,
    )
    return replace(edition, warnings=oddities(edition, manuscript))


def _title(name: str, source: frontmatter.Source) -> str:
    title = text_field(source.fields, "title")
    line = source.lines.get("title", 0)
    if not title:
        reason = NO_ISSUE + "it has no title"
        raise BadSource(name, reason, line=line, remedy="add `title:` to the front matter")
    if len(title) > LONGEST_TITLE:
        reason = f"the title is longer than {LONGEST_TITLE} characters"
        raise BadSource(name, reason, line=line, remedy="shorten it")
    return title


def _url(
    path: Path, fields: Mapping[str, Any], *, title: str, date: datetime, lang: str, site: Site
) -> str:
    own = text_field(fields, "url")
    if SCHEME.match(own):
        raise BadSource(str(path), f"url is a whole address: {own}", remedy="give only its path")
    if strange := unknown_tokens(own or site.permalink):
        reason = f"unknown in the permalink pattern: {' '.join(strange)}"
        raise BadSource(str(path), reason, remedy="see [site] permalink")
    bundle = is_bundle(path)
    page = Page(
        title=title,
        date=date,
        lang=lang,
        file=path,
        filename=path.absolute().parent.name if bundle else without_language(path.stem)[0],
        slug=text_field(fields, "slug"),
        url=own,
    )
    return permalink(page, site)


def _address(path: Path, *, root: Path | None, site: Site) -> str:
    """The permalink of another page, from its head."""
    source = frontmatter.take_apart(str(path), decoded(str(path), raw_bytes(path)))
    lang = identity(path, root=root, default_language=site.language)[1]
    date = date_field(str(path), source, filename=dated_name(path))
    title = _title(str(path), source)
    return _url(path, source.fields, title=title, date=date, lang=lang, site=site)


def _html(
    source: frontmatter.Source, page: Facts, habits: Habits, find: Callable[[str], str]
) -> str:
    body = plain_markdown(source.body, habits)
    pen = Pen(
        block=lambda text, lines: markdown.render(page.path, text, habits, lines),
        inline=lambda text: markdown.render_inline(page.path, text, habits),
        plain=lambda html: words(parts(sanitised(page.path, html))),
        address=find,
    )
    html = expanded(body, first_line=source.body_line, page=page, habits=habits, pen=pen)
    html = linked_players(internal_links(html, find))
    return sanitised(page.path, sections.marked(html))


def _summary(run: list[Part]) -> str:
    """The first paragraph of running text, pictures and their captions apart."""
    start: int | None = None
    figures = 0
    for at, part in enumerate(run):
        match part:
            case Opening(name="figure" | "blockquote" | "table"):
                figures += 1
            case Closing(name="figure" | "blockquote" | "table"):
                figures -= 1
            case Opening(name="p") if not figures:
                start = at
            case Closing(name="p") if start is not None:
                if text := words(run[start:at]):
                    return shortened(one_line(text), LONGEST_SUMMARY)
                start = None
    return ""
