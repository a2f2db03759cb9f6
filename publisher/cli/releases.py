"""plan, hold, release: what comes between an issue's being seen and its being sent."""

from collections.abc import Callable

import click
from sqlalchemy import Connection

from publisher import documents, fencing, releasing, wiring
from publisher.cli import finding, show
from publisher.domain.plan import Step
from publisher.publishing import utcnow
from publisher.storage import releases
from publisher.storage.engine import reading

issue_argument = click.argument("issue")


@click.command(epilog="Example: publisher plan 2026-11-05-newsletter")
@issue_argument
@click.option("--json", "json_", is_flag=True, help="One JSON document on stdout.")
def plan(issue: str, *, json_: bool) -> int:
    """Show when an issue goes to which channel, and why then. It is what will be done."""
    key = finding.key(issue)
    site = wiring.releases()
    with reading(wiring.engine()) as db:
        found = releases.of(db, key)
        plans = [(one, releasing.planned(db, one, site)) for one in found]
    if not found:
        raise _nothing(key)
    if json_:
        click.echo(documents.as_json([documents.plan(one, steps) for one, steps in plans]))
        return 0
    for one, steps in plans:
        click.echo(f"{one.issue} ({one.lang}), seen {show.moment(one.facts.seen_at)}:")
        for step in steps:
            click.echo(f"  {step.channel}: {_when(step)}")
    return 0


def _when(step: Step) -> str:
    if step.at is None:
        return step.why
    return f"{show.moment(step.at)}, {step.why}"


@click.command(epilog="Example: publisher hold 2026-11-05-newsletter")
@issue_argument
def hold(issue: str) -> int:
    """Keep an issue that waits for its release back, until `release`.

    What is planned already goes on: `pause` stops that.
    """
    key, langs = _say(issue, releasing.hold)
    click.echo(f"{key} ({', '.join(langs)}) is held; `publisher release {key}` lets it go.")
    return 0


@click.command(epilog="Example: publisher release 2026-11-05-newsletter")
@issue_argument
def release(issue: str) -> int:
    """Let an issue go out now that waits for its page, a while, an hour of the day, or you."""
    fencing.require_free(wiring.engine())
    key, langs = _say(issue, releasing.release)
    new = wiring.release()
    click.echo(f"{key} ({', '.join(langs)}) is released: {new} deliveries planned so far.")
    click.echo("They go out with `publisher up`, or the next `publish` or `retry`.")
    return 0


def cancel(issue: str) -> int:
    """Never release an issue that waits."""
    key, langs = _say(issue, releasing.cancel)
    click.echo(f"{key} ({', '.join(langs)}) is cancelled; `publisher publish` would still send it.")
    return 0


def _say(issue: str, word: Callable[..., list[str]]) -> tuple[str, list[str]]:
    key = finding.key(issue)
    with wiring.engine().begin() as db:
        langs = word(db, key, at=utcnow())
        known = bool(langs) or _is_known(db, key)
    if langs:
        return key, langs
    if known:
        raise finding.Wrong(f"{key}: nothing of it waits for a release any more")
    raise _nothing(key)


def _is_known(db: Connection, key: str) -> bool:
    return bool(releases.of(db, key))


def _nothing(key: str) -> finding.Wrong:
    words = "it was never seen at the source as news, or there is no [release]"
    return finding.Wrong(f"{key}: no release waits; {words}; `publisher status` tells what is out")


COMMANDS = (plan, hold, release)
