"""Where an edition is out, written into the head of its source."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from publisher import replacing
from publisher.domain.issue import Edition
from publisher.receipts import discussed
from publisher.rendering.heads import syndication
from publisher.rendering.opening import raw_bytes
from publisher.sources import branches
from publisher.sources.branches import Proposal
from publisher.sources.git import Repository
from publisher.storage.receipts import Proof

Addresses = Mapping[Path, Sequence[str]]  # of networks, by source file


def addresses(editions: Iterable[Edition], proofs: Sequence[Proof]) -> Addresses:
    """What is to stand in which file, of the editions that are on any network."""
    found = {Path(one.path): discussed(proofs, one.lang) for one in editions}
    return {path: urls for path, urls in found.items() if urls}


def into_files(wanted: Addresses) -> list[Path]:
    """Have files say where they are out; those that did not. All can be written into, or none is.

    Raises BadSource, and OSError, for a symbolic link too.
    """
    before = {path: raw_bytes(path) for path in wanted}
    after = {path: syndication.written(str(path), before[path], wanted[path]) for path in wanted}
    changed = [path for path in wanted if after[path] != before[path]]
    for path in changed:
        replacing.replace(path, after[path])
    return changed


def into_branch(
    wanted: Addresses, repository: Repository, proposal: Proposal, *, looked_at: Path, clone: Path
) -> bool:
    """Have a branch say it, in a commit that is pushed; False where it does.

    The files are those of a checkout at `looked_at`, and are not touched there. Raises as
    `into_files` and `branches.propose`.
    """
    named = {path.relative_to(looked_at): urls for path, urls in wanted.items()}

    def change(root: Path) -> list[Path]:
        changed = into_files({root / path: urls for path, urls in named.items()})
        return [path.relative_to(root) for path in changed]

    return branches.propose(repository, proposal, change, folder=clone)
