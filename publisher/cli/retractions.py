"""retract: taking back what is out."""

from collections.abc import Sequence

import click

from publisher import fencing, retracting, wiring
from publisher.cli import finding
from publisher.domain.delivery import UNFINISHED
from publisher.retracting import Outcome, Retraction
from publisher.storage import reports
from publisher.storage.engine import reading


@click.command(epilog="Example: publisher retract 2026-11-05-newsletter --channel mastodon")
@click.argument("issue")
@click.option(
    "--channel", "names", multiple=True, metavar="C", help="This channel; may be repeated."
)
@click.option("--everywhere", is_flag=True, help="On all channels.")
def retract(issue: str, names: Sequence[str], *, everywhere: bool) -> int:
    """Take back what is out of an issue, where the network allows it.

    The posts are deleted there and count as skipped: nothing sends them again by itself. What
    cannot be taken back, such as a mail, is named. What still waits is not touched: cancel it.
    """
    if bool(names) == everywhere:
        raise finding.Wrong("say where: --channel C, or --everywhere")
    key = finding.key(issue)
    all_channels = wiring.channels()
    channels = finding.channels(names, all_channels)
    fencing.require_free(wiring.engine())
    with reading(wiring.engine()) as db:
        planned = reports.standings(db, key)
    if not planned:
        raise finding.Wrong(f"{key}: nothing was ever planned for it; `publisher status` lists all")
    for waiting in sorted({s.channel for s in planned if s.state in UNFINISHED} & {*channels}):
        click.echo(
            f"{waiting} has some of it still to send: publisher cancel {key} --channel {waiting}"
        )
    gone = retracting.retract(key, engine=wiring.engine(), channels=all_channels, only=channels)
    found = list(map(_told, gone))
    if not found:
        click.echo(f"{key}: nothing of it is out there")
    wiring.write_receipts()
    return 0 if all(one.outcome is Outcome.GONE for one in found) else 1


def _told(one: Retraction) -> Retraction:
    words = f": {one.words}" if one.words else ""
    where = f"  {one.url}" if one.outcome is not Outcome.GONE and one.url else ""
    click.echo(f"{one.channel} ({one.lang}): {_SAID[one.outcome]}{words}{where}")
    return one


_SAID = {
    Outcome.GONE: "taken back",
    Outcome.STAYS: "stays there",
    Outcome.FAILED: "could not be taken back",
}

COMMANDS = (retract,)
