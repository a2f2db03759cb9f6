"""subscribers forget: what the law asks to be erased, and what it lets be kept."""

import time
from collections.abc import Sequence

import click

from publisher import wiring
from publisher.forgetting import NobodyKnown, StillSending, forget
from publisher.publishing import utcnow
from publisher.storage.forgetting import Erased, write_through

PATIENCE = 60  # seconds that a mail under way is waited for

KEPT = (
    "kept: when these events were, under a keyed hash of the address, to prove what was agreed"
    " (GDPR Art. 7(1), 17(3)(e)); and the hash as a suppression, so that no file or form brings"
    " the address back. No address can be read from it."
)


@click.command("forget", epilog="Example: publisher subscribers forget ann@example.org")
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
def forget_(addresses: Sequence[str]) -> int:
    """Erase readers: addresses, names, choices, questions, and what servers said of them."""
    failed = [address for address in addresses if not _forgotten(address)]
    if len(failed) < len(addresses):
        click.echo(KEPT)
        if not write_through(wiring.engine()):
            click.echo(
                "somebody reads the store: its journal still has what was erased,"
                " until it is next written through",
                err=True,
            )
    return int(bool(failed))


def _forgotten(address: str) -> bool:
    try:
        erased = _patiently(address)
    except (NobodyKnown, StillSending) as error:
        click.echo(str(error), err=True)
        return False
    click.echo(f"{address}: forgotten; {_told(erased)}")
    return True


def _patiently(address: str) -> Erased:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return forget(address, engine=wiring.engine(), at=utcnow())
        except StillSending:
            if time.monotonic() > end:
                raise
        time.sleep(1)


def _told(erased: Erased) -> str:
    numbers = {
        "mails are nobody’s now": erased.mails,
        "events": erased.events,
        "questions": erased.questions,
        "bounces": erased.bounces,
        "mentions": erased.mentions,
    }
    return ", ".join(f"{number} {what}" for what, number in numbers.items())


COMMANDS = (forget_,)
