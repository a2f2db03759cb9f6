"""Words, addresses and bodies as mail carries them: in ASCII, folded, one header a line."""

import re
from email.errors import HeaderParseError
from email.header import Header, decode_header, make_header
from email.quoprimime import body_encode

from email_validator import EmailNotValidError, validate_email

LONGEST_NAME = 60  # that still fits on one header line unencoded
QP_LINE = 75  # RFC 2045 §6.7 allows 76; one is kept for the soft break before a slot

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


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
    plain = text.isascii() and "=?" not in text and all(len(w) < 60 for w in text.split())
    charset = "us-ascii" if plain else "utf-8"
    return Header(one_line(text), charset, header_name=header).encode(linesep="\r\n")


def mailbox(name: str, address: str) -> str:
    """A header's `Name <address>`, whatever is in the name."""
    name = one_line(name)
    if not name:
        return address
    if name.isascii() and "=?" not in name and len(name) <= LONGEST_NAME:
        escaped = re.sub(r'(["\\])', r"\\\1", name)
        return f'"{escaped}" <{address}>'
    encoded = Header(name, "utf-8", header_name="From").encode(linesep="\r\n")
    return f"{encoded}\r\n <{address}>"
