"""A branch is taken as it is: history that was rewritten, or has nothing to do with the old one."""

import base64
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from publisher.sources import git
from publisher.sources.folder import SourceTrouble
from publisher.sources.git import Repository

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
    there = Repository(url=str(repository), branch=branch)
    with git.laid_out(there, tmp_path / "checkout"):
        return sorted(path.name for path in (tmp_path / "checkout").glob("*.md"))


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


def laid_out(repository: Repository, tmp_path: Path, seen: str = "") -> str:
    with git.laid_out(repository, tmp_path / "checkout", seen=seen) as commit:
        return commit


def test_the_clone_is_bare_and_shallow(repository: Path, tmp_path: Path) -> None:
    for number in range(git.DEPTH + 5):
        say(repository, "commit", "--quiet", "--allow-empty", "-m", str(number))
    laid_out(Repository(url=f"file://{repository}"), tmp_path)
    counted = ["git", "--git-dir", "checkout.git", "rev-list", "--count", "HEAD"]
    told = subprocess.run(counted, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert int(told.stdout) == git.DEPTH
    assert not (tmp_path / "checkout" / ".git").exists()


def test_a_renamed_file_is_known_by_its_old_name(repository: Path, tmp_path: Path) -> None:
    there = Repository(url=str(repository))
    seen = laid_out(there, tmp_path)
    say(repository, "mv", "one.md", "ünö.md")
    commit(repository, "other.md")
    laid_out(there, tmp_path, seen)
    assert git.renamed(tmp_path / "checkout", seen) == {"ünö.md": "one.md"}


def test_without_a_commit_to_compare_with_nothing_was_renamed(
    repository: Path, tmp_path: Path
) -> None:
    laid_out(Repository(url=str(repository)), tmp_path)
    assert git.renamed(tmp_path / "checkout", "") == {}
    assert git.renamed(tmp_path / "checkout", "0" * 40) == {}


def test_a_branch_that_goes_on_is_not_called_rewritten(repository: Path, tmp_path: Path) -> None:
    there = Repository(url=str(repository))
    seen = laid_out(there, tmp_path)
    commit(repository, "two.md")
    laid_out(there, tmp_path, seen)
    assert git.rewritten(tmp_path / "checkout") == ""


def test_a_forced_push_is_told_for_a_day(repository: Path, tmp_path: Path) -> None:
    there = Repository(url=str(repository))
    seen = laid_out(there, tmp_path)
    commit(repository, "two.md", "--amend")
    now = laid_out(there, tmp_path, seen)
    laid_out(there, tmp_path, now)
    assert f"commit {seen[:10]} any more" in git.rewritten(tmp_path / "checkout")
    before = time.time() - 25 * 3600
    os.utime(tmp_path / "checkout.git" / "rewritten", (before, before))
    assert git.rewritten(tmp_path / "checkout") == ""


# --- deploy keys and tokens

SSH = """#!/bin/sh
printf '%s\\n' "$@" > "$0.asked"
shift $(($# - 1))
exec sh -c "$1"
"""


def test_a_deploy_key_is_used_and_no_other(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend = tmp_path / "bin" / "ssh"
    pretend.parent.mkdir()
    pretend.write_text(SSH)
    pretend.chmod(0o755)
    monkeypatch.setenv("PATH", f"{pretend.parent}:{os.environ['PATH']}")
    key, hosts = tmp_path / "deploy key", tmp_path / "hosts"
    url = f"git@git.example:{repository}"
    laid_out(Repository(url=url, key=key, known_hosts=hosts), tmp_path)
    asked = (tmp_path / "bin" / "ssh.asked").read_text().splitlines()
    assert asked[:2] == ["-i", str(key)]
    assert {"IdentitiesOnly=yes", "StrictHostKeyChecking=yes", "BatchMode=yes"} < set(asked)
    assert f"UserKnownHostsFile={hosts}" in asked


class Forge(BaseHTTPRequestHandler):
    """git-http-backend behind a password, as a forge has it."""

    root: Path
    heard: list[str]

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _answer(self, body: bytes) -> None:
        told = self.headers.get("Authorization", "")
        self.heard.append(told)
        if told != "Basic " + base64.b64encode(b"git:s3cret-token").decode():
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="forge"')
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        asked = {
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_USER": "git",
        }
        done = subprocess.run(
            ["git", "http-backend"],  # noqa: S607
            input=body,
            env={**os.environ, **asked},
            capture_output=True,
            check=False,
        )
        head, _, said = done.stdout.partition(b"\r\n\r\n")
        self.send_response(200)
        for line in head.decode().splitlines():
            name, _, value = line.partition(": ")
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def forge(tmp_path: Path, repository: Path) -> Iterator[tuple[str, list[str]]]:
    """(address of the repository, what was heard in place of passwords)"""
    backend = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True)  # noqa: S607
    if not (Path(backend.stdout.strip()) / "git-http-backend").exists():
        pytest.skip("git-http-backend is not installed")
    heard: list[str] = []
    known = type("Known", (Forge,), {"root": tmp_path, "heard": heard})
    server = ThreadingHTTPServer(("127.0.0.1", 0), known)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/site/.git", heard
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


def test_a_token_opens_a_repository(forge: tuple[str, list[str]], tmp_path: Path) -> None:
    laid_out(Repository(url=forge[0], token="s3cret-token"), tmp_path)
    assert (tmp_path / "checkout" / "one.md").exists()
    told = (tmp_path / "checkout.git" / "config").read_text()
    assert "s3cret" not in told


def test_a_wrong_token_is_named_and_not_shown(forge: tuple[str, list[str]], tmp_path: Path) -> None:
    with pytest.raises(SourceTrouble, match="Authentication failed") as told:
        laid_out(Repository(url=forge[0], token="wr0ng-token"), tmp_path)
    assert "wr0ng" not in str(told.value)


def test_without_a_token_nobody_is_asked_for_one(
    forge: tuple[str, list[str]], tmp_path: Path
) -> None:
    with pytest.raises(SourceTrouble, match="could not read Username"):
        laid_out(Repository(url=forge[0]), tmp_path)
