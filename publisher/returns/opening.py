"""Taking a stranger's message apart, within bounds that no message can talk us out of."""

import base64
import binascii
import quopri
import re
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import Message
from email.parser import BytesHeaderParser

LONGEST = 1_000_000  # bytes of a message that are looked at
LINES = 20_000
LONGEST_LINE = 1_000  # bytes; RFC 5322 §2.1.1 allows 998
FOLDED = 50  # lines in a row that begin with a space, as those of a folded header do
PARTS = 50
_PART = re.compile(rb"boundary|message/", re.IGNORECASE)


def opened(raw: bytes) -> Message:
    """A message as the standard library reads it, as far as the bounds reach.

    The library is slow over what is nested deeply or folded without end, so that is cut off
    before: a report says what it has to say at its beginning.
    """
    text = b"\n".join(_lines(raw[:LONGEST]))
    places = [found.start() for found in _PART.finditer(text)]
    return message_from_bytes(text[: places[PARTS]] if len(places) > PARTS else text)


def _lines(raw: bytes) -> Iterator[bytes]:
    folded = 0
    for line in raw.splitlines()[:LINES]:
        folded = folded + 1 if line.startswith((b" ", b"\t")) else 0
        if folded <= FOLDED:
            yield line[:LONGEST_LINE]


def parts(message: Message) -> list[Message]:
    """The parts right inside a message; none where it has only one."""
    inside = message.get_payload()
    return [part for part in inside if isinstance(part, Message)] if _has_parts(message) else []


def _has_parts(message: Message) -> bool:
    return message.get_content_maintype() == "multipart" and message.is_multipart()


def header(message: Message, name: str) -> str:
    """A header's value on one line, without what acts on a terminal; "" where there is none."""
    value = str(message.get(name, ""))
    return " ".join("".join(c if c.isprintable() else " " for c in value).split())


def headers(message: Message, name: str) -> list[str]:
    """All values of a header."""
    return [str(value) for value in message.get_all(name, [])]


def fields(part: Message) -> list[Message]:
    """The groups of fields that a part of a report has, a blank line between each two."""
    groups = re.split(rb"\n\s*\n", content(part).strip(), maxsplit=PARTS)[:PARTS]
    return [BytesHeaderParser().parsebytes(group) for group in groups]


DECODED: dict[str, Callable[[bytes], bytes]] = {
    "base64": base64.b64decode,
    "quoted-printable": quopri.decodestring,
}


def content(part: Message) -> bytes:
    """What stands in a part, its transfer encoding undone.

    (The library reads `message/…` as messages at once, even where that is encoded.)
    """
    inside = part.get_payload()
    if isinstance(inside, list):
        text = b"\n".join(one.as_bytes() for one in inside if isinstance(one, Message))
    else:
        text = str(inside).encode("ascii", "surrogateescape")
    decode = DECODED.get(header(part, "Content-Transfer-Encoding").lower())
    try:
        return (decode(text) if decode else text).replace(b"\r\n", b"\n")
    except binascii.Error:
        return text
