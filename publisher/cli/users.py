"""user add, list, password, role, remove: who may see the operators' pages."""

import sys

import click

from publisher import accounts, documents, wiring
from publisher.accounts import LONGEST, ROLES, SHORTEST
from publisher.cli import show
from publisher.cli.sending import json_option
from publisher.publishing import utcnow
from publisher.storage import users
from publisher.storage.engine import reading

name_argument = click.argument("name")
role_option = click.option(
    "--role",
    type=click.Choice([*ROLES]),
    default="release",
    show_default=True,
    help="What they may do: look; send and repair; all.",
)


@click.group(epilog="Example: publisher user add ines --role release")
def user() -> None:
    """Who may sign in to the operators' pages."""


@user.command(epilog="Example: publisher user add ines --role release")
@name_argument
@role_option
@click.option(
    "--subject", default="", metavar="SUB", help="Who signs in by [sign_in], as known there."
)
def add(name: str, role: str, subject: str) -> int:
    """Make an account; asks for its password, or reads it from what is piped in.

    With --subject there is no password: its owner signs in by the OpenID provider of [sign_in].
    """
    password = "" if subject else _typed()
    with wiring.engine().begin() as db:
        accounts.add(db, name, password, role=role, subject=subject, at=utcnow())
    page = f"{wiring.settings().public_url}admin"
    click.echo(f"{name} may sign in as {role} at {page}")
    return 0


@user.command("list", epilog="Example: publisher user list --json")
@json_option
def list_(json_: bool) -> int:
    """Who may sign in, as what, and when they last did."""
    with reading(wiring.engine()) as db:
        found = users.everybody(db)
    if json_:
        click.echo(documents.as_json([documents.user(one) for one in found]))
        return 0
    for one in found:
        seen = f"last seen {show.moment(one.seen_at)}" if one.seen_at else "never seen"
        click.echo(f"{one.name}  {one.role}  {seen}")
    if not found:
        click.echo("Nobody may sign in; say: publisher user add NAME")
    return 0


@user.command("password", epilog="Example: publisher user password ines")
@name_argument
def password_(name: str) -> int:
    """Set another password, and end all of their sessions."""
    said = _typed()
    with wiring.engine().begin() as db:
        accounts.change_password(db, name, said)
    click.echo(f"{name} has a new password, and is signed out everywhere.")
    return 0


@user.command("role", epilog="Example: publisher user role ines --role admin")
@name_argument
@role_option
def role_(name: str, role: str) -> int:
    """Let somebody do more or less from now on."""
    with wiring.engine().begin() as db:
        accounts.change_role(db, name, role)
    click.echo(f"{name} is {role} now.")
    return 0


@user.command(epilog="Example: publisher user remove ines")
@name_argument
def remove(name: str) -> int:
    """Take an account away; its sessions are over at once."""
    with wiring.engine().begin() as db:
        accounts.remove(db, name)
    click.echo(f"{name} may not sign in any more.")
    return 0


def _typed() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    told = f"Password, {SHORTEST} to {LONGEST} characters"
    typed: str = click.prompt(told, hide_input=True, confirmation_prompt="Once more")
    return typed


COMMANDS = (user,)
