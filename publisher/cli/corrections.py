"""correct: carrying a changed source to what is already out."""

from collections.abc import Mapping, Sequence

import click

from publisher import correcting, corrigenda, fencing, wiring
from publisher.cli import finding
from publisher.cli.sending import carry_on
from publisher.correcting import Correction, Outcome
from publisher.domain.issue import Edition
from publisher.publishing import utcnow
from publisher.registry import Configured
from publisher.storage import changes, reports
from publisher.storage.engine import reading

PATIENCE = 300.0  # seconds for mails to go out; then `publisher up` goes on


@click.command(epilog="Example: publisher correct 2026-11-05-newsletter --channel mastodon")
@click.argument("issue")
@click.option(
    "--channel", "names", multiple=True, metavar="C", help="Only this channel; may be repeated."
)
@click.option(
    "--tell",
    is_flag=True,
    help="Tell `correction:` to those who were mailed it; as an answer on a --channel that can.",
)
@click.option("--leave", is_flag=True, help="Leave what is out as it is, and ask no more.")
def correct(issue: str, names: Sequence[str], *, tell: bool, leave: bool) -> int:
    """Carry what changed at the source to what is out, where the network allows edits.

    Nothing new is sent, and saying it twice changes nothing more. What cannot be edited is named.
    With --tell, readers who were mailed the issue get what its `correction:` says, once. With
    --leave, a question that `publisher status` asks about a change is answered with no.
    """
    if leave:
        return _leave(finding.key(issue))
    editions = finding.looked_over([issue])
    configured = wiring.measured()
    channels = finding.channels(names, configured)
    fencing.require_free(wiring.engine())
    keys = {edition.key for edition in editions}
    with reading(wiring.engine()) as db:
        planned = any(reports.standings(db, key) for key in sorted(keys))
    if not planned:
        raise finding.Wrong(f"{issue}: nothing of it is out; say: publisher publish {issue}")
    if tell and not any(map(corrigenda.says, editions)):
        remedy = "say what was wrong, as in `correction: The meeting is on the 12th.`"
        raise finding.Wrong(f"{issue}: its head has no `correction:` for readers; {remedy}")
    failed = False
    for one in correcting.correct(
        editions, engine=wiring.engine(), channels=configured, only=[*channels]
    ):
        click.echo(_line(one))
        failed |= one.outcome is Outcome.FAILED
    wiring.write_receipts()
    return max(int(failed), _tell(editions, channels, names) if tell else 0)


def _leave(key: str) -> int:
    with wiring.engine().begin() as db:
        left = changes.leave(db, key, at=utcnow())
    if not left:
        raise finding.Wrong(f"{key}: nothing is asked of anybody about it")
    click.echo(f"{key} ({', '.join(left)}): what is out stays as it is")
    return 0


def _tell(
    editions: Sequence[Edition], channels: Mapping[str, Configured], answers: Sequence[str]
) -> int:
    with wiring.engine().begin() as db:
        planned = corrigenda.plan(editions, db=db, channels=channels, at=utcnow(), answers=answers)
    for (key, lang, channel), new in planned.items():
        said = f"told {new} times" if new else "was told before"
        click.echo(f"{key} ({lang}) on {channel}: {said}")
    return carry_on(set(planned), timeout=PATIENCE, no_wait=False) if any(planned.values()) else 0


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
