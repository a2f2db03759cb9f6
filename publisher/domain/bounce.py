"""What comes back of a mail: which delivery it was, and what that says of its reader."""

import hashlib
import hmac
import re
from enum import StrEnum

SIGNED = 20  # hexadecimal digits, 80 bits: one guess a second finds none in the age of the world
_TOKEN = re.compile(r"([0-9a-f]{1,16})-([0-9a-f]{20})")


class Kind(StrEnum):
    """What a report says."""

    HARD = "hard"  # there is no such reader
    SOFT = "soft"  # not now: full, or a server in trouble
    POLICY = "policy"  # RFC 3463 x.7.x: it is us whom they do not want
    DELAYED = "delayed"  # they go on trying; it says nothing of the reader
    COMPLAINT = "complaint"  # the reader called it spam


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
    told = f"bounce:{delivery}".encode()
    return hmac.digest(secret, told, hashlib.sha256).hex()[:SIGNED]
