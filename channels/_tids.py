"""Where an edition's posts are kept: record keys (https://atproto.com/specs/tid)."""

from hashlib import sha256

from publisher.domain.issue import Edition

SORTABLE = "234567abcdefghijklmnopqrstuvwxyz"


def record_key(edition: Edition, part: int = 0) -> str:
    """Where a part of a post is kept: a TID (https://atproto.com/specs/tid) of the edition's own.

    Its time is the edition's date and, within that second, a number made of key and language: no
    two editions share one, and the same edition has always the same.
    """
    number = int.from_bytes(sha256(f"{edition.key}.{edition.lang}".encode()).digest()[:8])
    micros = max(0, int(edition.date.timestamp())) * 1_000_000 + number % 1_000_000
    return later(_encoded((micros << 10) | (number >> 32) % 1024), part)


def later(key: str, part: int) -> str:
    """The record key of the part so many after one."""
    value = 0
    for letter in key:
        value = value * 32 + SORTABLE.index(letter)
    return _encoded(value + (part << 10))


def _encoded(value: int) -> str:
    return "".join(SORTABLE[(value >> 5 * place) & 31] for place in reversed(range(13)))
