"""A copy of a mailing for one address, to be looked at before anybody else gets theirs."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace

from publisher.addresses import Address
from publisher.domain.channel import Mailing, Reader, Receipt, Refused, scheme_of
from publisher.domain.issue import Edition
from publisher.publishing import written
from publisher.registry import Configured

MARK = "[Test] "


def copies(
    editions: Iterable[Edition], channels: Mapping[str, Configured], address: Address
) -> list[tuple[Edition, Configured]]:
    """The editions and the mail channels that could send them to such an address."""
    return [
        (edition, channel)
        for edition in editions
        for channel in channels.values()
        if isinstance(channel.channel, Mailing)
        and scheme_of(channel.channel) == address.scheme
        and channel.takes(edition.key, edition.lang)
    ]


def rehearse(edition: Edition, channel: Configured, *, address: str, leave: str) -> Receipt:
    """Send a copy, marked in its subject. Nothing is planned, and nothing written down.

    `leave` is what leave links begin with; the token in this one belongs to nobody. Raises one of
    the four failures.
    """
    post, why = written(edition, channel)
    if why:
        raise Refused(why)
    token = secrets.token_hex(16)
    reader = Reader(address=address, token=token, unsubscribe_url=leave + token)
    # A key of its own, so that no mail program takes it for the real one, or for the last test.
    marked = replace(post, key=f"{post.key} {token}", title=MARK + post.title, to=reader)
    return channel.channel.deliver(marked)
