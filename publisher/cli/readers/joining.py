"""subscribers add, remove: readers whom an operator vouches for."""

from collections.abc import Sequence

import click

from publisher import subscribing, wiring
from publisher.cli.readers.choices import (
    known_languages,
    known_lists,
    language_option,
    list_option,
)
from publisher.domain.subscriber import one_line
from publisher.subscribing import Choices, Unwelcome


class NotAdded(click.ClickException):
    """A reader who may not be added; the message says why, and what helps."""

    exit_code = 1


@click.command(epilog="Example: publisher subscribers add ann@example.org bob@example.net")
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
@language_option
@list_option
@click.option("--name", default="", metavar="N", help="What to call the reader.")
@click.option("--lift", is_flag=True, help="Let who was stopped or suppressed have mail again.")
def add(
    addresses: Sequence[str],
    *,
    languages: Sequence[str],
    lists: Sequence[str],
    name: str,
    lift: bool,
) -> None:
    """Add readers you vouch for: they are on the list at once."""
    if name and len(addresses) > 1:
        raise click.UsageError("--name is one reader's: add the others by themselves")
    choices = Choices(
        languages=known_languages(languages), lists=known_lists(lists), name=one_line(name)
    )
    if lift:
        subscribing.lift(addresses, engine=wiring.engine())
    try:
        new = subscribing.add(addresses, engine=wiring.engine(), choices=choices)
    except Unwelcome as error:
        raise NotAdded(
            f"{error}; nobody was added. If they ask for it themselves, add --lift"
        ) from error
    for address, added in zip(addresses, new, strict=True):
        click.echo(f"{address}: {'added' if added else 'is on the list already'}")


@click.command(epilog="Example: publisher subscribers remove ann@example.org")
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
def remove(addresses: Sequence[str]) -> int:
    """Take readers off the list."""
    missing = 0
    for address in addresses:
        gone = subscribing.remove(address, engine=wiring.engine())
        click.echo(f"{address}: {'removed' if gone else 'was not on the list'}")
        missing += not gone
    return int(missing > 0)


COMMANDS = (add, remove)
