"""A folder of issues."""

import re
from pathlib import Path


class SourceTrouble(Exception):
    """A source that cannot be looked at now; the message names it and the remedy."""


def files(root: Path, include: str) -> list[Path]:
    """The files below `root` whose name matches `include`, in order, hidden ones left out.

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
    return sorted(path for path in found if not _hidden(path.relative_to(root)))


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
