"""subscribers add, list, show, remove, import, export, forget."""

import click

from publisher.cli.readers import forgetting, joining, listing, moving


@click.group(epilog="Example: publisher subscribers add ann@example.org --language de")
def subscribers() -> None:
    """The readers of the mailing list."""


for family in (joining, listing, moving, forgetting):
    for command in family.COMMANDS:
        subscribers.add_command(command)

COMMANDS = (subscribers,)
