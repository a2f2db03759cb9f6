"""One reader's copy of a letter: slots filled in with values that no line can break out of.

The letter was checked whole when it was built (`channels.email.writing`). What is filled in
here is ASCII without control characters (an address under SMTPUTF8 excepted), and too short to
make a line too long; so a copy needs no second look at its 40 kB.
"""

import hashlib
import html
import re
from binascii import b2a_qp
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache

from email_validator import SPECIAL_USE_DOMAIN_NAMES

from channels.email.encoding import wire_address
from channels.email.message import Letter, Parcel, Sender, Slot, stuffed
from channels.email.naming import greeted
from publisher.domain.channel import Reader, Refused

LONGEST_PLAIN = 254  # RFC 5321 §4.5.3.1.3, without the brackets

_URL = re.compile(r"https?://[!#-;=?-~]{1,900}")  # printable ASCII but space, quote, < and >
_TOKEN = re.compile(r"[A-Za-z0-9_-]+")
_PLAIN_ADDRESS = re.compile(  # what no reading of the standards changes or refuses
    r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9]|-(?!-)){0,61}(?<!-)\.)+(?P<top>[a-z]{2,63})"
)
_SPECIAL = frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES)


def parcel(letter: Letter, reader: Reader, *, at: datetime) -> Parcel:
    """One reader's copy of a letter. `at` goes into its Date and its signatures.

    The same reader always gets the same Message-ID. Raises Refused for an address, token or
    unsubscribe URL that no message can carry.
    """
    token = reader.bounce_token
    return filled(
        letter,
        _values(letter, reader, at),
        at=at,
        envelope_from=envelope_from(letter.sender, token and checked_token(token)),
    )


def filled(
    letter: Letter, values: Mapping[str, bytes], *, at: datetime, envelope_from: str
) -> Parcel:
    """A letter with these values in its slots, signed where it has a seal.

    Values are of one line without controls; those in a body may have soft breaks. Raises
    Refused where the header is not the letter's.
    """
    head = b"".join([values[p.name] if isinstance(p, Slot) else p for p in letter.head])
    _check_head(head, letter)
    body = tuple([_value(values, p) if isinstance(p, Slot) else p for p in letter.body])
    top = letter.seal(head, body, at) if letter.seal else b""
    sent = [stuffed(_value(values, p)) if isinstance(p, Slot) else p for p in letter.stuffed]
    return Parcel(
        envelope_from=envelope_from,
        envelope_to=values["to"].decode(),
        message_id=values["message-id"].decode("ascii"),
        head=top + head,
        body=body,
        sent=b"".join([top, head, b"\r\n", *sent]),
    )


def _value(values: Mapping[str, bytes], slot: Slot) -> bytes:
    return values[slot.name] or slot.otherwise


def sample(letter: Letter) -> bytes:
    """A copy for nobody, always the same, with token and address of usual length."""
    token = "0" * 32
    reader = Reader(
        address="reader@example.org",
        token=token,
        unsubscribe_url=f"https://example.org/unsubscribe/{token}",
    )
    return parcel(letter, reader, at=datetime(2020, 1, 1, tzinfo=UTC)).content


def message_id(key: str, sender: Sender, reader: Reader) -> str:
    """The Message-ID of the post `key` to a reader: the same at every attempt."""
    told = f"{key}\0{sender.list_id}\0{reader.token}"
    domain = sender.address.rpartition("@")[2]
    return f"<{hashlib.sha256(told.encode()).hexdigest()[:32]}@{domain}>"


def carried(address: str) -> str:
    """An address as SMTP carries it. Raises Refused for one that no mail can reach."""
    plain = _PLAIN_ADDRESS.fullmatch(address)
    if plain and len(address) <= LONGEST_PLAIN and plain["top"] not in _SPECIAL:
        return address
    try:
        return wire_address(address)
    except ValueError as error:
        raise Refused(f"no mail can reach {address!r}: {error}") from error


def _values(letter: Letter, reader: Reader, at: datetime) -> Mapping[str, bytes]:
    url = reader.unsubscribe_url
    if not _URL.fullmatch(url):
        raise Refused("the unsubscribe URL must be http(s), in ASCII, of 900 characters at most")
    checked_token(reader.token)
    name = greeted(reader.name)
    return {
        "to": carried(reader.address).encode(),
        "date": dated(at.replace(microsecond=0)),
        "message-id": message_id(letter.key, letter.sender, reader).encode("ascii"),
        "unsubscribe": url.encode("ascii"),
        "plain": on_own_lines(url),
        "html": on_own_lines(html.escape(url)),
        "plain name": on_own_lines(name),
        "html name": on_own_lines(html.escape(name)),
    }


def checked_token(token: str) -> str:
    """The token, or Refused."""
    if not _TOKEN.fullmatch(token):
        raise Refused("the reader's token must be of letters, digits, - and _ only")
    return token


@lru_cache(maxsize=16)
def dated(at: datetime) -> bytes:
    """A Date's words."""
    return format_datetime(at.astimezone(UTC)).encode("ascii")


def on_own_lines(text: str) -> bytes:
    """A slot's text in quoted-printable, without a line break at its end.

    Lines of 76 at most, the last one with room for the soft break that follows it.
    """
    # CPython leaves its last line no such room, but for the character that is taken off again.
    return b2a_qp(text.encode() + b"x", istext=False)[:-1].replace(b"\n", b"\r\n")


def _check_head(head: bytes, letter: Letter) -> None:
    """As many fields as were read back from the letter, and no line end that is not CRLF."""
    breaks = head.count(b"\r\n")
    if head.count(b"\r") != breaks or head.count(b"\n") != breaks:
        raise Refused("this copy's header would have a bare CR or LF")
    if breaks - head.count(b"\r\n ") != len(letter.fields):
        raise Refused("this copy would carry headers that are not ours")


def envelope_from(sender: Sender, bounce_token: str) -> str:
    """VERP: a bounce comes back to an address that names what was sent, and to whom."""
    local, _, domain = sender.bounces.rpartition("@")
    if not local:
        return sender.address
    return f"{local}+{bounce_token}@{domain}" if bounce_token else sender.bounces
