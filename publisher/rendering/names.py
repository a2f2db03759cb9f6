"""What a source's path tells, unread: its key, its language, its date, whether it is a draft."""

import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePath

from publisher.domain.habits import UNTOLD, WAYS, Habits, Ways
from publisher.domain.issue import BadSource

NO_LANGUAGE = frozenset({"bak", "dev", "new", "old", "tmp", "txt", "rst"})
BUNDLES = ("index", "_index")
DATE = re.compile(r"(?<!\d)(\d{4})[-_/](\d{1,2})[-_/](\d{1,2})(?![0-9])")
DATED = re.compile(r"\d{4}-\d{1,2}-\d{1,2}[-_.]?")
# ISO 639-1. Where a language is not set off by a dot, a word such as "old" is likelier than Oldish.
ISO_639_1 = (
    "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv "
    "cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho "
    "hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku "
    "kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn "
    "no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm "
    "sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi "
    "vo wa wo xh yi yo za zh zu "
)


@dataclass(frozen=True, kw_only=True)
class Name:
    """A source's path taken apart.

    `path` is relative to the root, without language and extension; `lang` is "" where the path
    tells none. `stem` names the page: of a bundle its folder.
    """

    path: PurePath
    lang: str
    stem: str
    bundle: bool

    @property
    def dated(self) -> str:
        """YYYY-M-D of the file, or of the folders it lies in; "" where there is none."""
        found = [*DATE.finditer("/".join(self.path.parts[-4:]))]
        return "-".join(found[-1].groups()) if found else ""


def identity(
    path: Path,
    *,
    root: Path | None,
    default_language: str,
    habits: Habits = Habits(),  # noqa: B008  it never changes
) -> tuple[str, str]:
    """The key and language of a source, from its path alone.

    The key is the path relative to `root` without language and extension, the file's name
    where it lies outside; a page bundle (`2026-06/index.de.md`) is named by its folder.
    Raises BadSource for a name that is no text.
    """
    name = taken_apart(path, root=root, ways=ways_of(habits))
    key = name.path.as_posix()
    if any("\ud800" <= character <= "\udfff" for character in key):
        raise BadSource(ascii(str(path)), "the file's name is not UTF-8", remedy="rename it")
    return key, name.lang or default_language.lower()


def ways_of(habits: Habits) -> Ways:
    """How the site's generator names things; plain ways where it is not told."""
    return WAYS.get(habits.generator, UNTOLD)


def taken_apart(path: Path, *, root: Path | None, ways: Ways) -> Name:
    """The parts of a path, by the ways of a generator. Raises BadSource for a NUL in it."""
    if "\0" in str(path):
        raise BadSource(ascii(str(path)), "no file has such a name")
    relative, folder_lang = _from_folders(_relative(path, root), ways)
    stem, lang = without_language(relative.stem, ways)
    bundle = stem in BUNDLES
    if bundle:
        place = relative.parent if relative.parent.name else PurePath(path.absolute().parent.name)
    else:
        place = relative.with_name(stem)
    return Name(path=place, lang=lang or folder_lang, stem=place.name, bundle=bundle)


def without_date(stem: str) -> str:
    """A name without the date it begins with, if anything is left then."""
    return DATED.sub("", stem, count=1) if DATED.match(stem) else stem


def is_section(path: Path) -> bool:
    """Whether it is what Hugo and Zola show above a folder's pages: `_index.md`."""
    return path.stem.partition(".")[0] == "_index"


def dated_name(path: Path) -> str:
    """The name in which a source's date would stand: of a page bundle its folder's."""
    return path.absolute().parent.name if path.stem.partition(".")[0] in BUNDLES else path.name


def _relative(path: Path, root: Path | None) -> PurePath:
    if root is not None:
        lexical = (Path(os.path.abspath(path)), Path(os.path.abspath(root)))  # noqa: PTH100  links stay
        for file, folder in (lexical, (path.resolve(), root.resolve())):
            if file.is_relative_to(folder) and file != folder:
                return file.relative_to(folder)
    return PurePath(path.name)


def _from_folders(relative: PurePath, ways: Ways) -> tuple[PurePath, str]:
    for pattern, place in ways.folders:
        found = re.match(pattern, relative.as_posix())
        if found and _is_language(found["lang"]):
            rest = place + relative.as_posix()[found.end() :]
            return PurePath(rest), found["lang"].lower()
    return relative, ""


def without_language(stem: str, ways: Ways = UNTOLD) -> tuple[str, str]:
    """A name, and the language at its end, "" for none."""
    found = re.fullmatch(rf"(?P<base>.+?){ways.suffix}", stem, re.IGNORECASE)
    lang = found["lang"].lower() if found else ""
    if not found or lang in NO_LANGUAGE:
        return stem, ""
    dotted = stem[found.end("base")] == "."
    return (found["base"], lang) if dotted or _is_language(lang) else (stem, "")


def _is_language(word: str) -> bool:
    return f"{word.lower().partition('-')[0]} " in ISO_639_1
