"""What a head, a file's name and a generator's ways tell together of an edition."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from publisher.domain.habits import FIELDS, WAYS, Habits, Ways
from publisher.domain.issue import BadSource, Site
from publisher.rendering import names
from publisher.rendering.heads import frontmatter
from publisher.rendering.heads.fields import line_of, text_field, values, word
from publisher.rendering.heads.frontmatter import Source
from publisher.rendering.heads.headings import first_heading
from publisher.rendering.heads.notations import ADD_A_HEAD, NO_ISSUE
from publisher.rendering.names import Name

LONGEST_TITLE = 500  # characters
LANGUAGE = re.compile(r"[a-z]{2,3}(?:[-_][a-z0-9]+)*", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A source file taken apart, and how its generator means it.

    `title` is Markdown where it was a heading, which is `headed`.
    """

    path: Path
    source: Source
    name: Name
    lang: str
    ways: Ways
    habits: Habits
    title: str = ""
    headed: bool = False


def taken_up(path: Path, text: str, *, root: Path | None, site: Site, habits: Habits) -> Sheet:
    """Take a file apart. Raises BadSource for a head or a language that cannot be."""
    source = frontmatter.take_apart(str(path), text)
    configured = names.ways_of(habits)
    name = names.taken_apart(path, root=root, ways=configured)
    generator = habits.generator or _told(path, source)
    sheet = Sheet(
        path=path,
        source=source,
        name=name,
        lang=name.lang or site.language,
        ways=WAYS.get(generator, configured),
        habits=replace(habits, generator=generator),
    )
    _agree_on_language(sheet)
    return _titled(sheet)


def _told(path: Path, source: Source) -> str:
    signs = {*source.fields, *(f"{folder}/" for folder in path.parts), path.suffix, source.sign}
    return next((name for name, ways in WAYS.items() if ways.signs & signs), "")


def _agree_on_language(sheet: Sheet) -> None:
    """The name decides, for a key must not depend on what a file says; the head may confirm it."""
    lines = [(name, word(value)) for name, value in values(sheet.source, FIELDS["language"])]
    told = [(name, said) for name, said in lines if LANGUAGE.fullmatch(said)]
    for name, said in told:
        if re.split("[-_]", said.lower())[0] != sheet.lang.partition("-")[0]:
            line = line_of(sheet.source, name)
            reason = f"{name} says {said}, the file's name says {sheet.lang}"
            remedy = f"name it {sheet.name.stem}.{said.lower()}{sheet.path.suffix}, or mend {name}"
            raise BadSource(str(sheet.path), reason, line=line, remedy=remedy)
    if not told and sheet.name.lang and sheet.path.stem.lower().endswith(f"-{sheet.lang}"):
        reason = f"its name ends in -{sheet.lang}, and no field says that this is its language"
        remedy = f"add `Lang: {sheet.lang}`, or rename it"
        raise BadSource(str(sheet.path), reason, line=1, remedy=remedy)


def _titled(sheet: Sheet) -> Sheet:
    """With its title, or else that of its first heading, which is no text then."""
    title = text_field(sheet.source, FIELDS["title"])
    line = line_of(sheet.source, "title")
    if not title:
        sheet, line = _headed(sheet)
        title = sheet.title
    if not title:
        missing = "title" if sheet.source.sign else "front matter and no heading"
        remedy = "add `title:` to the front matter" if sheet.source.sign else ADD_A_HEAD
        raise BadSource(
            str(sheet.path), NO_ISSUE + f"it has no {missing}", line=line or 1, remedy=remedy
        )
    if len(title) > LONGEST_TITLE:
        reason = f"the title is longer than {LONGEST_TITLE} characters"
        raise BadSource(str(sheet.path), reason, line=line, remedy="shorten it")
    return replace(sheet, title=title)


def _headed(sheet: Sheet) -> tuple[Sheet, int]:
    """A title from the first heading: of a file with a head only where the text begins with it.

    An h1 at the very beginning is taken off the text.
    """
    lines = sheet.source.body.split("\n")
    heading = first_heading(lines)
    line = line_of(sheet.source, "title")
    if heading is None:
        return sheet, line
    opens = heading.level == 1 and not "".join(lines[: heading.at]).strip()
    if sheet.source.sign and not opens:
        return sheet, line
    line = sheet.source.body_line + heading.at
    rest = heading.at + heading.lines
    source = replace(sheet.source, body="\n".join(lines[rest:]), body_line=line + heading.lines)
    return replace(
        sheet, title=heading.words, headed=True, source=source if opens else sheet.source
    ), line
