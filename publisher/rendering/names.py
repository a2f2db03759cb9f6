"""What a source's path tells, unread: its key, its language, its date."""

import os
import re
from pathlib import Path, PurePath

from publisher.domain.issue import BadSource

LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?", re.IGNORECASE)
NO_LANGUAGE = frozenset({"bak", "dev", "new", "old", "tmp", "txt", "rst"})


def identity(path: Path, *, root: Path | None, default_language: str) -> tuple[str, str]:
    """The key and language of a source, from its path alone.

    The key is the path relative to `root` without language and extension, the file's name
    where it lies outside; a page bundle (`2026-06/index.de.md`) is named by its folder.
    Raises BadSource for a name that is no text.
    """
    if "\0" in str(path):
        raise BadSource(ascii(str(path)), "no file has such a name")
    relative = _relative(path, root)
    stem, lang = without_language(relative.stem)
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


def without_language(stem: str) -> tuple[str, str]:
    base, dot, suffix = stem.rpartition(".")
    lang = suffix.lower()
    if dot and base and LANGUAGE.fullmatch(suffix) and lang not in NO_LANGUAGE:
        return base, lang
    return stem, ""


def is_bundle(path: Path) -> bool:
    return without_language(path.stem)[0] in ("index", "_index")


def dated_name(path: Path) -> str:
    return path.absolute().parent.name if is_bundle(path) else path.name
