"""A commit of our own, pushed to a branch: in a clone apart from what is looked at."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path

from publisher.sources import git
from publisher.sources.folder import SourceTrouble
from publisher.sources.git import Repository

BASE, OURS = "refs/publisher/base", "refs/publisher/ours"
AS_THEY_ARE = ("-c", "core.autocrlf=false", "-c", "commit.gpgsign=false")


class NotPushed(Exception):
    """A commit that did not get to its branch; the message names both, and the remedy."""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A branch, in whose name (`NAME <ADDRESS>`) something is committed there, and its subject."""

    branch: str
    author: str
    subject: str


Change = Callable[[Path], Sequence[Path]]  # from the folder of a checkout to the files changed


def propose(repository: Repository, proposal: Proposal, change: Change, *, folder: Path) -> bool:
    """Commit what `change` makes of a repository's own branch to another, and push it, once.

    What the other branch has besides stays on it. Nothing is forced, and nothing is pushed where
    nothing changed: returns False then. `folder` holds the clone. Raises SourceTrouble, NotPushed,
    and what `change` raises; nothing is pushed then, and it can be said again.
    """
    if repository.url.startswith("-"):
        raise SourceTrouble(f"{repository.url}: not an address that git could take")
    _require_name(proposal.branch)
    folder.mkdir(parents=True, exist_ok=True)
    with git.alone(folder):
        _lay_out(repository, proposal, folder)
        changed = change(folder)
        if not changed:
            return False
        git.run(folder, "add", "--", *map(str, changed), more=(AS_THEY_ARE, {}))
        commit = ("commit", "--quiet", "--no-verify", "-m", proposal.subject)
        git.run(folder, *commit, more=(_signed(proposal), {}))
        _push(repository, proposal, folder)
    return True


def _require_name(branch: str) -> None:
    words = f"--branch {branch}: no branch can have this name"
    if branch.startswith("-"):
        raise SourceTrouble(words)
    try:
        git.run(Path(), "check-ref-format", f"refs/heads/{branch}")
    except SourceTrouble as error:
        raise SourceTrouble(words) from error


def _lay_out(repository: Repository, proposal: Proposal, folder: Path) -> None:
    """Check out what the branch has by now, together with what is new on the repository's own."""
    if not (folder / ".git").is_dir():
        git.run(folder, "init", "--quiet")
    url, there = repository.url, f"refs/heads/{proposal.branch}"
    way = git.ways(repository)
    fetch = ("fetch", "--quiet", "--no-tags", "--force", "--", url)
    git.run(folder, *fetch, f"{repository.branch or 'HEAD'}:{BASE}", more=way)
    is_there = git.run(folder, "ls-remote", "--", url, there, more=way).strip()
    if is_there:
        git.run(folder, *fetch, f"{there}:{OURS}", more=way)
    checkout = ("checkout", "--quiet", "--force", "--detach", OURS if is_there else BASE)
    git.run(folder, *checkout, more=(AS_THEY_ARE, {}))
    git.run(folder, "clean", "--quiet", "-ffdx")
    if is_there:
        _bring_together(proposal, folder)


def _bring_together(proposal: Proposal, folder: Path) -> None:
    try:
        git.run(folder, "merge", "--quiet", "--no-edit", BASE, more=(_signed(proposal), {}))
    except SourceTrouble as error:
        with suppress(SourceTrouble):  # there may be none to give up
            git.run(folder, "merge", "--abort")
        words = "cannot be brought together with the source's own branch"
        remedy = "merge or delete it, then say it again"
        raise NotPushed(f"the branch {proposal.branch} {words}: {error}; {remedy}") from error


def _signed(proposal: Proposal) -> Sequence[str]:
    name, address = parseaddr(proposal.author)
    return (*AS_THEY_ARE, "-c", f"user.name={name}", "-c", f"user.email={address}")


def _push(repository: Repository, proposal: Proposal, folder: Path) -> None:
    push = ("push", "--quiet", "--", repository.url, f"HEAD:refs/heads/{proposal.branch}")
    try:
        git.run(folder, *push, more=git.ways(repository))
    except SourceTrouble as error:
        remedy = "let the key or token push there, or name another --branch, and say it again"
        raise NotPushed(
            f"the branch {proposal.branch} was not pushed: {error}; {remedy}"
        ) from error
