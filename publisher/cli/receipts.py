"""receipts: what is out of an issue, and where; written back into its source."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from publisher import content, documents, watching, wiring, writing_back
from publisher import receipts as proofs_of
from publisher.cli import finding, show
from publisher.config import Source
from publisher.sources.branches import Proposal
from publisher.storage import receipts as stored
from publisher.storage.engine import reading
from publisher.storage.receipts import Proof
from publisher.writing_back import Addresses

NO_FILES = "has no files to write into; `folder` in [receipts] has data files written for the site"
BRANCH = "publisher-receipts"


@click.command(epilog="Example: publisher receipts 2026-11-05-newsletter --json")
@click.argument("issue")
@click.option("--json", "json_", is_flag=True, help="One JSON document on stdout.")
@click.option("--write", "writes", is_flag=True, help="Write the addresses into the source's head.")
@click.option("--branch", metavar="B", help=f"Of a git source: push to B [{BRANCH}].")
def receipts(issue: str, *, json_: bool, writes: bool, branch: str | None) -> int:
    """Show what is out of an issue: where, since when, and under which id.

    With --write the addresses on networks are written into the head of its source, as a list
    `syndication`, and nothing else is changed there; of a git source, on a branch of its own.
    """
    key = finding.key(issue)
    _require_sense(key, branch, writes=writes)
    found = _proofs(key)
    wanted = _wanted(issue, key, found) if writes else {}
    if json_:
        click.echo(documents.as_json(proofs_of.document(key, found)))
    elif not found:
        click.echo(f"{key}: nothing of it is out yet.")
    for line in () if json_ else _lines(key, found):
        click.echo(line)
    if writes:
        _write(key, wanted, branch or BRANCH)
    return 0


def _require_sense(key: str, branch: str | None, *, writes: bool) -> None:
    """Raise UsageError for a branch where nothing is pushed; Wrong where it must be named."""
    source = wiring.settings().of(key).source
    is_git = source is not None and source.kind == "git"
    if branch is not None and not (writes and is_git):
        raise click.UsageError("--branch goes with --write, and with a source of kind git")
    if source and is_git and branch is None and source.branch == BRANCH:
        raise finding.Wrong(f"{BRANCH} is the source's own branch; name it, or another: --branch")


def _proofs(key: str) -> list[Proof]:
    with reading(wiring.engine()) as db:
        found = stored.proofs(db, key)
        if not found and not stored.is_known(db, key):
            raise finding.Wrong(f"{key}: there is no such issue; `publisher status` lists all")
    return found


def _wanted(issue: str, key: str, found: Sequence[Proof]) -> Addresses:
    source = wiring.settings().of(key).source
    if source and source.kind == "feed":
        raise finding.Wrong(f"{issue}: a source of kind {source.kind} {NO_FILES}")
    return writing_back.addresses(finding.editions(issue), found) if found else {}


def _write(key: str, wanted: Addresses, branch: str) -> None:
    """Write, and say so on stderr: stdout is for what is out."""
    source = wiring.settings().of(key).source
    if not wanted:
        click.echo(f"{key}: is on no network yet; nothing was written.", err=True)
    elif source and source.kind == "git":
        pushed = _push(key, wanted, source, branch)
        words = "is pushed; merge it" if pushed else "says so already; nothing was pushed"
        click.echo(f"The branch {branch} {words}.", err=True)
    else:
        changed = writing_back.into_files(wanted)
        for path, urls in wanted.items():
            click.echo(f"{path}: {_said(path, changed, len(urls))}", err=True)


def _push(key: str, wanted: Addresses, source: Source, branch: str) -> bool:
    found = wiring.settings().of(key)
    looked_at = content.copy_of(found)
    for path in wanted:
        if not path.is_relative_to(looked_at):
            raise finding.Wrong(f"{path}: is no file of the source; name the issue's key: {key}")
    subject = f"Say where {key} is out"
    return writing_back.into_branch(
        wanted,
        watching.repository(source),
        Proposal(branch=branch, author=found.receipts.author, subject=subject),
        looked_at=looked_at,
        clone=found.state / "pushed" / (found.name or "source"),
    )


def _said(path: Path, changed: Sequence[Path], number: int) -> str:
    if path not in changed:
        return "says so already."
    return f"{number} {'address' if number == 1 else 'addresses'} written."


def _lines(key: str, found: Sequence[Proof]) -> Iterator[str]:
    for lang in dict.fromkeys(proof.lang for proof in found):
        yield f"{key} ({lang}) is out:"
        for proof in found:
            if proof.lang == lang:
                yield f"  {_told(proof)}"


def _told(proof: Proof) -> str:
    where = f"{proof.channel} ({proof.kind}), {show.moment(proof.at)}"
    if proof.readers is not None:
        return f"{where}: {proof.readers} {'copy' if proof.readers == 1 else 'copies'} delivered"
    id = f" ({proof.remote_id})" if proof.remote_id else ""
    return f"{where}: {proof.url or 'no address'}{id}"


COMMANDS = (receipts,)
