"""A post as a letter: encoded, checked whole, and its dots doubled, once for all its readers."""

import hashlib
import html
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.parser import BytesHeaderParser

from channels.email.encoding import hides_control, mailbox, quoted_printable, words
from channels.email.filling import on_own_lines, parcel, sample
from channels.email.message import (
    HEADERS,
    SIGNATURE,
    Letter,
    Parcel,
    Seal,
    Sender,
    Slot,
    addressee,
    stuffed,
)
from publisher.domain.channel import Post, Refused

LONGEST_LINE = 998  # RFC 5322 §2.1.1, without CRLF
SOFT_BREAK = b"=\r\n"  # RFC 2045 §6.7

_NEWLINE = re.compile("\r\n?|\n")
_LANG = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")

Sealing = Callable[[Letter], Seal]
"""What makes a letter's seal, once; the seal is then asked for every copy."""


def packing(sender: Sender, sealing: Sealing | None = None) -> Callable[[Post], Parcel]:
    """Make a parcel of each copy, building the letter of each post only once.

    Packing raises as `addressee`, `letter` and `parcel` do.
    """
    letters: dict[str, Letter] = {}

    def pack(post: Post) -> Parcel:
        built = letters.get(post.key)
        if built is None:
            built = letters[post.key] = letter(post, sender, sealing)
        return parcel(built, addressee(post), at=datetime.now(UTC))

    return pack


def size(post: Post, sender: Sender, sealing: Sealing | None = None) -> int:
    """Bytes of a reader's whole message; 0 for a title that will be refused."""
    try:
        return len(sample(letter(post, sender, sealing)))
    except Refused:
        return 0


def letter(post: Post, sender: Sender, sealing: Sealing | None = None) -> Letter:
    """Build the message of a post, once for all its readers; `sealing` prepares its signatures.

    `post.details["slot"]` is what stands in text and HTML for the reader's unsubscribe URL,
    `["names"]` what stands for their name, with what is said to who has none.
    Raises Refused for a title or language that no header can carry.
    """
    checked_words(post.title, post.lang)
    boundary = "=_" + hashlib.sha256(post.key.encode()).hexdigest()[:32]  # "=_" is never in QP
    body = (
        *_part(boundary, "plain", post.text, _slots(post, "plain", str)),
        *_part(boundary, "html", post.html, _slots(post, "html", html.escape)),
        f"--{boundary}--\r\n".encode(),
    )
    built = Letter(
        key=post.key,
        sender=sender,
        head=tuple(_head(post, sender, boundary)),
        body=body,
        stuffed=tuple(one if isinstance(one, Slot) else stuffed(one) for one in body),
        fields=tuple(HEADERS),
    )
    built = replace(built, seal=sealing(built)) if sealing else built
    read_back(sample(built), built)
    return built


def checked_words(title: str, lang: str) -> None:
    """Refuse a title or language that no header can carry."""
    if hides_control(title):
        raise Refused("the title hides control characters; write it as plain text")
    if not _LANG.fullmatch(lang):
        raise Refused(f"{lang!r} is no language tag")


def _head(post: Post, sender: Sender, boundary: str) -> Iterator[bytes | Slot]:
    # One header a line, written out here and encoded by `words`: email's own policies fold
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
        f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n'
    ).encode("ascii")


def _slots(post: Post, subtype: str, spelled: Callable[[str], str]) -> dict[str, Slot]:
    """What stands for a slot in a part's text, and the slot."""
    slots = {str(post.details["slot"]): Slot(name=subtype)}
    for mark, otherwise in dict(post.details.get("names", {})).items():
        words = on_own_lines(spelled(str(otherwise)))
        slots[str(mark)] = Slot(name=f"{subtype} name", otherwise=words)
    return slots


def _part(
    boundary: str, subtype: str, body: str, slots: Mapping[str, Slot]
) -> Iterator[bytes | Slot]:
    heading = (
        f"--{boundary}\r\n"
        f"Content-Type: text/{subtype}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    ).encode("ascii")
    marks = "|".join(map(re.escape, slots))
    first, *others = re.split(f"({marks})", body)
    text = heading + body_of(first)
    for mark, following in zip(others[::2], others[1::2], strict=True):
        yield text + SOFT_BREAK
        yield slots[mark]
        text = SOFT_BREAK + body_of(following)
    yield text + b"\r\n"


def body_of(text: str) -> bytes:
    """A text in quoted-printable, its line ends those of mail."""
    return quoted_printable(_NEWLINE.sub("\r\n", text))


def read_back(content: bytes, letter: Letter, *, utf8: bool = False) -> None:
    """Read a copy: exactly our headers, no byte that a server may misread, or Refused."""
    names = BytesHeaderParser().parsebytes(content).keys()
    signatures = [name for name in names if letter.seal and name == SIGNATURE]
    if names != [*signatures, *letter.fields]:
        raise Refused("the title or sender would add headers that are not ours")
    wire_check(content, utf8=utf8)


def wire_check(content: bytes, *, utf8: bool = False) -> None:
    """Refuse bytes that one server may read otherwise than another (SMTP smuggling)."""
    breaks = content.count(b"\r\n")
    if content.count(b"\r") != breaks or content.count(b"\n") != breaks:
        raise Refused("the message has a bare CR or LF")
    if b"\0" in content or not content.endswith(b"\r\n"):
        raise Refused("the message has a NUL or no end of line at its end")
    if max(map(len, content.split(b"\r\n"))) > LONGEST_LINE:
        raise Refused(f"the message has a line of more than {LONGEST_LINE} bytes")
    if not (utf8 or content.isascii()):
        raise Refused("the message is not in 7 bits")
