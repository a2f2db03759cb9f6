"""Authors by their ids, as Docusaurus keeps them in a file of their own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from publisher.domain.issue import BadSource
from publisher.rendering.heads.fields import word
from publisher.rendering.heads.notations import LONGEST, yaml_head

FILES = ("authors.yml", "authors.yaml")


def named(ids: tuple[str, ...], *, near: Path, root: Path | None) -> tuple[str, ...]:
    """The names of authors; an id that no file near the source knows stays as it is.

    Files are looked for beside the source and above, up to the parent of `root`. Source:
    https://docusaurus.io/docs/blog#global-authors. Raises BadSource for a file that is no YAML.
    """
    known: Mapping[str, Any] = _known(near, root) if ids else {}
    return tuple(dict.fromkeys(_name(known.get(author.lower()), author) for author in ids))


def _name(entry: object, author: str) -> str:
    return (word(entry.get("name")) if isinstance(entry, dict) else "") or author


def _known(near: Path, root: Path | None) -> Mapping[str, Any]:
    folder = near.absolute().parent
    top = root.absolute().parent if root else folder
    folders = [folder, *(above for above in folder.parents if above.is_relative_to(top))]
    files = (folder / name for folder in folders for name in FILES)
    found = next((file for file in files if file.is_file()), None)
    text = _text(found) if found else ""
    return yaml_head(str(found), text, 1).fields if text.strip() else {}


def _text(file: Path) -> str:
    try:
        with file.open(encoding="utf-8-sig") as opened:
            return opened.read(LONGEST)
    except (OSError, UnicodeDecodeError) as error:
        reason = "cannot be read as UTF-8 text"
        raise BadSource(str(file), reason, remedy="mend it, or take it away") from error
