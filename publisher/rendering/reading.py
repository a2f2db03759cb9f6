"""From a source file to an edition: the only door of this room."""

import hashlib
import os
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path, PurePath
from typing import Any

from publisher.domain.habits import Habits
from publisher.domain.issue import BadSource, Edition, Site
from publisher.rendering import frontmatter, markdown, sections, shortcodes
from publisher.rendering.findings import oddities
from publisher.rendering.links import (
    SCHEME,
    absolute,
    hrefs,
    local_file,
    made_absolute,
    pictures,
)
from publisher.rendering.markup import Closing, Opening, Part, parts, words, written
from publisher.rendering.permalink import Page, permalink, unknown_tokens
from publisher.rendering.plaintext import plain_text
from publisher.rendering.sanitising import sanitised
from publisher.rendering.words import one_line, shortened, without_controls

LARGEST_FILE = 1024 * 1024  # bytes
LARGEST_BODY = 512 * 1024  # bytes
LONGEST_TITLE = 500  # characters
LONGEST_SUMMARY = 300  # characters, where it is taken from the text
LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?", re.IGNORECASE)
NO_LANGUAGE = frozenset({"bak", "dev", "new", "old", "tmp", "txt", "rst"})
FORBIDDEN = ("\0", shortcodes.OPEN, shortcodes.CLOSE, sections.MARK_OPEN, sections.MARK_CLOSE)
SPLIT_IT = "split the issue, or move large tables and lists elsewhere"


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
    raw = _bytes(path)
    text = _decoded(name, raw)
    source = frontmatter.take_apart(name, text)
    if len(source.body.encode()) > LARGEST_BODY:
        reason = f"the body is larger than {LARGEST_BODY // 1024} kB"
        raise BadSource(name, reason, remedy=SPLIT_IT)
    title = _title(name, source.fields)
    date = frontmatter.date_field(name, source.fields, filename=_dated_name(path))
    url = _url(path, source.fields, title=title, date=date, lang=lang, site=site)
    marked = parts(_html(name, source, habits))
    as_written, _ = sections.fences(name, marked, text)
    run, fences = sections.fences(name, made_absolute(marked, page=url, site=site), text)
    for_all = sections.for_everyone(run, fences)
    bundle = path.parent if _is_bundle(path) else None
    return Edition(
        key=key,
        lang=lang,
        path=name,
        title=title,
        date=date,
        url=url,
        summary=frontmatter.text_field(source.fields, "summary", "description")
        or _summary(for_all),
        html=written(run),
        text=plain_text(run),
        revision=hashlib.sha256(raw).hexdigest(),
        site=site,
        authors=frontmatter.list_field(source.fields, "author", "authors"),
        tags=frontmatter.list_field(source.fields, "tags", "categories", "category"),
        links=hrefs(run),
        images=pictures(run, _files(as_written, url, site, static=static, bundle=bundle)),
        warnings=oddities(as_written, text, static=static, bundle=bundle),
        fences=fences,
        draft=source.fields.get("draft") in (True, "true", "True", "yes"),
    )


def identity(path: Path, *, root: Path | None, default_language: str) -> tuple[str, str]:
    """The key and language of a source, from its path alone.

    The key is the path relative to `root` without language and extension, the file's name
    where it lies outside; a page bundle (`2026-06/index.de.md`) is named by its folder.
    Raises BadSource for a name that is no text.
    """
    if "\0" in str(path):
        raise BadSource(ascii(str(path)), "no file has such a name")
    relative = _relative(path, root)
    stem, lang = _without_language(relative.stem)
    if stem in ("index", "_index"):
        folder = relative.parent if relative.parent.name else PurePath(path.absolute().parent.name)
        key = folder.as_posix()
    else:
        key = relative.with_name(stem).as_posix()
    if any("\ud800" <= character <= "\udfff" for character in key):
        raise BadSource(ascii(str(path)), "the file's name is not UTF-8", remedy="rename it")
    return key, lang or default_language.lower()


def _relative(path: Path, root: Path | None) -> PurePath:
    if root is not None:
        lexical = (Path(os.path.abspath(path)), Path(os.path.abspath(root)))  # noqa: PTH100  links stay
        for file, folder in (lexical, (path.resolve(), root.resolve())):
            if file.is_relative_to(folder) and file != folder:
                return file.relative_to(folder)
    return PurePath(path.name)


def _without_language(stem: str) -> tuple[str, str]:
    base, dot, suffix = stem.rpartition(".")
    lang = suffix.lower()
    if dot and base and LANGUAGE.fullmatch(suffix) and lang not in NO_LANGUAGE:
        return base, lang
    return stem, ""


def _is_bundle(path: Path) -> bool:
    return _without_language(path.stem)[0] in ("index", "_index")


def _dated_name(path: Path) -> str:
    return path.absolute().parent.name if _is_bundle(path) else path.name


def _bytes(path: Path) -> bytes:
    name = str(path)
    try:
        if not path.is_file():
            reason = "a folder, not a file" if path.is_dir() else "there is no such file"
            raise BadSource(name, reason, remedy="name a Markdown file")
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, BadSource):
            raise
        reason = f"cannot be read: {getattr(error, 'strerror', None) or error}"
        raise BadSource(ascii(name), reason, remedy="check its name and permissions") from error
    if len(raw) > LARGEST_FILE:
        reason = f"larger than {LARGEST_FILE // 1024} kB"
        raise BadSource(name, reason, remedy=SPLIT_IT)
    return raw


def _decoded(name: str, raw: bytes) -> str:
    """The text, its newlines made one kind, without the controls nobody can see."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        reason = f"not UTF-8 at byte {error.start}"
        raise BadSource(name, reason, line=line, remedy="save it as UTF-8") from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for forbidden in FORBIDDEN:
        if (at := text.find(forbidden)) >= 0:
            reason = f"holds the character U+{ord(forbidden):04X}"
            line = text.count("\n", 0, at) + 1
            raise BadSource(name, reason, line=line, remedy="remove it")
    return without_controls(text)


def _title(name: str, fields: Mapping[str, Any]) -> str:
    title = frontmatter.text_field(fields, "title")
    if not title:
        reason = frontmatter.NO_ISSUE + "it has no title"
        raise BadSource(name, reason, remedy="add `title:` to the front matter")
    if len(title) > LONGEST_TITLE:
        reason = f"the title is longer than {LONGEST_TITLE} characters"
        raise BadSource(name, reason, remedy="shorten it")
    return title


def _url(
    path: Path, fields: Mapping[str, Any], *, title: str, date: datetime, lang: str, site: Site
) -> str:
    own = frontmatter.text_field(fields, "url")
    if SCHEME.match(own):
        raise BadSource(str(path), f"url is a whole address: {own}", remedy="give only its path")
    if strange := unknown_tokens(own or site.permalink):
        reason = f"unknown in the permalink pattern: {' '.join(strange)}"
        raise BadSource(str(path), reason, remedy="see [site] permalink")
    bundle = _is_bundle(path)
    page = Page(
        title=title,
        date=date,
        lang=lang,
        file=path,
        filename=path.absolute().parent.name if bundle else _without_language(path.stem)[0],
        slug=frontmatter.text_field(fields, "slug"),
        url=own,
    )
    return permalink(page, site)


def _html(name: str, source: frontmatter.Source, habits: Habits) -> str:
    body, found = shortcodes.set_aside(name, source.body, source.body_line)
    html = markdown.render(name, body, habits)
    html = shortcodes.put_back(
        html,
        found,
        markdown=lambda caption: markdown.render_inline(name, caption),
        plain=lambda caption: words(parts(sanitised(name, caption))),
    )
    return sanitised(name, sections.marked(html))


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


def _files(
    run: list[Part], page: str, site: Site, *, static: Path | None, bundle: Path | None
) -> dict[str, str]:
    """The local file of each picture that has one, by its absolute address."""
    files: dict[str, str] = {}
    for part in run:
        if isinstance(part, Opening) and part.name == "img":
            src = part.attributes.get("src", "")
            address = absolute(src, page=page, site=site)
            on_site = src.removeprefix(site.base_url.rstrip("/"))
            folder = static if on_site.startswith("/") else bundle
            if folder is not None and not SCHEME.match(on_site) and not on_site.startswith("//"):
                files[address] = local_file(on_site, folder)
    return files
