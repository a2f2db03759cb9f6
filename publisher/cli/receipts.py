"""receipts: what is out of an issue, and where; written back into its source."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from publisher import receipts as proofs_of
from publisher import wiring, writing_back
from publisher.cli import finding, show
from publisher.storage import receipts as stored
from publisher.storage.engine import reading
from publisher.storage.receipts import Proof
from publisher.writing_back import Addresses

NO_FILES = "has no files to write into; `folder` in [receipts] has data files written for the site"


@click.command(epilog="Example: publisher receipts 2026-11-05-newsletter --json")
@click.argument("issue")
@click.option("--json", "json_", is_flag=True, help="One JSON document on stdout.")
@click.option("--write", "writes", is_flag=True, help="Write the addresses into the source's head.")
def receipts(issue: str, *, json_: bool, writes: bool) -> int:
    """Show what is out of an issue: where, since when, and under which id.

    With --write the addresses on networks are written into the head of its source, as a list
    `syndication`, and nothing else is changed there.
    """
    key = finding.key(issue)
    found = _proofs(key)
    wanted = _wanted(issue, found) if writes else {}
    if json_:
        click.echo(show.as_json(proofs_of.document(key, found)))
    elif not found:
        click.echo(f"{key}: nothing of it is out yet.")
    for line in () if json_ else _lines(key, found):
        click.echo(line)
    if writes:
        _write(key, wanted)
    return 0


def _proofs(key: str) -> list[Proof]:
    with reading(wiring.engine()) as db:
        found = stored.proofs(db, key)
        if not found and not stored.is_known(db, key):
            raise finding.Wrong(f"{key}: there is no such issue; `publisher status` lists all")
    return found


def _wanted(issue: str, found: Sequence[Proof]) -> Addresses:
    source = wiring.settings().source
    if source and source.kind != "folder":
        raise finding.Wrong(f"{issue}: a source of kind {source.kind} {NO_FILES}")
    return writing_back.addresses(finding.editions(issue), found) if found else {}


def _write(key: str, wanted: Addresses) -> None:
    """Write, and say so on stderr: stdout is for what is out."""
    if not wanted:
        click.echo(f"{key}: is on no network yet; nothing was written.", err=True)
    changed = writing_back.into_files(wanted)
    for path, urls in wanted.items():
        click.echo(f"{path}: {_said(path, changed, len(urls))}", err=True)


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
