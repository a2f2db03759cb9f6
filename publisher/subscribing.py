"""The use cases of readers: join, leave, be listed."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import Engine, Row

from publisher.domain.subscriber import Standing
from publisher.storage import subscribers
from publisher.storage.engine import reading

LONGEST_ADDRESS = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets


class BadAddress(ValueError):
    """An address that mail cannot be sent to; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Address:
    """An address as typed, and the key that two spellings of one address share."""

    typed: str
    key: str


def parse(text: str) -> Address:
    """Read an e-mail address. Raises BadAddress.

    The key has the local part in lower case and the domain in ASCII: servers that tell `Ann`
    from `ann` are not known, readers who type both are.
    """
    typed = text.strip()
    if len(typed) > LONGEST_ADDRESS:
        raise BadAddress(f"{typed[:30]}…: longer than the {LONGEST_ADDRESS} characters of RFC 5321")
    try:
        found = validate_email(typed, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise BadAddress(f"{typed!r}: {error}") from error
    key = f"{found.local_part.lower()}@{found.ascii_domain.lower()}"
    return Address(typed=typed, key=key)


def add(addresses: Sequence[str], *, engine: Engine, language: str | None = None) -> list[bool]:
    """Add readers an operator vouches for: for each address, whether it is new.

    All or none: raises BadAddress before anything is written.
    """
    parsed = [parse(address) for address in addresses]
    with engine.begin() as db:
        return [_join(db, address, language) for address in parsed]


def _join(db: Any, address: Address, language: str | None) -> bool:
    return subscribers.add(
        db,
        address=address.typed,
        key=address.key,
        languages=(language.lower(),) if language else (),
        state=Standing.CONFIRMED,
        token=secrets.token_urlsafe(24),
        origin="operator",
        at=datetime.now(UTC),
    )


def remove(address: str, *, engine: Engine) -> bool:
    """Take a reader off the list; False when they were not on it. Raises BadAddress."""
    with engine.begin() as db:
        return subscribers.leave(db, address_key=parse(address).key, at=datetime.now(UTC))


def leave(token: str, *, engine: Engine) -> bool:
    """A reader leaves by their token; True also for one who had left before."""
    with engine.begin() as db:
        subscribers.leave(db, token=token, at=datetime.now(UTC))
        return subscribers.by_token(db, token) is not None


def everyone(*, engine: Engine) -> Sequence[Row[Any]]:
    """All readers, oldest first."""
    with reading(engine) as db:
        return subscribers.everyone(db)
