"""From a source file to an edition: the only door of this room."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from publisher.domain.habits import Habits
from publisher.domain.issue import BadSource, Edition, Fence, Image, Site
from publisher.rendering import markdown, sections
from publisher.rendering.dialects import plain_markdown
from publisher.rendering.findings.oddities import Manuscript, oddities
from publisher.rendering.heads.frontmatter import Source
from publisher.rendering.heads.notations import NO_ISSUE
from publisher.rendering.heads.particulars import (
    aliases_of,
    authors_of,
    before_more,
    correction_of,
    date_of,
    expiry_of,
    image_of,
    is_unfinished,
    release_of,
    summary_of,
    tags_of,
    url_of,
)
from publisher.rendering.heads.sheet import Sheet, taken_up
from publisher.rendering.heads.syndication import revision
from publisher.rendering.identities import identity_of
from publisher.rendering.links import hrefs, made_absolute
from publisher.rendering.markup import Part, parts, without_bare_links, words, written
from publisher.rendering.names import is_section
from publisher.rendering.opening import SPLIT_IT, decoded, raw_bytes, refuse_conflicts
from publisher.rendering.pictures.shelf import Shelf, completed, pictures
from publisher.rendering.places import bare
from publisher.rendering.plaintext.writing import plain_text
from publisher.rendering.players import linked_players
from publisher.rendering.rawtext import closed_as_written, refuse_left_open, without_frames
from publisher.rendering.references import (
    internal_links,
    is_elsewhere,
    links_to_sources,
    page_address,
)
from publisher.rendering.sanitising import sanitised
from publisher.rendering.shortcodes.expanding import Page as Facts
from publisher.rendering.shortcodes.expanding import Pen, expanded
from publisher.rendering.summaries import excerpt, first_paragraph
from publisher.rendering.words import one_line

# What Hugo does in sections that have no pattern: the site's is for its newsletter.
ELSEWHERE, UNDATED = "/:folders/:slugorcontentbasename/", datetime(1970, 1, 1, tzinfo=UTC)
NOT_READ = {
    ".rst": "reStructuredText",
    ".adoc": "AsciiDoc",
    ".asciidoc": "AsciiDoc",
    ".org": "Org mode",
}
LARGEST_BODY = 512 * 1024  # bytes


@dataclass(frozen=True, kw_only=True)
class Body:
    """A page's body: the run that travels, the run as written with lines, and what is in it."""

    run: list[Part]
    lined: list[Part]
    images: tuple[Image, ...]
    fences: tuple[Fence, ...]


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
    _refuse_what_is_no_issue(path)
    key, lang = identity_of(path, root=root, default_language=site.language, habits=habits)
    raw = raw_bytes(path)
    text = decoded(str(path), raw)
    refuse_conflicts(str(path), text)
    sheet = _opened(path, text, root=root, site=site, habits=habits)
    date = date_of(sheet)
    url = url_of(sheet, date=date, site=site)
    address = partial(_address, root=root, site=site, habits=habits)
    shelf = Shelf(
        page=url,
        site=site,
        static=static,
        beside=path.parent,
        bundle=sheet.name.bundle,
        files=_page_of_files(sheet, site, address),
    )
    page = Facts(
        path=str(path), title=sheet.title, url=url, lang=lang, date=f"{date:%F}", site=site
    )
    find = partial(page_address, source=path, root=root, address=address)
    html = partial(_html, page=page, habits=sheet.habits, find=find)
    body = _laid_out(parts(html(sheet.source)), text, page=page, shelf=shelf)
    edition = Edition(
        key=key,
        lang=lang,
        path=str(path),
        title=sheet.title,
        date=date,
        url=url,
        summary=_summary(path, sheet, sections.for_everyone(body.run, body.fences), html),
        html=written(body.run),
        text=plain_text(body.run),
        revision=revision(raw),
        site=site,
        authors=authors_of(sheet, root),
        tags=tags_of(sheet),
        links=hrefs(body.run),
        images=body.images,
        fences=body.fences,
        draft=is_unfinished(sheet),
        aliases=aliases_of(sheet, url=url, site=site),
        not_before=release_of(sheet),
        expires=expiry_of(sheet),
        image=image_of(sheet, shelf),
        correction=correction_of(sheet),
    )
    manuscript = Manuscript(
        text=text,
        fields=sheet.source.fields,
        lines=sheet.source.lines,
        run=body.lined,
        static=static,
        beside=path.parent if sheet.name.bundle else None,
    )
    return replace(edition, warnings=oddities(edition, manuscript))


def _refuse_what_is_no_issue(path: Path) -> None:
    if notation := NOT_READ.get(path.suffix.lower()):
        reason = f"{notation}, which is not read"
        raise BadSource(str(path), reason, line=1, remedy="write the issue in Markdown")
    if is_section(path):
        reason = NO_ISSUE + "the page of a section"
        raise BadSource(str(path), reason, line=1, remedy="name its folder's pages")


def _laid_out(noted: list[Part], text: str, *, page: Facts, shelf: Shelf) -> Body:
    """The body of a page from its parts, whose blocks carry their lines in `text`."""
    marked = bare(noted)
    as_written, _ = sections.fences(page.path, marked, text)
    lined, _ = sections.fences(page.path, noted, text)
    images = pictures(as_written, shelf)
    moved = made_absolute(without_bare_links(marked), page=page.url, site=page.site)
    run, fences = sections.fences(page.path, completed(moved, images), text)
    return Body(run=run, lined=lined, images=images, fences=fences)


def _opened(path: Path, text: str, *, root: Path | None, site: Site, habits: Habits) -> Sheet:
    """A file taken apart, its title in plain words: one that was a heading has Markdown in it."""
    sheet = taken_up(path, text, root=root, site=site, habits=habits)
    if len(sheet.source.body.encode()) > LARGEST_BODY:
        reason = f"the body is larger than {LARGEST_BODY // 1024} kB"
        raise BadSource(str(path), reason, remedy=SPLIT_IT)
    if not sheet.headed:
        return sheet
    return replace(sheet, title=_in_words(str(path), sheet.title, sheet.habits))


def _in_words(path: str, text: str, habits: Habits) -> str:
    """A line of Markdown as plain words."""
    shown = markdown.render_inline(path, text, habits)
    return one_line(words(parts(sanitised(path, shown))))


def _page_of_files(sheet: Sheet, site: Site, address: Callable[[Path], str]) -> str:
    """Of a translated bundle: the original's page, the only one that Hugo serves its files with."""
    original = sheet.path.with_name("index.md")
    shared = sheet.habits.generator in ("", "hugo") and sheet.name.bundle
    if not shared or sheet.lang == site.language or not original.is_file():
        return ""
    with suppress(BadSource):  # another file's trouble
        return address(original)
    return ""


def _address(path: Path, *, root: Path | None, site: Site, habits: Habits) -> str:
    """The permalink of another page, from its head."""
    text = decoded(str(path), raw_bytes(path))
    sheet = _opened(path, text, root=root, site=site, habits=habits)
    if sheet.habits.generator in ("", "hugo") and is_elsewhere(path, root):
        return url_of(sheet, date=UNDATED, site=replace(site, permalink=ELSEWHERE))
    return url_of(sheet, date=date_of(sheet), site=site)


def _html(source: Source, *, page: Facts, habits: Habits, find: Callable[[str], str]) -> str:
    if page.path.endswith(".html"):
        return _html_as_it_is(source, page=page)
    markdown.look_over(page.path, source.body)
    body = plain_markdown(source.body, habits)
    pen = Pen(
        block=lambda text, lines: markdown.render(page.path, text, habits, lines),
        inline=lambda text: markdown.render_inline(page.path, text, habits),
        plain=lambda html: words(parts(sanitised(page.path, html))),
        address=find,
    )
    html = expanded(body, first_line=source.body_line, page=page, habits=habits, pen=pen)
    html = links_to_sources(internal_links(html, find), find)
    html = without_frames(linked_players(closed_as_written(html)))
    refuse_left_open(page.path, html, body=source.body, body_line=source.body_line)
    return sanitised(page.path, sections.marked(html))


def _html_as_it_is(source: Source, *, page: Facts) -> str:
    """The body of a page that is HTML already, made safe."""
    html = without_frames(linked_players(closed_as_written(source.body)))
    refuse_left_open(page.path, html, body=source.body, body_line=source.body_line)
    return sanitised(page.path, html)


def _summary(path: Path, sheet: Sheet, run: list[Part], html: Callable[[Source], str]) -> str:
    """By the head, by the mark that ends it, or else the first paragraph.

    In a head it may be Markdown, as Hugo has it, but its quotes stay as they were typed.
    """
    as_typed = replace(sheet.habits, typographer=False)
    if given := _in_words(str(path), summary_of(sheet), as_typed):
        return given
    before = before_more(sheet)
    if before and (text := excerpt(bare(parts(html(before))))):
        return text
    return first_paragraph(run)
