"""token add, list, remove: which programs may use the API."""

import getpass

import click

from publisher import documents, tokens, wiring
from publisher.accounts import ROLES
from publisher.cli import show
from publisher.cli.sending import json_option
from publisher.publishing import utcnow
from publisher.storage import tokens as kept
from publisher.storage.engine import reading
from publisher.storage.tokens import Token
from publisher.tokens import DAYS, MOST_DAYS


@click.group(epilog="Example: publisher token add ci --role release")
def token() -> None:
    """Which programs may use the API."""


@token.command(epilog="Example: publisher token add ci --role release --days 90")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([*ROLES]),
    default="read",
    show_default=True,
    help="What it may do: look; send, repair and see readers; all.",
)
@click.option(
    "--days",
    type=click.IntRange(1, MOST_DAYS),
    default=DAYS,
    show_default=True,
    metavar="N",
    help="How long it is good for.",
)
def add(name: str, role: str, days: int) -> int:
    """Make a token. It is shown once: what is kept of it opens nothing."""
    at = utcnow()
    with wiring.engine().begin() as db:
        shown = tokens.add(db, name, role=role, by=_me(), at=at, days=days)
    told = f"The token {name}, of the role {role}, is good for {days} days."
    click.echo(f"{told} It is shown now and never again:", err=True)
    click.echo(shown)
    address = f"{wiring.settings().public_url}api/v1/me"
    click.echo(f'Try it: curl -H "Authorization: Bearer …" {address}', err=True)
    return 0


@token.command("list", epilog="Example: publisher token list --json")
@json_option
def list_(json_: bool) -> int:
    """Which tokens there are, what they may do, until when, and when each was last used."""
    with reading(wiring.engine()) as db:
        found = kept.every(db)
    if json_:
        click.echo(documents.as_json([documents.token(one) for one in found]))
        return 0
    for one in found:
        click.echo(f"{one.name}  {one.role}  {_until(one)}  {_used(one)}")
    if not found:
        click.echo("No program has a token; say: publisher token add NAME")
    return 0


@token.command(epilog="Example: publisher token remove ci")
@click.argument("name")
def remove(name: str) -> int:
    """Take a token away; it opens nothing from now on."""
    with wiring.engine().begin() as db:
        tokens.remove(db, name, by=_me(), at=utcnow())
    click.echo(f"{name} opens nothing any more.")
    return 0


def _until(one: Token) -> str:
    if one.expires_at is None:
        return "for ever"
    over = one.expires_at <= utcnow()
    return f"{'over since' if over else 'until'} {show.moment(one.expires_at)}"


def _used(one: Token) -> str:
    return f"last used {show.moment(one.used_at)}" if one.used_at else "never used"


def _me() -> str:
    """Who says so, as this machine knows them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "a person"


COMMANDS = (token,)
