"""A test copy of an issue's mail, for one address."""

from collections.abc import Sequence
from dataclasses import dataclass

from publisher import addresses, rehearsing, secrecy
from publisher.domain.channel import ChannelError
from publisher.domain.issue import Edition
from publisher.operating.desk import (
    Desk,
    NotPossible,
    alone,
    note_now,
    require_channels,
    require_editions,
)
from publisher.registry import Configured


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """One copy: whether it was taken, and the server's words."""

    channel: str
    lang: str
    ok: bool
    words: str


def rehearse(desk: Desk, issue: str, to: str, names: Sequence[str] = ()) -> list[Rehearsed]:
    """Send a copy of each edition's mail there, and nowhere else; what became of each.

    A draft can be looked at in this way, too. The address is written down nowhere. Raises
    BadAddress, and NotPossible where none of these channels sends to such an address.
    """
    address = addresses.parse(to)
    editions = require_editions(desk, issue)
    copies = rehearsing.copies(editions, require_channels(desk, names), address)
    if not copies:
        raise NotPossible(f"none of these channels sends {address.what} in these languages")
    done = [_sent(desk, edition, channel, address.typed) for edition, channel in copies]
    told = [f"{one.channel} ({one.lang}): {'sent' if one.ok else 'not sent'}" for one in done]
    note_now(desk, "send a test", issue, *alone(names), words="; ".join(told))
    return done


def _sent(desk: Desk, edition: Edition, channel: Configured, to: str) -> Rehearsed:
    try:
        receipt = rehearsing.rehearse(edition, channel, address=to, leave=desk.leave)
        ok, words = True, receipt.note
    except ChannelError as error:
        ok, words = False, str(error)
    told = secrecy.removed(words)
    return Rehearsed(channel=channel.name, lang=edition.lang, ok=ok, words=told)
