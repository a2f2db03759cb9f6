"""publish --to: a copy of the mail for one address."""

from collections.abc import Mapping, Sequence

import click

from publisher import addresses, rehearsing, wiring
from publisher.cli import finding
from publisher.domain.channel import ChannelError
from publisher.domain.issue import Edition
from publisher.registry import Configured


def send(editions: Sequence[Edition], channels: Mapping[str, Configured], address: str) -> int:
    """Send each mail channel's copy of each edition there and nowhere else; the exit code.

    Raises BadAddress, and Wrong where there is nothing to send.
    """
    parsed = addresses.parse(address)
    copies = rehearsing.copies(editions, channels, parsed)
    if not copies:
        raise finding.Wrong(f"--to: none of these channels sends {parsed.what} in these languages")
    sent = [_send(edition, channel, parsed.typed) for edition, channel in copies]
    return 0 if all(sent) else 1


def _send(edition: Edition, channel: Configured, to: str) -> bool:
    place = f"{edition.key} ({edition.lang}) on {channel.name}"
    leave = wiring.settings().public_url + "unsubscribe/"
    try:
        receipt = rehearsing.rehearse(edition, channel, address=to, leave=leave)
    except ChannelError as error:
        click.echo(f"{place}: no test copy for {to}: {error}", err=True)
        return False
    click.echo(f"{place}: a test copy went to {to}: {receipt.note}")
    return True
