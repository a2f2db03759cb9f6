"""What comes back of a mail: which delivery it was, and what that says of its reader."""

import hashlib
import hmac
import re
from collections.abc import Iterable
from enum import StrEnum

SIGNED = 20  # hexadecimal digits, 80 bits: one guess a second finds none in the age of the world
_TOKEN = re.compile(r"([0-9a-f]{1,16})-([0-9a-f]{20})")
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_FIRST = 16  # characters of a reply that its enhanced status stands in (RFC 2034 §4)


class Kind(StrEnum):
    """What a report says."""

    HARD = "hard"  # there is no such reader
    SOFT = "soft"  # not now: full, or a server in trouble
    POLICY = "policy"  # RFC 3463 x.7.x: it is us whom they do not want
    DELAYED = "delayed"  # they go on trying; it says nothing of the reader
    COMPLAINT = "complaint"  # the reader called it spam


class Verdict(StrEnum):
    """What became of a bounce."""

    OPEN = "open"  # not weighed yet
    COUNTED = "counted"
    ASIDE = "aside"  # of an issue that came back from everywhere: held against nobody
    BELIEVED = "believed"  # of such an issue, but a person said that it is right


STANDING = (Verdict.COUNTED, Verdict.BELIEVED)
BLAMES = (Kind.HARD, Kind.SOFT, Kind.POLICY)  # mail that did not arrive
POINTS = {Kind.HARD: 5, Kind.SOFT: 2}
WELL = 2  # points that an issue takes off by not coming back
STOPPED_AT = 10
WAVE_AT_LEAST = 20
WAVE_SHARE = 10  # percent of the copies that were sent

# What an enhanced status of class 5 says, by subject and detail, else by subject: RFC 3463 and
# https://www.iana.org/assignments/smtp-enhanced-status-codes/. All that is not here is SOFT.
_SAYS = {
    "1": Kind.HARD,  # the address
    "1.0": Kind.SOFT,  # of something else about an address, some say that of the sender's
    "1.5": Kind.SOFT,  # "valid"
    "1.7": Kind.POLICY,  # the sender's address: ours
    "1.8": Kind.POLICY,
    "2.1": Kind.HARD,  # the mailbox was shut
    "2.3": Kind.POLICY,  # this message is too long, there and
    "3.4": Kind.POLICY,
    "4.4": Kind.HARD,  # no such domain
    "5": Kind.POLICY,  # the way we talk
    "6": Kind.POLICY,  # the way the message is written
    "7": Kind.POLICY,
    "7.17": Kind.HARD,  # the mailbox is somebody else's by now (RFC 7293)
    "7.18": Kind.HARD,
}


def status_in(words: str) -> str:
    """The enhanced status (RFC 3463) in a server's reply, such as 5.1.1; "" where it has none."""
    found = _STATUS.search(words[:_FIRST])
    return found[0] if found else ""


def kind_of(status: str) -> Kind:
    """What an enhanced status says of the reader; one that is unknown, or "", says little: SOFT."""
    family, _, detail = status.partition(".")
    subject = detail.partition(".")[0]
    if family != "5":
        return Kind.POLICY if subject == "7" else Kind.SOFT
    return _SAYS.get(detail) or _SAYS.get(subject, Kind.SOFT)


def points(history: Iterable[Kind | None]) -> int:
    """What stands against a reader. `history` tells of each issue that they were sent, the
    oldest first, what came back of it, and None where nothing did.
    """
    total = 0
    for kind in history:
        total = max(0, total + (POINTS.get(kind, 0) if kind else -WELL))
    return total


def is_wave(*, bounced: int, copies: int) -> bool:
    """Whether so much of an issue came back that the fault must be ours, not the readers'."""
    return bounced >= WAVE_AT_LEAST and bounced * 100 > copies * WAVE_SHARE


def token(delivery: int, secret: bytes) -> str:
    """What names a delivery in the address that its bounces come back to (VERP).

    ASCII letters, digits and a hyphen, 37 at most. Who does not know `secret` cannot make one.
    """
    return f"{delivery:x}-{_signature(delivery, secret)}"


def delivery_of(token: str, secret: bytes) -> int | None:
    """The delivery that a token names, or None for one that is not ours. Case is no matter."""
    found = _TOKEN.fullmatch(token.lower())
    if found is None:
        return None
    delivery = int(found[1], 16)
    ours = hmac.compare_digest(found[2], _signature(delivery, secret))
    return delivery if ours else None


def _signature(delivery: int, secret: bytes) -> str:
    # BLAKE2's own keyed mode (RFC 7693 §2.9): a tenth of the time of an HMAC
    told = f"bounce:{delivery}".encode()
    return hashlib.blake2b(told, key=secret, digest_size=SIGNED // 2).hexdigest()
