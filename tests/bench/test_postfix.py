"""Where smtp-sink and smtp-source come from."""

from pathlib import Path

import pytest

from tests.bench import postfix


def program(folder: Path, name: str, text: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_programs_on_the_path_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = [str(program(tmp_path, name)) for name in postfix.PROGRAMS]
    monkeypatch.setenv("PATH", str(tmp_path))
    found = postfix.find()
    assert [found.sink, found.source] == wanted


def test_where_no_package_can_be_had_the_remedy_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "apt-get", "echo 'E: Unable to locate package postfix' >&2; exit 100")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(postfix.Missing) as told:
        postfix._unpack(tmp_path / "cache")
    assert "Unable to locate package postfix" in str(told.value)
    assert "apt-get update" in str(told.value)


def test_the_sinks_last_count_is_the_one_that_holds(tmp_path: Path) -> None:
    counts = tmp_path / "counts"
    counts.write_bytes(b"sess=1 quit=0 mesg=7\rsess=2 quit=1 mesg=12\r")
    assert postfix.Sink(port=1, pid=1, counts=counts).taken() == 12
