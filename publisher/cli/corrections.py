"""correct: carrying a changed source to what is already out."""

from collections.abc import Sequence

import click

from publisher import correcting, fencing, wiring
from publisher.cli import finding
from publisher.correcting import Correction, Outcome
from publisher.storage import reports
from publisher.storage.engine import reading


@click.command(epilog="Example: publisher correct 2026-11-05-newsletter --channel mastodon")
@click.argument("issue")
@click.option(
    "--channel", "names", multiple=True, metavar="C", help="Only this channel; may be repeated."
)
def correct(issue: str, names: Sequence[str]) -> int:
    """Carry what changed at the source to what is out, where the network allows edits.

    Nothing new is sent, and saying it twice changes nothing more. What cannot be edited is named.
    """
    editions = finding.looked_over([issue])
    channels = finding.channels(names, wiring.measured())
    fencing.require_free(wiring.engine())
    keys = {edition.key for edition in editions}
    with reading(wiring.engine()) as db:
        planned = any(reports.standings(db, key) for key in sorted(keys))
    if not planned:
        raise finding.Wrong(f"{issue}: nothing of it is out; say: publisher publish {issue}")
    failed = False
    for one in correcting.correct(editions, engine=wiring.engine(), channels=channels):
        click.echo(_line(one))
        failed |= one.outcome is Outcome.FAILED
    wiring.write_receipts()
    return 1 if failed else 0


def _line(one: Correction) -> str:
    words = f": {one.words}" if one.words else ""
    where = f"  {one.url}" if one.outcome is Outcome.CORRECTED and one.url else ""
    return f"{one.channel} ({one.lang}): {_SAID[one.outcome]}{words}{where}"


_SAID = {
    Outcome.SAME: "is as it should be",
    Outcome.CORRECTED: "corrected",
    Outcome.LEFT: "stays as it is",
    Outcome.FAILED: "could not be corrected",
}

COMMANDS = (correct,)
