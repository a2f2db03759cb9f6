"""check: whether everything that a release needs is there; nothing is posted."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import click

from publisher import documents, queue, telling, wiring
from publisher.checking import WARNING, Checked, of_channel
from publisher.cli.sending import json_option
from publisher.domain.channel import HandingOn, Refused
from publisher.registry import Configured
from publisher.returns.letter import BadMailbox, MailboxTrouble
from publisher.storage import engine as storage

LONGEST = 120  # characters of what stands on a line together with others


@click.command(epilog="Example: publisher check --json")
@json_option
def check(json_: bool) -> int:
    """Try configuration, store, broker, mailbox, and every channel's credentials; post nothing."""
    channels = list(wiring.measured(oldest=timedelta(0)).values())
    with ThreadPoolExecutor(max_workers=8) as pool:
        checked = [_check_store(), _check_broker(), *_check_mailbox(), *_check_receipts()]
        checked += pool.map(of_channel, channels)
    checked += _check_hand_offs(channels)
    if json_:
        click.echo(documents.as_json([documents.checked(c) for c in checked]))
    else:
        click.echo(f"✓ configuration: {wiring.settings().file}")
        for c in checked:
            click.echo("\n    ".join(lines(c)))
    return int(not all(c.ok for c in checked))


def lines(checked: Checked) -> Iterator[str]:
    """What was found on one line; below it what is long, to be copied from a line of its own.

    A warning has a line of its own, too.
    """
    if not checked.ok:
        yield f"✗ {checked.name}: {'; '.join(checked.found)}"
        return
    found = [words for words in checked.found if not words.startswith(WARNING)]
    short = "; ".join(words for words in found if len(words) <= LONGEST)
    yield f"✓ {checked.name}: {short or 'well'}"
    yield from (words for words in found if len(words) > LONGEST)
    yield from (f"! {WARNING}{words}" for words in checked.warnings)


def _check_store() -> Checked:
    return Checked(name="store", ok=True, found=[storage.name(wiring.engine())])


def _check_broker() -> Checked:
    if not wiring.settings().broker:
        return Checked(name="broker", ok=True, found=["embedded, started when it is needed"])
    if trouble := wiring.broker_trouble():
        return Checked(name="broker", ok=False, found=[f"{trouble}; mend [store] broker"])
    return Checked(name="broker", ok=True, found=[queue.place(wiring.broker())])


def _check_mailbox() -> Iterator[Checked]:
    """Open the mailbox that bounces come back to, where one is configured; read nothing."""
    box = wiring.settings().bounces
    if not (box.maildir or box.imap):
        return
    name = f"bounces in {box.maildir or box.imap}"
    try:
        with closing(wiring.letters()) as letters:
            waiting = next(letters, None)
    except (BadMailbox, MailboxTrouble) as error:
        yield Checked(name=name, ok=False, found=[str(error)])
    else:
        found = "there is mail to read" if waiting else "nothing to read"
        yield Checked(name=name, ok=True, found=[found])


def _check_receipts() -> Iterator[Checked]:
    """See whether the folder for receipts can be written to, where one is configured."""
    folder = wiring.settings().receipts.folder
    if folder is None:
        return
    there = next(place for place in (folder, *folder.parents) if place.exists())
    ok = there.is_dir() and os.access(there, os.W_OK | os.X_OK)
    found = [] if ok else [f"{there} cannot be written to; give this user the right to"]
    yield Checked(name=f"receipts in {folder}", ok=ok, found=found)


def _check_hand_offs(channels: Sequence[Configured]) -> Iterator[Checked]:
    """See that there is a channel which writes to those who post by hand."""
    among = {one.name: one for one in channels}
    for one in channels:
        if isinstance(one.channel, HandingOn):
            try:
                found, ok = f"{telling.carrier(one.channel.to, among)[0]} carries it", True
            except Refused as error:
                found, ok = str(error), False
            yield Checked(name=f"note to {one.channel.to}", ok=ok, found=[found])


COMMANDS = (check,)
