"""receipts: what is out of an issue, and where."""

from collections.abc import Iterator, Sequence

import click

from publisher import receipts as proofs_of
from publisher import wiring
from publisher.cli import finding, show
from publisher.storage import receipts as stored
from publisher.storage.engine import reading
from publisher.storage.receipts import Proof


@click.command(epilog="Example: publisher receipts 2026-11-05-newsletter --json")
@click.argument("issue")
@click.option("--json", "json_", is_flag=True, help="One JSON document on stdout.")
def receipts(issue: str, *, json_: bool) -> int:
    """Show what is out of an issue: where, since when, and under which id."""
    key = finding.key(issue)
    found = _proofs(key)
    if json_:
        click.echo(show.as_json(proofs_of.document(key, found)))
    elif not found:
        click.echo(f"{key}: nothing of it is out yet.")
    for line in () if json_ else _lines(key, found):
        click.echo(line)
    return 0


def _proofs(key: str) -> list[Proof]:
    with reading(wiring.engine()) as db:
        found = stored.proofs(db, key)
        if not found and not stored.is_known(db, key):
            raise finding.Wrong(f"{key}: there is no such issue; `publisher status` lists all")
    return found


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
