"""Letters in a Maildir."""

import os
from pathlib import Path

import pytest

from publisher.returns.letter import BadMailbox, Letter, Tray, Unreadable
from publisher.returns.maildir import letters
from publisher.returns.opening import LONGEST


@pytest.fixture
def box(tmp_path: Path) -> Path:
    for name in ("new", "cur", "tmp"):
        (tmp_path / name).mkdir()
    return tmp_path


def readable(box: Path) -> list[Letter]:
    return [letter for letter in letters(box) if isinstance(letter, Letter)]


def files(box: Path) -> list[str]:
    return sorted(str(path.relative_to(box)) for path in box.rglob("*") if path.is_file())


def test_new_letters_and_old_ones_are_read(box: Path) -> None:
    (box / "new" / "1").write_bytes(b"one")
    (box / "cur" / "2:2,").write_bytes(b"two")
    (box / "tmp" / "3").write_bytes(b"not whole yet")
    assert [letter.raw for letter in readable(box)] == [b"one", b"two"]


def test_reading_alone_moves_nothing(box: Path) -> None:
    (box / "new" / "1").write_bytes(b"one")
    readable(box)
    assert files(box) == ["new/1"]


def test_what_is_put_away_lies_in_folders_beside(box: Path) -> None:
    (box / "new" / "1").write_bytes(b"one")
    (box / "cur" / "2:2,RS").write_bytes(b"two")
    one, two = readable(box)
    one.put_away(Tray.REPORTS)
    two.put_away(Tray.OTHERS)
    kept = [".Others/cur/2:2,S", ".Others/maildirfolder"]
    assert files(box) == [*kept, ".Reports/cur/1:2,S", ".Reports/maildirfolder"]
    assert readable(box) == []


def test_a_letter_that_another_reader_took_is_no_trouble(box: Path) -> None:
    (box / "new" / "1").write_bytes(b"one")
    (first,), (second,) = readable(box), readable(box)
    first.put_away(Tray.REPORTS)
    second.put_away(Tray.REPORTS)
    assert files(box) == [".Reports/cur/1:2,S", ".Reports/maildirfolder"]


def test_no_more_is_read_of_a_letter_than_is_looked_at(box: Path) -> None:
    (box / "new" / "1").write_bytes(b"x" * (LONGEST + 1))
    assert [len(letter.raw) for letter in readable(box)] == [LONGEST]


def test_what_is_no_file_is_told_and_left(box: Path) -> None:
    os.mkfifo(box / "new" / "pipe")
    (box / "new" / "folder").mkdir()
    (box / "new" / "link").symlink_to("/dev/zero")
    assert [type(letter) for letter in letters(box)] == [Unreadable] * 3


def test_a_folder_that_is_no_maildir_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadMailbox, match=f"{tmp_path} is no Maildir"):
        list(letters(tmp_path))
