"""A session in a file, for its owner's eyes: it outlives the process."""

import os
from pathlib import Path


def read(kept: Path | None) -> str:
    """What is kept, "" where there is nothing that can be read."""
    try:
        return kept.read_text(encoding="ascii") if kept else ""
    except (OSError, ValueError):
        return ""


def write(kept: Path | None, session: str) -> None:
    """Keep a session for the owner's eyes; where that fails, the next process signs in anew."""
    if kept is None:
        return
    draft = kept.with_name(f".{kept.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as out:
            out.write(session)
        draft.replace(kept)
    except OSError:
        draft.unlink(missing_ok=True)
