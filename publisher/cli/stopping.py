"""pause, resume, cancel: a person's word about what is being sent."""

import click

from publisher import publishing, wiring
from publisher.cli import finding, releases
from publisher.domain.delivery import State
from publisher.publishing import utcnow
from publisher.storage import pauses, reports
from publisher.storage.engine import reading
from publisher.storage.reports import Standing

issue_argument = click.argument("issue")
channel_option = click.option(
    "--channel", required=True, metavar="C", help="The channel that it goes to."
)


@click.command(epilog="Example: publisher pause 2026-11-05-newsletter --channel readers")
@issue_argument
@channel_option
def pause(issue: str, channel: str) -> int:
    """Begin nothing more of an issue on a channel, until `resume` or `cancel`.

    What is in hand is finished or given back, which takes a few seconds.
    """
    key = _planned(issue, channel)
    with wiring.engine().begin() as db:
        pauses.pause(db, key, channel, at=utcnow())
    click.echo(f"{key} on {channel} is paused: {_count(key, channel)}.")
    return 0


@click.command(epilog="Example: publisher resume 2026-11-05-newsletter --channel readers")
@click.argument("issue", required=False)
@channel_option
def resume(issue: str | None, channel: str) -> int:
    """Let what was paused go on, exactly where it was.

    What `cancel` has skipped stays so; readers who join later get their copy again. Without
    ISSUE the whole channel goes on that was paused, or rests because its network kept failing.
    """
    if issue is None:
        return _resume_channel(channel)
    key = _planned(issue, channel)
    with wiring.engine().begin() as db:
        pauses.resume(db, key, channel)
    wiring.sweep()
    click.echo(f"{key} on {channel} goes on: {_count(key, channel)}.")
    click.echo("It is sent by the next `publisher up`, `publish` or `retry`, if none runs.")
    return 0


def _resume_channel(channel: str) -> int:
    with reading(wiring.engine()) as db:
        theirs = [s for s in reports.standings(db) if s.channel == channel]
        names = {s.channel for s in reports.standings(db)} | wiring.settings().channels.keys()
    if channel not in names:
        raise finding.no_channel(channel, names)
    with wiring.engine().begin() as db:
        publishing.resume(channel, db=db, at=utcnow())
    wiring.sweep()
    click.echo(f"{channel} goes on; what waits there is due now.")
    for held in sorted({s.issue for s in theirs if s.state is State.HELD}):
        click.echo(f"Held: publisher retry {held} --channel {channel}")
    return 0


@click.command(epilog="Example: publisher cancel 2026-11-05-newsletter --channel readers")
@issue_argument
@click.option("--channel", metavar="C", help="The channel; without it, a release that waits.")
def cancel(issue: str, channel: str | None) -> int:
    """Send no more of an issue to a channel: what waits is skipped, for good.

    What is in hand is finished. What may have been sent stays for you to settle. Without a channel
    an issue that waits for its release is never released by itself.
    """
    if channel is None:
        return releases.cancel(issue)
    key = _planned(issue, channel)
    with wiring.engine().begin() as db:
        met = pauses.cancel(db, key, channel, at=utcnow())
    click.echo(f"{met} {'delivery' if met == 1 else 'deliveries'} skipped.")
    click.echo(f"{key} on {channel} is cancelled: {_count(key, channel)}.")
    return 0


def _planned(issue: str, channel: str) -> str:
    """The key of the issue. Raises Wrong where nothing is planned for that channel."""
    key = finding.key(issue)
    names = {s.channel for s in _standings(key)}
    if not names:
        raise finding.Wrong(f"{key}: nothing was ever planned for it; `publisher status` lists all")
    if channel not in names:
        raise finding.no_channel(channel, names)
    return key


def _standings(key: str) -> list[Standing]:
    with reading(wiring.engine()) as db:
        return reports.standings(db, key)


def _count(key: str, channel: str) -> str:
    """How many deliveries are in which state."""
    counts: dict[str, int] = {}
    for standing in _standings(key):
        if standing.channel == channel:
            for state, number in (standing.readers or {standing.state: 1}).items():
                counts[state] = counts.get(state, 0) + number
    return ", ".join(f"{counts[state]} {state}" for state in State if state in counts)


COMMANDS = (pause, resume, cancel)
