"""A branch of a git repository, kept as a shallow checkout beside the store."""

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from publisher.sources.folder import SourceTrouble

LONGEST_FETCH = 120  # seconds


def checkout(url: str, branch: str, folder: Path) -> Path:
    """Bring the checkout in `folder` to the tip of the branch, and return it.

    An empty `branch` is the repository's own default. Raises SourceTrouble with git's words.
    """
    if shutil.which("git") is None:
        raise SourceTrouble("git is not installed here; a source of kind git needs it")
    if url.startswith("-") or branch.startswith("-"):
        raise SourceTrouble(f"{url or branch}: not an address or branch that git could take")
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        if not (folder / ".git").is_dir():
            _git(folder, "init", "--quiet")
        _git(folder, "fetch", "--quiet", "--depth=1", "--no-tags", "--", url, branch or "HEAD")
        _git(folder, "checkout", "--quiet", "--force", "--detach", "FETCH_HEAD")
        _git(folder, "clean", "--quiet", "-ffdx")
    return folder


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time: two fetches into one checkout spoil each other."""
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _git(folder: Path, *words: str) -> None:
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8"}
    command = ["git", "-c", "core.symlinks=false", "-c", "protocol.ext.allow=never", *words]
    try:
        done = subprocess.run(  # noqa: S603  fixed words; address and branch cannot be options
            command,
            cwd=folder,
            env={**os.environ, **quiet},
            capture_output=True,
            text=True,
            timeout=LONGEST_FETCH,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as error:
        raise SourceTrouble(f"git {words[0]} took longer than {LONGEST_FETCH} s") from error
    if done.returncode:
        raise SourceTrouble(f"git {words[0]}: {_without_secrets(done.stderr.strip())}")


def _without_secrets(words: str) -> str:
    """Git repeats the address it was given, a token in it included."""
    return re.sub(r"(\w+://)[^/\s@]*@", r"\1…@", words)
