"""Letters in a Maildir (https://cr.yp.to/proto/maildir.html), put away in folders of it."""

import os
import stat
from contextlib import suppress
from functools import partial
from pathlib import Path

from publisher.returns.letter import BadMailbox, Letter, Letters, Tray, Unreadable
from publisher.returns.opening import LONGEST

FOLDERS = {Tray.REPORTS: ".Reports", Tray.OTHERS: ".Others"}  # Maildir++: a dot before the name


def letters(path: Path) -> Letters:
    """What lies in a Maildir, unread and read. Raises BadMailbox for a folder that is none.

    What is put away moves to its folders `.Reports` and `.Others`; nothing is ever deleted.
    """
    if not ((path / "new").is_dir() and (path / "cur").is_dir()):
        raise BadMailbox(f"{path} is no Maildir: it has no new/ and cur/ in it")
    try:
        files = [file for box in ("new", "cur") for file in sorted((path / box).iterdir())]
    except OSError as error:
        raise BadMailbox(f"{error.filename}: {error.strerror}; let this user read it") from error
    for file in files:
        if file.name.startswith("."):
            continue
        with suppress(FileNotFoundError):  # another reader was quicker
            yield _letter(path, file)


def _letter(maildir: Path, file: Path) -> Letter | Unreadable:
    if not stat.S_ISREG(file.lstat().st_mode):
        return Unreadable(place=str(file), why="it is no plain file")
    try:
        with file.open("rb") as opened:
            raw = opened.read(LONGEST)
    except FileNotFoundError:
        raise
    except OSError as error:
        return Unreadable(place=str(file), why=error.strerror or str(error))
    return Letter(place=str(file), raw=raw, put_away=partial(_put_away, maildir, file))


def _put_away(maildir: Path, file: Path, tray: Tray) -> None:
    folder = maildir / FOLDERS[tray]
    for box in ("tmp", "new", "cur"):
        (folder / box).mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / "maildirfolder").touch()
    seen = file.name.partition(":2,")[0] + ":2,S"
    with suppress(FileNotFoundError):
        os.rename(file, folder / "cur" / seen)  # noqa: PTH104  in one step, on one disk
