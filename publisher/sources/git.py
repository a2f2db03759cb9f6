"""A branch of a git repository: fetched into a bare clone of our own, laid out beside the store."""

import fcntl
import os
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from publisher.sources.folder import SourceTrouble

LONGEST_FETCH = 120  # seconds
DEPTH = 100  # commits: enough to see that a branch went on, and was not rewritten
TOLD_FOR = 24 * 3600.0  # seconds that a rewritten branch is spoken of
HELPER = (
    '!f() { test "$1" = get && echo "username=$PUBLISHER_GIT_USER"'
    ' && echo "password=$PUBLISHER_GIT_TOKEN"; }; f'
)


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A branch and the way to it; an empty `branch` is the repository's own default.

    `key` is a private key for ssh, `known_hosts` the file of hosts that are believed; `token` is
    a password for https, said to that host alone, in the name of `user`.
    """

    url: str
    branch: str = ""
    key: Path | None = None
    known_hosts: Path | None = None
    user: str = "git"
    token: str = field(default="", repr=False)


@contextmanager
def laid_out(repository: Repository, folder: Path, *, seen: str = "") -> Iterator[str]:
    """Lay the tip of the branch out in `folder`, and keep it so for the block; its commit.

    The clone is `folder` with `.git` behind its name: bare, and no deeper than it must be. `seen`
    is the commit of the last look. Raises SourceTrouble with git's words.
    """
    url, branch = repository.url, repository.branch
    if shutil.which("git") is None:
        raise SourceTrouble("git is not installed here; a source of kind git needs it")
    if url.startswith("-") or branch.startswith("-"):
        raise SourceTrouble(f"{url or branch}: not an address or branch that git could take")
    folder.mkdir(parents=True, exist_ok=True)
    bare = _bare(folder)
    with alone(folder):
        if not (bare / "HEAD").is_file():
            run(bare.parent, "init", "--quiet", "--bare", str(bare))
        shutil.rmtree(folder / ".git", ignore_errors=True)  # of a version before
        fetch = ("fetch", "--quiet", f"--depth={DEPTH}", "--no-tags", "--force")
        run(bare, *fetch, "--", url, branch or "HEAD", more=ways(repository))
        _note_rewritten(bare, seen)
        places = (f"--git-dir={bare}", f"--work-tree={folder}")
        run(folder, *places, "checkout", "--quiet", "--force", "--detach", "FETCH_HEAD")
        run(folder, *places, "clean", "--quiet", "-ffdx")
        yield run(bare, "rev-parse", "HEAD").strip()


def renamed(folder: Path, seen: str) -> Mapping[str, str]:
    """What files were called at a commit, by what they are called now, relative to the repository.

    A file that changed by more than half is another one. Empty where the commit is not known.
    """
    bare = _bare(folder)
    if not seen or not _is_told("cat-file", "-e", f"{seen}^{{commit}}", bare=bare):
        return {}
    compared = ("diff", "--find-renames", "--diff-filter=R", "--name-status", "-z", "-l0")
    words = run(bare, *compared, seen, "HEAD").split("\0")
    return {now: was for _, was, now in zip(words[::3], words[1::3], words[2::3], strict=False)}


def rewritten(folder: Path) -> str:
    """What is to be told of a branch that was rewritten of late, "" for nothing."""
    note = _bare(folder) / "rewritten"
    try:
        at, words = note.stat().st_mtime, note.read_text(encoding="utf-8")
    except OSError:
        return ""
    return words if time.time() - at < TOLD_FOR else ""


def _bare(folder: Path) -> Path:
    return folder.with_name(folder.name + ".git")


def _note_rewritten(bare: Path, seen: str) -> None:
    """Compare what was fetched with what was seen last."""
    if not seen or _is_told("merge-base", "--is-ancestor", seen, "FETCH_HEAD", bare=bare):
        return
    words = (
        f"the branch does not contain commit {seen[:10]} any more, which was seen last: it was"
        " rewritten (a forced push), or went on for long; it is taken as it is now, and nothing"
        " goes out twice for it. If nobody meant that, look at who may push"
    )
    (bare / "rewritten").write_text(words, encoding="utf-8")


def ways(repository: Repository) -> tuple[Sequence[str], Mapping[str, str]]:
    """(options, environment) that let git in; no secret stands in what other users can see."""
    options: list[str] = []
    known: dict[str, str] = {}
    if repository.token:
        place = urlsplit(repository.url)
        host = f"{place.scheme}://{place.netloc.rpartition('@')[2]}"
        options = ["-c", "credential.helper=", "-c", f"credential.{host}.helper={HELPER}"]
        known = {"PUBLISHER_GIT_USER": repository.user, "PUBLISHER_GIT_TOKEN": repository.token}
    if repository.key:
        ssh = ["ssh", "-i", str(repository.key), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"]
        if repository.known_hosts:
            ssh += ["-o", f"UserKnownHostsFile={repository.known_hosts}"]
        known["GIT_SSH_COMMAND"] = shlex.join([*ssh, "-o", "StrictHostKeyChecking=yes"])
    return options, known


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One process at a time: two fetches into one checkout spoil each other."""
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_told(*words: str, bare: Path) -> bool:
    """Whether git says yes."""
    try:
        run(bare, *words)
    except SourceTrouble:
        return False
    return True


def run(
    folder: Path,
    *words: str,
    more: tuple[Sequence[str], Mapping[str, str]] = ((), {}),
) -> str:
    """What git says to its output. Raises SourceTrouble."""
    options, known = more
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8"}
    safe = ["-c", "core.symlinks=false", "-c", "protocol.ext.allow=never", "-c", "gc.auto=200"]
    command = ["git", *safe, *options, *words]
    name = next(word for word in words if not word.startswith("-"))
    try:
        done = subprocess.run(  # noqa: S603  fixed words; address and branch cannot be options
            command,
            cwd=folder,
            env={**os.environ, **quiet, **known},
            capture_output=True,
            text=True,
            timeout=LONGEST_FETCH,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as error:
        raise SourceTrouble(f"git {name} took longer than {LONGEST_FETCH} s") from error
    if done.returncode:
        raise SourceTrouble(f"git {name}: {_without_secrets(done.stderr.strip())}")
    return done.stdout


def _without_secrets(words: str) -> str:
    """Git repeats the address it was given, a token in it included."""
    return re.sub(r"(\w+://)[^/\s@]*@", r"\1…@", words)
