"""backup, restore, adopt: a store in a file, and a person's word about which store is the one."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click

from publisher import backups, embedded, fencing, wiring
from publisher.backups import Backup
from publisher.cli import finding, show
from publisher.publishing import utcnow
from publisher.storage import doubts, identity
from publisher.storage import engine as storage
from publisher.storage.engine import name, reading
from publisher.storage.identity import Identity

FORGOT = """\
What waits here is looked for before it is sent. What cannot be looked for, as mail, is held for
`publisher settle`, or sent again where `when_unsure = "resend"`. What the source shows now counts
as old news. Readers who joined, left or changed their mind since then did so in the other store."""
TOLD = (
    ("editions", "edition", "editions"),
    ("subscribers", "reader", "readers"),
    ("deliveries", "delivery", "deliveries"),
)
MOVED = "Nothing was sent without it, you say: all that waits here goes out as if nothing happened."


@click.command(epilog="Example: publisher backup /backups/news-2026-11-05.db")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace a file of that name.")
def backup(file: Path, *, force: bool) -> int:
    """Write all of the store into one file, while it is at work, and see that it is whole.

    It holds readers' addresses and the store's own keys: keep it as safe as the store.
    """
    began = time.monotonic()
    done = backups.back_up(wiring.engine(), file, at=utcnow(), replacing=force)
    click.echo(f"{file}: {_held(done)}, written in {time.monotonic() - began:.1f} s.")
    click.echo("It holds readers' addresses and the store's keys: keep it as safe as the store.")
    click.echo("`publisher restore` puts it into an empty store, which then sends nothing until")
    click.echo("`publisher adopt`.")
    return 0


@click.command(epilog="Example: publisher restore /backups/news-2026-11-05.db")
@click.argument("file", type=click.Path(path_type=Path))
def restore(file: Path) -> int:
    """Put a backup into the configured store, which must be empty: in a file or on a server.

    It sends nothing until `publisher adopt` says that it is the one.
    """
    found = wiring.settings()
    began = time.monotonic()
    with embedded.alone(found.state):
        engine = storage.connect(found.database)
        done = backups.restore(file, engine, room=found.state, at=utcnow())
    click.echo(f"{name(engine)}: {_held(done)}, restored in {time.monotonic() - began:.1f} s.")
    click.echo(f"It knows nothing of what was sent after {show.moment(done.made_at)}, and sends")
    click.echo("nothing until you have said that it is the one: publisher adopt")
    return 0


def _held(done: Backup) -> str:
    counts = (
        f"{done.rows[table]} {one if done.rows[table] == 1 else many}" for table, one, many in TOLD
    )
    return f"{', '.join(counts)}, {done.size / 1e6:.1f} MB"


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
        me, waiting, since = identity.known(db), doubts.waiting(db), identity.gap_since(db)
    if me is None or (moved and not me.fenced_at):
        click.echo("This store is not fenced: it sends.")
        return 0
    for line in _about(me, waiting):
        click.echo(line)
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


COMMANDS = (backup, restore, adopt)
