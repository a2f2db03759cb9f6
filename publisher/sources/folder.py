"""A folder of issues."""

import re
from pathlib import Path


class SourceTrouble(Exception):
    """A source that cannot be looked at now; the message names it and the remedy."""


def files(root: Path, include: str) -> list[Path]:
    """The files below `root` whose name matches `include`, in order.

    Hidden ones are left out, and `_index.md`, the page of a section in Hugo and Zola.
    Raises SourceTrouble when there is no such folder.
    """
    if not root.is_dir():
        raise SourceTrouble(f"{root}: there is no such folder; mend [source] path")
    try:
        found = [path for path in root.rglob(include) if path.is_file()]
    except (ValueError, NotImplementedError, re.error) as error:
        raise SourceTrouble(
            f"[source] include = {include!r} is no file pattern: {error}"
        ) from error
    return sorted(path for path in found if not _left_out(path.relative_to(root)))


def _left_out(path: Path) -> bool:
    section = path.name.partition(".")[0] == "_index"
    return section or any(part.startswith(".") for part in path.parts)
