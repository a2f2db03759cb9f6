"""Writing to one person: which channel carries it, and asking for posts that a person makes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Connection

from publisher import addresses
from publisher.domain.channel import (
    ChannelError,
    Corresponding,
    Disconnected,
    HandingOn,
    Note,
    Refused,
    TryLater,
    Unsure,
    scheme_of,
)
from publisher.domain.delivery import Delivery
from publisher.registry import Configured
from publisher.storage import deliveries

REMINDER = "still to be done"
CHANGED = "its text has changed"
SUBJECTS = {REMINDER: "Reminder: ", CHANGED: "Changed: "}
MOST = 10  # times that somebody is told of one post
INDENT = "\n\n    "


def carrier(
    address: str, channels: Mapping[str, Configured], *, first: str = ""
) -> tuple[str, Corresponding]:
    """A channel that writes to such addresses, and its name; `first` the one of that name.

    Raises Refused where there is none.
    """
    scheme = addresses.scheme(address)
    named = [channels[first]] if first in channels else []
    for one in [*named, *channels.values()]:
        if isinstance(one.channel, Corresponding) and scheme_of(one.channel) == scheme:
            return one.name, cast(Corresponding, one.channel)
    if first and not scheme:
        raise Refused(f"[channels.{first}] does not write to one person any more")
    which = f"{scheme}:" if scheme else "mail"
    raise Refused(f"no channel writes to {which} addresses; add one to the configuration")


def tell(note: Note, channels: Mapping[str, Configured]) -> str:
    """Write a note to one person, and say whom. It had better come twice than never.

    Raises TryLater in the carrier's words, Refused where the address is not taken, and
    Disconnected where no channel writes to such addresses.
    """
    try:
        name, carrying = carrier(note.address, channels)
    except Refused as error:
        raise Disconnected(str(error)) from error
    try:
        carrying.write(note)
    except (Unsure, Disconnected) as error:
        raise TryLater(f"{note.address} cannot be told now: {name}: {error}") from error
    except ChannelError as error:
        error.args = (f"{note.address} cannot be told: {name}: {error}",)
        raise
    return f"handed to {note.address}"


# --- posts that a person makes


def hand(note: Note, delivery: Delivery, issue: str, channels: Mapping[str, Configured]) -> str:
    """Ask a person for a post, or again, and say how they tell that it is there.

    Returns the words for the log; raises as `tell` does.
    """
    several = len(channels[delivery.channel].languages) > 1
    lang = f" --lang {delivery.post.lang}" if several else ""
    answer = f"publisher settle {issue} --channel {delivery.channel}{lang} --delivered ADDRESS"
    text = f"{note.text}\n\nWhen it is there, say so, with its address:{INDENT}{answer}"
    again = SUBJECTS.get(delivery.evidence, "")
    key = f"{note.key}.{delivery.attempt}" if again else note.key
    asked = replace(note, key=key, subject=again + note.subject, text=text)
    return f"{tell(asked, channels)}, who answers by `{answer}`"


def remind(db: Connection, channels: Mapping[str, Configured], *, at: datetime) -> int:
    """Have those asked again who were asked long ago and did not answer; how many posts' it is."""
    asked = 0
    for name, configured in channels.items():
        channel = configured.channel
        if isinstance(channel, HandingOn) and channel.remind > 0:
            since = at - timedelta(hours=channel.remind)
            ids = deliveries.waiting_for(db, name, since=since, attempts=MOST)
            asked += deliveries.again(db, ids, at=at, reason=REMINDER)
    return asked
