"""subscribers list, show: who reads, and all that is known of one."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import click
from sqlalchemy import Row

from publisher import documents, subscribing, wiring
from publisher.addresses import telling
from publisher.cli import show as showing
from publisher.cli.readers.choices import known_lists, language_code
from publisher.cli.sending import json_option
from publisher.domain.subscriber import Standing, one_line
from publisher.storage.known import Known
from publisher.storage.subscribers import Wanted

UNLISTED = 1  # the exit code where nobody is known


@click.command("list", epilog="Example: publisher subscribers list --state left --json")
@click.option(
    "--state",
    type=click.Choice([each.value for each in Standing]),
    help="Only readers who stand so.",
)
@click.option("--list", "list_", default="", metavar="C", help="Only who gets this channel's mail.")
@click.option("--language", default="", metavar="L", help="Only who reads this edition.")
@json_option
def list_(*, state: str | None, list_: str, language: str, json_: bool) -> None:
    """List all readers, those who have left included."""
    wanted = Wanted(
        state=state or "",
        list="".join(known_lists([list_] if list_ else [])),
        language=language_code(language) if language else "",
        default=wiring.settings().site.language,
    )
    readers = subscribing.each(wanted, engine=wiring.engine())
    if json_:
        _print_array(documents.reader(row) for row in readers)
    elif not _print_readers(readers):
        click.echo(_nobody(wanted), err=True)


def _nobody(wanted: Wanted) -> str:
    if wanted.state or wanted.list or wanted.language:
        return "Nobody of that kind."
    return "Nobody yet. Begin with: publisher subscribers add ADDRESS"


def _print_array(items: Iterable[Mapping[str, Any]]) -> None:
    """One JSON document, written as it comes."""
    before = "[\n"
    for item in items:
        click.echo(f"{before}{documents.as_json(item)}", nl=False)
        before = ",\n"
    click.echo("[]" if before == "[\n" else "\n]")


def _print_readers(readers: Iterable[Row[Any]]) -> int:
    number = 0
    for row in readers:
        number += 1
        address = telling(row.address, row.address_key)
        click.echo(f"{address}  {' '.join(row.languages) or '-'}  {row.state}")
    return number


@click.command(epilog="Example: publisher subscribers show ann@example.org --json")
@click.argument("address")
@json_option
def show(address: str, *, json_: bool) -> int:
    """Show all that is known of one reader: choices, consent, mail, bounces."""
    known = subscribing.about(address, engine=wiring.engine())
    if json_:
        click.echo(documents.as_json(documents.known(known)))
    else:
        click.echo("\n".join(_told(address, known)), err=known.reader is None)
    return 0 if known.reader else UNLISTED


def _told(address: str, known: Known) -> Iterator[str]:
    if known.reader is None:
        yield f"{address}: nobody of this address is known"
    else:
        yield from _reader_told(known.reader)
    if known.suppression:
        since = showing.moment(known.suppression.at)
        yield f"nothing may be sent to it since {since}: {known.suppression.reason}"
    for row in known.events:
        yield _line(row.at, row.event, row.how, row.place, row.words)
    for row in known.questions:
        answer = showing.moment(row.confirmed_at) if row.confirmed_at else "not yet"
        yield _line(row.asked_at, "question sent", row.state, f"answered: {answer}", row.reason)
    for row in reversed(known.deliveries):
        place = f"{row.issue} ({row.lang}) on {row.channel}"
        yield _line(row.changed_at, place, row.state, row.reason)
    for row in known.bounces:
        yield _line(row.at, "bounce", row.kind, row.status, row.words)


def _reader_told(row: Row[Any]) -> Iterator[str]:
    name = f", {row.name}" if row.name else ""
    yield f"{telling(row.address, row.address_key)}{name}: {row.state}"
    instead = f", else the site’s after {row.else_after} days" if row.else_after else ""
    yield f"languages: {' '.join(row.languages) or 'the site’s'}{instead}"
    yield f"lists: {' '.join(row.lists) or 'all'}"


def _line(at: Any, *words: str) -> str:
    return f"{showing.moment(at)}  {'  '.join(filter(None, map(one_line, words)))}"


COMMANDS = (list_, show)
