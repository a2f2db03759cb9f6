"""What a mail is made of: who writes, a letter with slots, and one reader's copy of it."""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr

from channels.email.encoding import hides_control, wire_address
from publisher.domain.channel import Post, Reader

HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Precedence",
    "Content-Language",
    "MIME-Version",
    "Content-Type",
]
LONGEST_BOUNCES = 30  # leaves 33 of 64 (RFC 5321 §4.5.3.1.1) to a token, of 10^14 deliveries
_LIST_ID = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")  # RFC 2919 §3

SIGNATURE = "DKIM-Signature"

Seal = Callable[[bytes, Sequence[bytes], datetime], bytes]
"""Given a copy's header, the pieces of its body and the time, the SIGNATURE fields to put above,
each ended by CRLF. A piece without a slot is the same object in every copy of a letter."""


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Who writes. `name` is shown; `address` and `bounces` are ASCII, the latter may be empty."""

    name: str
    address: str
    list_id: str
    bounces: str = ""


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A place in a message that is another for every reader.

    `otherwise` stands there, encoded, where the reader's value is empty.
    """

    name: str
    otherwise: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A finished message but for its slots.

    The message is `head`, an empty line, `body`. `head` is the header: whole fields, each ended
    by CRLF, its slots inside lines. In `body`, which begins after the empty line, a slot stands
    on lines of its own: the piece before it ends in a soft break ("=" CRLF), and the one after
    it begins with one. `stuffed` is `body` piece by piece with its dots doubled, as it is sent.
    `fields` are the names of the header's fields, in order.
    """

    key: str
    sender: Sender
    head: tuple[bytes | Slot, ...]
    body: tuple[bytes | Slot, ...]
    stuffed: tuple[bytes | Slot, ...]
    fields: tuple[str, ...]
    seal: Seal | None = None


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """One reader's mail. `sent` is what goes over the wire, but for the line with the final dot.

    `content` is the same with its dots unstuffed. Both end in CRLF.
    """

    envelope_from: str
    envelope_to: str
    message_id: str
    head: bytes
    body: tuple[bytes, ...]
    sent: bytes

    @property
    def content(self) -> bytes:
        return b"".join((self.head, b"\r\n", *self.body))

    @property
    def size(self) -> int:
        """Bytes as RFC 1870 counts them."""
        return len(self.head) + 2 + sum(map(len, self.body))

    @property
    def needs_utf8(self) -> bool:
        """Whether only a server that speaks SMTPUTF8 (RFC 6531) can take it."""
        return not self.envelope_to.isascii()


def stuffed(content: bytes) -> bytes:
    """Double the dots at the beginning of lines (RFC 5321 §4.5.2)."""
    dotted = b"." + content if content.startswith(b".") else content
    return dotted.replace(b"\r\n.", b"\r\n..")


def sender(*, from_: str, list_id: str, bounce_address: str) -> Sender:
    """Who writes, by a channel's settings. Raises ValueError that names the one that is wrong."""
    if not _LIST_ID.fullmatch(list_id):
        raise ValueError(f"list_id must be like newsletter.example.org, in ASCII, not {list_id!r}")
    name, address = parseaddr("" if hides_control(from_) else from_)
    own = _own_address("from", address, from_)
    bounces = bounce_address and _own_address("bounce_address", bounce_address, bounce_address)
    if len(bounces.rpartition("@")[0]) > LONGEST_BOUNCES:
        room = f"of {LONGEST_BOUNCES} characters at most before the @, for VERP adds to them"
        raise ValueError(f"bounce_address must be {room}, not {bounce_address!r}")
    return Sender(name=name, address=own, list_id=list_id, bounces=bounces)


def _own_address(setting: str, address: str, written: str) -> str:
    with suppress(ValueError):
        sound = wire_address(address)
        if sound.isascii():
            return sound
    raise ValueError(f"{setting} must be a mail address, not {written!r}")


def addressee(post: Post) -> Reader:
    """Whom a copy goes to. Raises ValueError where nobody is named."""
    if post.to is None:
        raise ValueError("a mail needs a reader: post.to is empty")
    return post.to
