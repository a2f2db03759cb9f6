"""Words, addresses and bodies as mail carries them: in ASCII, folded, one header a line."""

import re
import textwrap
from collections.abc import Callable, Iterator
from email import base64mime, quoprimime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.quoprimime import body_encode

import grapheme
from email_validator import EmailNotValidError, validate_email

LONGEST_NAME = 60  # that still fits on one header line unencoded
LINE = 76  # RFC 2047 §2, of a header with encoded words
FRAME = len("=?utf-8?q??=")
QP_LINE = 75  # RFC 2045 §6.7 allows 76; one is kept for the soft break before a slot

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# C1 controls too: Gmail cuts a mail that holds one (https://github.com/hteumeuleu/email-bugs/issues/41).
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

Encode = Callable[[bytes, str], str]
Length = Callable[[bytes], int]


def one_line(text: str) -> str:
    """Text fit for a header: control characters and line breaks become single spaces."""
    sound = text.encode("utf-8", "replace").decode()
    return " ".join(_CONTROL.sub(" ", sound).split())


def hides_control(text: str) -> bool:
    """Whether control characters are in `text`, plain or inside RFC 2047 encoded words."""
    try:
        decoded = str(make_header(decode_header(text)))
    except (HeaderParseError, LookupError, ValueError):
        decoded = ""
    return bool(_CONTROL.search(text) or _CONTROL.search(decoded))


def wire_address(address: str) -> str:
    """An address as SMTP carries it: the domain in ASCII (IDNA), the local part as it is.

    Raises ValueError for what no envelope can carry.
    """
    try:
        valid = validate_email(address, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        raise ValueError(str(error)) from error
    return f"{valid.local_part}@{valid.ascii_domain}"


def quoted_printable(text: str) -> bytes:
    """A body in lines of 76 at most; control characters that are no text are left out."""
    octets = _NOT_TEXT.sub("", text).encode("utf-8", "replace")
    encoded = body_encode(octets.decode("latin-1"), maxlinelen=QP_LINE, eol="\r\n")
    return encoded.encode("ascii")


def words(text: str, header: str) -> str:
    """A header's text, folded and encoded; plain only where nothing can be misread."""
    line = one_line(text)
    plain = line.isascii() and "=?" not in line and all(len(w) < LONGEST_NAME for w in line.split())
    if plain:
        return _folded(line, used=len(f"{header}: "))
    return encoded_words(line, used=len(f"{header}: "))


def _folded(line: str, *, used: int) -> str:
    room = textwrap.TextWrapper(LINE - 1, initial_indent=" " * used, break_on_hyphens=False)
    return "\r\n ".join(room.wrap(line))[used:]


def encoded_words(text: str, *, used: int) -> str:
    """Encoded words (RFC 2047) of 75 characters at most, on lines of 76, no grapheme divided.

    `used` is what the first line already holds. A grapheme of more than a word is cut between
    its code points.
    """
    code, length = _shorter_code(text)
    lines, room = [b""], LINE - used - FRAME
    for piece in _indivisible(text, LINE - 1 - FRAME, length):
        if length(lines[-1] + piece) > room:
            lines.append(b"")
            room = LINE - 1 - FRAME
        lines[-1] += piece
    return "\r\n ".join(code(line, "utf-8") for line in lines if line)


def _shorter_code(text: str) -> tuple[Encode, Length]:
    octets = text.encode()
    q, b = quoprimime.header_length(octets), base64mime.header_length(octets)
    if q <= b:
        return quoprimime.header_encode, quoprimime.header_length
    return base64mime.header_encode, base64mime.header_length


def _indivisible(text: str, room: int, length: Length) -> Iterator[bytes]:
    for cluster in grapheme.graphemes(text):
        whole = cluster.encode()
        if length(whole) <= room:
            yield whole
        else:
            yield from (character.encode() for character in cluster)


def mailbox(name: str, address: str) -> str:
    """A header's `Name <address>`, whatever is in the name."""
    name = one_line(name)
    if not name:
        return address
    if name.isascii() and "=?" not in name and len(name) <= LONGEST_NAME:
        escaped = re.sub(r'(["\\])', r"\\\1", name)
        return f'"{escaped}" <{address}>'
    return f"{encoded_words(name, used=len('From: '))}\r\n <{address}>"
