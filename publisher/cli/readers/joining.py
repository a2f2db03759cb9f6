"""subscribers add, remove: readers whom an operator vouches for."""

from collections.abc import Sequence

import click

from publisher import subscribing, wiring
from publisher.cli.readers.choices import (
    asking,
    else_after_option,
    known_else_after,
    known_languages,
    known_lists,
    language_option,
    list_option,
)
from publisher.domain.subscriber import one_line
from publisher.importing.taking import Asking
from publisher.storage.waiting import Hint
from publisher.subscribing import Choices, Unwelcome

ON_IT = "is on the list already"


class NotAdded(click.ClickException):
    """A reader who may not be added; the message says why, and what helps."""

    exit_code = 1


@click.command(epilog="Example: publisher subscribers add ann@example.org bob@example.net")
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
@language_option
@list_option
@else_after_option
@click.option("--name", default="", metavar="N", help="What to call the reader.")
@click.option("--ask", is_flag=True, help="Ask them to confirm first, by a mail each.")
@click.option("--lift", is_flag=True, help="Let who was stopped or suppressed have mail again.")
def add(
    addresses: Sequence[str],
    *,
    languages: Sequence[str],
    lists: Sequence[str],
    else_after: int | None,
    name: str,
    ask: bool,
    lift: bool,
) -> None:
    """Add readers you vouch for: they are on the list at once, or with --ask once they confirm."""
    if name and len(addresses) > 1:
        raise click.UsageError("--name is one reader's: add the others by themselves")
    read, on = known_languages(languages), known_lists(lists)
    choices = Choices(
        languages=read,
        lists=on,
        name=one_line(name),
        else_after=known_else_after(else_after, languages=read, lists=on),
    )
    carrier = asking(lists) if ask else None
    if lift:
        subscribing.lift(addresses, engine=wiring.engine())
    try:
        said = _asked(addresses, choices, carrier) if carrier else _added(addresses, choices)
    except Unwelcome as error:
        raise NotAdded(
            f"{error}; nobody was added. If they ask for it themselves, add --lift"
        ) from error
    for address, words in zip(addresses, said, strict=True):
        click.echo(f"{address}: {words}")


def _added(addresses: Sequence[str], choices: Choices) -> list[str]:
    new = subscribing.add(addresses, engine=wiring.engine(), choices=choices)
    return ["added" if added else ON_IT for added in new]


def _asked(addresses: Sequence[str], choices: Choices, mail: Asking) -> list[str]:
    questions = subscribing.ask(
        addresses, engine=wiring.engine(), choices=choices, carrier=mail.carrier, lang=mail.lang
    )
    hinted = all([wiring.give(Hint(ask=question)) for question in questions if question])
    soon = "is asked to confirm" + ("" if hinted else ", once a worker runs: publisher up")
    return [soon if question else ON_IT for question in questions]


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
