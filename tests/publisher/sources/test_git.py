"""A branch is taken as it is: history that was rewritten, or has nothing to do with the old one."""

import subprocess
from pathlib import Path

import pytest

from publisher.sources import git
from publisher.sources.folder import SourceTrouble

ANN = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")


def say(repository: Path, *words: str) -> None:
    repository.mkdir(exist_ok=True)
    subprocess.run(["git", *ANN, *words], cwd=repository, check=True, capture_output=True)  # noqa: S607


def commit(repository: Path, name: str, *words: str) -> None:
    (repository / name).write_text(name)
    say(repository, "add", ".")
    say(repository, "commit", "--quiet", "-m", name, *words)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    repository = tmp_path / "site"
    say(repository, "init", "--quiet", "--initial-branch=main")
    commit(repository, "one.md")
    return repository


def seen(repository: Path, tmp_path: Path, branch: str = "main") -> list[str]:
    found = git.checkout(str(repository), branch, tmp_path / "checkout")
    return sorted(path.name for path in found.glob("*.md"))


def test_a_rewritten_branch_is_taken_as_it_is_now(repository: Path, tmp_path: Path) -> None:
    assert seen(repository, tmp_path) == ["one.md"]
    say(repository, "mv", "one.md", "two.md")
    commit(repository, "three.md", "--amend")
    assert seen(repository, tmp_path) == ["three.md", "two.md"]


def test_a_history_that_has_nothing_to_do_with_the_old_is_taken(
    repository: Path, tmp_path: Path
) -> None:
    seen(repository, tmp_path)
    say(repository, "checkout", "--quiet", "--orphan", "other")
    commit(repository, "two.md")
    say(repository, "branch", "--force", "main", "other")
    assert seen(repository, tmp_path) == ["one.md", "two.md"]


def test_a_branch_that_vanished_is_named(repository: Path, tmp_path: Path) -> None:
    seen(repository, tmp_path)
    with pytest.raises(SourceTrouble, match="couldn't find remote ref gone"):
        seen(repository, tmp_path, "gone")


def test_a_repository_that_vanished_is_named(repository: Path, tmp_path: Path) -> None:
    seen(repository, tmp_path)
    repository.rename(tmp_path / "away")
    with pytest.raises(SourceTrouble, match="site"):
        seen(repository, tmp_path)
