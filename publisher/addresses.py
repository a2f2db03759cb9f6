"""Addresses of readers, of mail and of XMPP: as typed, and as they are compared."""

import re
import unicodedata
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

LONGEST = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets
SHOWN = 60  # characters of a bad one that a message repeats

# What most addresses are, at a fortieth of the time. It takes nothing that the library refuses:
# no label outside DNS's limits, nothing like an A-label, no name that is reserved.
_PLAIN = re.compile(
    r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@(?:[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\.)+[A-Za-z]{2,24}"
)
_LONGEST_PLAIN = 64
_RESERVED = frozenset(("arpa", "invalid", "local", "localhost", "onion"))


XMPP = "xmpp"


class BadAddress(ValueError):
    """An address that nothing can be sent to; the message says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """An address as typed, and the key that the spellings of one address share."""

    typed: str
    key: str

    @property
    def scheme(self) -> str:
        """ "" for mail, "xmpp" for a JID."""
        return scheme(self.key)

    @property
    def what(self) -> str:
        """What is sent to such an address."""
        return f"messages to {self.scheme}: addresses" if self.scheme else "mail"


def scheme(address: str) -> str:
    """The scheme that an address, or its key, begins with; "" for mail, whose have none."""
    return XMPP if address.lower().startswith(f"{XMPP}:") else ""


def parse(text: str) -> Address:
    """Read an e-mail address, or a JID behind `xmpp:`. Raises BadAddress.

    The key has the local part in NFC and case-folded, and the domain in A-labels (IDNA 2008,
    mapped by UTS #46): servers that tell `Ann` from `ann` are not known, readers who type both
    are. Letters outside ASCII are allowed on both sides (RFC 6531); quoted local parts, address
    literals and comments are not.
    """
    typed = text.strip()
    return plain(typed) or (_jid(typed) if scheme(typed) else _any(typed))


def _jid(typed: str) -> Address:
    """Read `xmpp:ann@example.org` (RFC 5122, RFC 7622); a resource is left out."""
    from slixmpp.jid import JID, InvalidJID  # noqa: PLC0415  most newsletters have no such readers

    try:
        found = JID(typed.partition(":")[2].partition("?")[0])
    except InvalidJID as error:
        raise BadAddress(f"{_shown(typed)}: no XMPP address: {error}") from error
    if not found.user or len(typed) > LONGEST:
        raise BadAddress(f"{_shown(typed)}: expected one such as xmpp:ann@example.org")
    return Address(typed=f"{XMPP}:{found.bare}", key=f"{XMPP}:{found.bare}")


def plain(typed: str) -> Address | None:
    """The address, if it is so plain that it needs no closer look; else None."""
    if len(typed) > _LONGEST_PLAIN or not _PLAIN.fullmatch(typed):
        return None
    key = typed.lower()
    return None if key.rpartition(".")[2] in _RESERVED else Address(typed=typed, key=key)


def _any(typed: str) -> Address:
    if len(typed) > LONGEST:
        raise BadAddress(f"{_shown(typed)}: longer than the {LONGEST} characters of RFC 5321")
    try:
        found = validate_email(typed, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise BadAddress(f"{_shown(typed)}: {error}") from error
    local = unicodedata.normalize("NFC", found.local_part.casefold())
    return Address(typed=typed, key=f"{local}@{found.ascii_domain.lower()}")


def _shown(typed: str) -> str:
    """Some of it, with what would act on a terminal, or turn its letters about, spelled out."""
    return repr(typed if len(typed) <= SHOWN else f"{typed[:SHOWN]}…")


def telling(address: str, key: str) -> str:
    """An address for people who must not be misled: a domain outside ASCII with its A-labels.

    Letters of several scripts look alike; `xn--…` do not.
    """
    domain = key.rpartition("@")[2]
    return address if address.isascii() or domain in address.lower() else f"{address} ({domain})"
