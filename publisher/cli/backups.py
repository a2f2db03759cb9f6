"""adopt: a person's word about which store is the one."""

import sys
from collections.abc import Iterator

import click

from publisher import fencing, wiring
from publisher.cli import finding, show
from publisher.publishing import utcnow
from publisher.storage import doubts, identity
from publisher.storage.engine import name, reading
from publisher.storage.identity import Identity

FORGOT = """\
What waits here is looked for before it is sent. What cannot be looked for, as mail, is held for
`publisher settle`, or sent again where `when_unsure = "resend"`. What the source shows now counts
as old news. Readers who joined, left or changed their mind since then did so in the other store."""
MOVED = "Nothing was sent without it, you say: all that waits here goes out as if nothing happened."


@click.command(epilog="Example: publisher adopt --moved")
@click.option("--moved", is_flag=True, help="It only lies elsewhere now: nothing was forgotten.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def adopt(*, moved: bool, yes: bool) -> int:
    """Say that this store is the one that sends, after it was copied, moved or restored.

    Stop every other copy of it for good before. Without --moved it is taken to be an older state,
    or a copy whose original went on: whatever may have been sent since is looked for first.
    """
    engine = wiring.engine()
    with reading(engine) as db:
        me, waiting, last = identity.known(db), doubts.waiting(db), identity.last_word(db)
    if me is None or (moved and not me.fenced_at):
        click.echo("This store is not fenced: it sends.")
        return 0
    for line in _about(me, waiting):
        click.echo(line)
    since = me.forgot_since if me.fenced_at and me.forgot_since else last or me.made_at
    click.echo(f"It knows nothing of what was sent after {show.moment(since)}.\n")
    click.echo(MOVED if moved else FORGOT)
    _ask(yes=yes)
    if moved:
        fencing.adopt_moved(engine, wiring.witness())
        click.echo("This store is the one. What waited goes on.")
        return 0
    doubted = fencing.adopt(engine, wiring.witness(), at=utcnow())
    number = "1 delivery is" if doubted == 1 else f"{doubted} deliveries are"
    click.echo(f"This store is the one. {number} in doubt, and looked for first.")
    return 0


def _about(me: Identity, waiting: list[tuple[str, str, str, int]]) -> Iterator[str]:
    yield f"{name(wiring.engine())}: store {me.name}, made {show.moment(me.made_at)}, age {me.age}"
    if me.fenced_at:
        yield f"It sends nothing since {show.moment(me.fenced_at)}: {me.reason}."
    yield "Unfinished in it: " + ("nothing" if not waiting else "")
    for issue, channel, state, number in waiting:
        yield f"  {issue} on {channel}: {number} {state}"


def _ask(*, yes: bool) -> None:
    """Have a person confirm it. Raises Abort where they do not, Wrong where nobody can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise finding.Wrong("nobody is here to be asked; say --yes if this store is the one")
    click.confirm("Is every other copy of it stopped for good, and is this the one?", abort=True)


COMMANDS = (adopt,)
