"""subscribers add, list, remove."""

import re
from collections.abc import Sequence

import click

from publisher import subscribing, wiring
from publisher.cli import show
from publisher.cli.sending import json_option
from publisher.config import LANGUAGE


@click.group(epilog="Example: publisher subscribers add ann@example.org --language de")
def subscribers() -> None:
    """The readers of the mailing list."""


@subscribers.command(epilog="Example: publisher subscribers add ann@example.org bob@example.net")
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
@click.option("--language", metavar="L", help="The edition they read; else the site's language.")
def add(addresses: Sequence[str], language: str | None) -> None:
    """Add readers you vouch for: they are on the list at once."""
    if language and not re.fullmatch(LANGUAGE, language.lower()):
        raise click.BadParameter(f"{language!r} is no language code such as en or pt-br")
    new = subscribing.add(addresses, engine=wiring.engine(), language=language)
    for address, added in zip(addresses, new, strict=True):
        click.echo(f"{address}: {'added' if added else 'is on the list already'}")


@subscribers.command("list", epilog="Example: publisher subscribers list --json")
@json_option
def list_(json_: bool) -> None:
    """List all readers, those who have left included."""
    rows = subscribing.everyone(engine=wiring.engine())
    names = ["address", "name", "languages", "lists", "state", "origin", "added_at", "changed_at"]
    found = [{name: getattr(row, name) for name in names} for row in rows]
    if json_:
        click.echo(show.as_json(found))
        return
    for row in found:
        click.echo(f"{row['address']}  {' '.join(row['languages']) or '-'}  {row['state']}")
    if not found:
        click.echo("Nobody yet. Begin with: publisher subscribers add ADDRESS", err=True)


@subscribers.command(epilog="Example: publisher subscribers remove ann@example.org")
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
def remove(addresses: Sequence[str]) -> int:
    """Take readers off the list."""
    missing = 0
    for address in addresses:
        gone = subscribing.remove(address, engine=wiring.engine())
        click.echo(f"{address}: {'removed' if gone else 'was not on the list'}")
        missing += not gone
    return int(missing > 0)


COMMANDS = (subscribers,)
