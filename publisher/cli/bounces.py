"""bounces read, list, believe."""

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import click
from sqlalchemy.exc import DBAPIError

from publisher import bouncing, documents, wiring
from publisher.bouncing import Fate, Taken, Weighed
from publisher.cli import finding, show
from publisher.cli.sending import json_option
from publisher.config import BadConfig
from publisher.domain.bounce import Kind
from publisher.publishing import utcnow
from publisher.returns import maildir
from publisher.returns.letter import BadMailbox, Letter, MailboxTrouble, Unreadable
from publisher.returns.opening import LONGEST
from publisher.storage import bounces as kept
from publisher.storage.engine import BadStore, reading

TRY_AGAIN = 75  # EX_TEMPFAIL: a mail server keeps the message, and pipes it here again


@click.group(epilog="Example: publisher bounces read")
def bounces() -> None:
    """What comes back of mail: bounces and complaints."""


@bounces.command(epilog="Example: publisher bounces read --maildir /var/mail/bounces")
@click.argument("dash", required=False, type=click.Choice(["-"]), metavar="[-]")
@click.option("--maildir", "folder", metavar="PATH", help="This Maildir, not the configured one.")
def read(dash: str | None, folder: str | None) -> int:
    """Read what came back, and stop whom mail does not reach.

    From the mailbox in [bounces], from a Maildir, or, with a dash, one message from standard
    input, for a mail server's pipe.
    """
    if dash and folder:
        raise click.UsageError("say either - or --maildir PATH")
    if dash:
        return _from_pipe(sys.stdin.buffer)
    try:
        code = _from_mailbox(maildir.letters(Path(folder)) if folder else _configured())
    except BadMailbox as error:
        raise finding.Wrong(str(error)) from error
    except MailboxTrouble as error:
        raise click.ClickException(str(error)) from error
    _say_weighed(wiring.weigh())
    return code


def _configured() -> Iterable[Letter | Unreadable]:
    box = wiring.settings().bounces
    if not (box.maildir or box.imap):
        raise finding.Wrong(
            f"{wiring.settings().file}: [bounces] names no mailbox;"
            " give it maildir or imap, or say --maildir PATH"
        )
    return wiring.letters()


def _from_pipe(stream: BinaryIO) -> int:
    """Take one message; whatever keeps us from recording it lets the mail server try again."""
    raw = stream.read(LONGEST)
    while stream.read(LONGEST):
        pass  # who pipes must not find the pipe broken
    try:
        taken = wiring.take(raw)
        wiring.weigh()
    except (BadConfig, BadStore, DBAPIError, OSError) as error:
        click.echo(f"publisher: the bounce was not recorded: {error}", err=True)
        return TRY_AGAIN
    _say("standard input", taken)
    return 0


def _from_mailbox(letters: Iterable[Letter | Unreadable]) -> int:
    fates: Counter[str] = Counter()
    for place, taken, why in bouncing.collect(letters, take=wiring.take):
        if taken is None:
            click.echo(f"{place}: cannot be read, and stays there: {why}", err=True)
        else:
            _say(place, taken)
        fates[taken.fate if taken else UNREADABLE] += 1
    told = ", ".join(f"{number} {fate}" for fate, number in sorted(fates.items()))
    click.echo(
        f"{fates.total()} {'message' if fates.total() == 1 else 'messages'}: {told}"
        if told
        else "No messages."
    )
    return int(fates[UNREADABLE] > 0)


UNREADABLE = "unreadable"


def _say(place: str, taken: Taken) -> None:
    if taken.fate is Fate.LEFT_ALONE:
        click.echo(f"{place}: left alone: {taken.why}", err=True)
    elif taken.fate is Fate.NOTED:
        click.echo(f"{taken.reader}  {taken.issue or '-'}  {taken.kind}: {taken.why}")
    if taken.fate is Fate.NOTED and taken.kind is Kind.POLICY:
        click.echo("  that blames your mail, not the reader: see docs/bounces.md", err=True)


def _say_weighed(found: Weighed) -> None:
    if found.stopped:
        readers = "reader is" if found.stopped == 1 else "readers are"
        click.echo(f"{found.stopped} {readers} stopped.")
    for channel in found.paused:
        click.echo(f"{channel} is paused: too much came back; `publisher status` tells.", err=True)


@bounces.command("list", epilog="Example: publisher bounces list 2026-11-05-newsletter --json")
@click.argument("issue", required=False)
@json_option
def list_(issue: str | None, json_: bool) -> None:
    """List what came back, of an issue or of all, the newest first."""
    with reading(wiring.engine()) as db:
        rows = kept.listed(db, finding.key(issue) if issue else "")
    if json_:
        click.echo(documents.as_json([documents.bounce(row) for row in rows]))
        return
    for row in rows:
        words = f"{row.kind} ({row.verdict})  {row.status} {row.words}"
        click.echo(f"{show.moment(row.at)}  {row.issue} {row.channel}  {row.reader}  {words}")
    if not rows:
        click.echo("Nothing came back.", err=True)


@bounces.command(
    epilog="Example: publisher bounces believe 2026-11-05-newsletter --channel readers"
)
@click.argument("issue")
@click.option("--channel", required=True, metavar="C", help="The channel that it was sent on.")
def believe(issue: str, channel: str) -> None:
    """Let what was set aside count after all: those addresses really are gone."""
    key = finding.key(issue)
    counted, stopped = bouncing.believe(key, channel, engine=wiring.engine(), at=utcnow())
    if not counted:
        raise finding.Wrong(f"{key} on {channel}: no bounces are set aside there")
    click.echo(f"{counted} bounces count now; readers stopped by that: {stopped}.")


COMMANDS = (bounces,)
