"""A mail with slots: built once a post, filled in for each reader."""

import hashlib
import html
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from email.utils import format_datetime, parseaddr

from channels.email.encoding import hides_control, mailbox, quoted_printable, wire_address, words
from publisher.domain.channel import Post, Reader, Refused

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
_NEWLINE = re.compile("\r\n?|\n")
_URL = re.compile(r"https?://[!#-;=?-~]{1,900}")  # printable ASCII but space, quote, < and >
_TOKEN = re.compile(r"[A-Za-z0-9_-]+")
_LANG = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")
_LIST_ID = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")  # RFC 2919 §3
_HEADER_NAME = re.compile(rb"^([!-9;-~]+):", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Who writes. `name` is shown; `address` and `bounces` are ASCII, the latter may be empty."""

    name: str
    address: str
    list_id: str
    bounces: str = ""


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A place in a message that is another for every reader."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A finished message but for its slots."""

    key: str
    sender: Sender
    pieces: tuple[bytes | Slot, ...]


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """One reader's mail as it goes over the wire. `content` ends in CRLF, its dots unstuffed."""

    envelope_from: str
    envelope_to: str
    message_id: str
    content: bytes

    @property
    def needs_utf8(self) -> bool:
        """Whether only a server that speaks SMTPUTF8 (RFC 6531) can take it."""
        return not self.envelope_to.isascii()


def sender(*, from_: str, list_id: str, bounce_address: str) -> Sender:
    """Who writes, by a channel's settings. Raises ValueError that names the one that is wrong."""
    if not _LIST_ID.fullmatch(list_id):
        raise ValueError(f"list_id must be like newsletter.example.org, in ASCII, not {list_id!r}")
    name, address = parseaddr("" if hides_control(from_) else from_)
    own = _own_address("from", address, from_)
    bounces = bounce_address and _own_address("bounce_address", bounce_address, bounce_address)
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


def packing(sender: Sender) -> Callable[[Post], Parcel]:
    """Make a parcel of each copy, building the letter of each post only once.

    Packing raises as `addressee`, `letter` and `parcel` do.
    """
    letters: dict[str, Letter] = {}

    def pack(post: Post) -> Parcel:
        if post.key not in letters:
            letters[post.key] = letter(post, sender)
        return parcel(letters[post.key], addressee(post), at=datetime.now(UTC))

    return pack


def letter(post: Post, sender: Sender) -> Letter:
    """Build the message of a post, once for all its readers.

    `post.details["slot"]` is what stands in text and HTML for the reader's unsubscribe URL.
    Raises Refused for a title or language that no header can carry.
    """
    if hides_control(post.title):
        raise Refused("the title hides control characters; write it as plain text")
    if not _LANG.fullmatch(post.lang):
        raise Refused(f"{post.lang!r} is no language tag")
    boundary = "=_" + hashlib.sha256(post.key.encode()).hexdigest()[:32]  # "=_" is never in QP
    slot = str(post.details["slot"])
    pieces = (
        *_head(post, sender, boundary),
        *_part(boundary, "plain", post.text, slot),
        *_part(boundary, "html", post.html, slot),
        f"--{boundary}--\r\n".encode(),
    )
    built = Letter(key=post.key, sender=sender, pieces=pieces)
    return _verified(built)


def parcel(letter: Letter, reader: Reader, *, at: datetime) -> Parcel:
    """One reader's copy of a letter. `at` goes into its Date.

    The same reader always gets the same Message-ID. Raises Refused for an address, token or
    unsubscribe URL that no message can carry.
    """
    values = _values(letter, reader, at)
    content = b"".join(
        piece if isinstance(piece, bytes) else values[piece.name] for piece in letter.pieces
    )
    if _header_names(content) != HEADERS:
        raise Refused("this copy would carry headers that are not ours")
    return Parcel(
        envelope_from=_envelope_from(letter.sender, reader),
        envelope_to=values["to"].decode(),
        message_id=values["message-id"].decode(),
        content=content,
    )


def size(post: Post, sender: Sender) -> int:
    """Bytes of a reader's whole message; 0 for a title that will be refused."""
    try:
        return len(sample(letter(post, sender)))
    except Refused:
        return 0


def sample(letter: Letter) -> bytes:
    """A copy for nobody, always the same, with token and address of usual length."""
    token = "0" * 32
    reader = Reader(
        address="reader@example.org",
        token=token,
        unsubscribe_url=f"https://example.org/unsubscribe/{token}",
    )
    return parcel(letter, reader, at=datetime(2000, 1, 1, tzinfo=UTC)).content


def _head(post: Post, sender: Sender, boundary: str) -> Iterator[bytes | Slot]:
    # One header a line, written out here and encoded by `Header`: email's own policies fold
    # long URLs into encoded words, and decode encoded words in what they are given.
    yield f"From: {mailbox(sender.name, sender.address)}\r\nTo: ".encode("ascii")
    yield Slot(name="to")
    yield f"\r\nSubject: {words(post.title, 'Subject')}\r\nDate: ".encode("ascii")
    yield Slot(name="date")
    yield b"\r\nMessage-ID: "
    yield Slot(name="message-id")
    yield f"\r\nList-Id: <{sender.list_id}>\r\nList-Unsubscribe: <".encode("ascii")
    yield Slot(name="unsubscribe")
    yield (
        ">\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        "Precedence: bulk\r\n"
        f"Content-Language: {post.lang}\r\n"
        "MIME-Version: 1.0\r\n"
        f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'
    ).encode("ascii")


def _part(boundary: str, subtype: str, body: str, slot: str) -> Iterator[bytes | Slot]:
    yield (
        f"--{boundary}\r\n"
        f"Content-Type: text/{subtype}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    ).encode("ascii")
    first, *others = _NEWLINE.sub("\r\n", body).split(slot)
    yield quoted_printable(first)
    for other in others:
        yield b"=\r\n"
        yield Slot(name=subtype)
        yield b"=\r\n" + quoted_printable(other)
    yield b"\r\n"


def _values(letter: Letter, reader: Reader, at: datetime) -> Mapping[str, bytes]:
    try:
        to = wire_address(reader.address)
    except ValueError as error:
        raise Refused(f"no mail can reach {reader.address!r}: {error}") from error
    url = reader.unsubscribe_url
    if not _URL.fullmatch(url):
        raise Refused("the unsubscribe URL must be http(s), in ASCII, of 900 characters at most")
    if not _TOKEN.fullmatch(reader.token + reader.bounce_token):
        raise Refused("the reader's token must be of letters, digits, - and _ only")
    return {
        "to": to.encode(),
        "date": format_datetime(at.astimezone(UTC)).encode("ascii"),
        "message-id": message_id(letter.key, letter.sender, reader).encode("ascii"),
        "unsubscribe": url.encode("ascii"),
        "plain": quoted_printable(url),
        "html": quoted_printable(html.escape(url)),
    }


def message_id(key: str, sender: Sender, reader: Reader) -> str:
    """The Message-ID of the post `key` to a reader: the same at every attempt."""
    told = f"{key}\0{sender.list_id}\0{reader.token}"
    domain = sender.address.rpartition("@")[2]
    return f"<{hashlib.sha256(told.encode()).hexdigest()[:32]}@{domain}>"


def _envelope_from(sender: Sender, reader: Reader) -> str:
    """VERP: a bounce comes back to an address that names what was sent, and to whom."""
    local, _, domain = sender.bounces.rpartition("@")
    if not local:
        return sender.address
    return f"{local}+{reader.bounce_token}@{domain}" if reader.bounce_token else sender.bounces


def _verified(letter: Letter) -> Letter:
    """Parse a copy back: exactly our headers, or Refused."""
    if BytesHeaderParser().parsebytes(sample(letter)).keys() != HEADERS:
        raise Refused("the title or sender would add headers that are not ours")
    return letter


def _header_names(content: bytes) -> list[str]:
    head, _, _ = content.partition(b"\r\n\r\n")
    return [name.decode("ascii") for name in _HEADER_NAME.findall(head + b"\r\n")]
