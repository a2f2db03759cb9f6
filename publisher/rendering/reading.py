"""From a source file to an edition: the only door of this room."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from publisher.domain.habits import Habits
from publisher.domain.issue import BadSource, Edition, Site
from publisher.rendering import frontmatter, markdown, sections, shortcodes
from publisher.rendering.fields import date_field, list_field, text_field
from publisher.rendering.findings import Manuscript, oddities
from publisher.rendering.links import SCHEME, hrefs, made_absolute
from publisher.rendering.markup import Closing, Opening, Part, parts, words, written
from publisher.rendering.names import dated_name, identity, is_bundle, without_language
from publisher.rendering.notations import NO_ISSUE
from publisher.rendering.opening import SPLIT_IT, decoded, raw_bytes
from publisher.rendering.permalink import Page, permalink, unknown_tokens
from publisher.rendering.pictures import Shelf, completed, pictures
from publisher.rendering.places import bare, file_lines
from publisher.rendering.plaintext import plain_text
from publisher.rendering.sanitising import sanitised
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
    noted = parts(_html(name, source, habits))
    marked = bare(noted)
    as_written, _ = sections.fences(name, marked, text)
    lined, _ = sections.fences(name, noted, text)
    beside, bundle = path.parent, is_bundle(path)
    shelf = Shelf(page=url, site=site, static=static, beside=beside, bundle=bundle)
    images = pictures(as_written, shelf)
    moved = completed(made_absolute(marked, page=url, site=site), images)
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


def _html(name: str, source: frontmatter.Source, habits: Habits) -> str:
    body, found = shortcodes.set_aside(name, source.body, source.body_line)
    html = markdown.render(name, body, habits, _lines(source, body, found))
    html = shortcodes.put_back(
        html,
        found,
        markdown=lambda caption: markdown.render_inline(name, caption, habits),
        plain=lambda caption: words(parts(sanitised(name, caption))),
    )
    return sanitised(name, sections.marked(html))


def _lines(
    source: frontmatter.Source, aside: str, found: Sequence[shortcodes.Shortcode]
) -> list[int]:
    """The line of the file for each line of the body whose shortcodes are set aside."""
    anchors = [
        (at, found[int(mark[1])].line)
        for at, typed in enumerate(aside.split("\n"))
        for mark in shortcodes.PLACEHOLDER.finditer(typed)
    ]
    last = source.body_line + source.body.count("\n")
    return file_lines(aside, [*anchors, (aside.count("\n"), last)])


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
