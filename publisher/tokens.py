"""The use cases of programs' tokens: made, shown once, recognised, taken away.

A token holds 32 random bytes, so a plain SHA-256 of it can be kept: nobody guesses that many,
however fast they hash. Looking it up by that digest compares nothing that a clock could tell.
"""

import hashlib
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine

from publisher.accounts import NAME, ROLES, Role
from publisher.floods import TooMany
from publisher.storage import actions, tallies, tokens
from publisher.storage.engine import reading
from publisher.storage.tokens import Token

PREFIX = "pub_"  # by which people, and those who scan what leaked, recognise one
BYTES = 32
LONGEST = 200  # characters of what is looked at
DAYS, MOST_DAYS = 365, 3650
WINDOW = timedelta(minutes=15)
GUESSES = 20  # from one network within it
BRIEFLY = timedelta(minutes=1)  # between two notes that a token was used


class BadToken(ValueError):
    """What no token can be made of, or one that there is not; the message says why."""


def add(
    db: Connection, name: str, *, role: str, by: str, at: datetime, days: int | None = DAYS
) -> str:
    """Make a token, for so many days or None for ever; it is shown now and never again.

    Raises BadToken.
    """
    if not NAME.fullmatch(name):
        raise BadToken(f"{name!r}: a name is up to 40 of a-z, 0-9, dot, hyphen and underscore")
    if role not in ROLES:
        raise BadToken(f"there is no role {role!r}; there are {', '.join(ROLES)}")
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise BadToken(f"a token is good for 1 to {MOST_DAYS} days")
    shown = PREFIX + secrets.token_urlsafe(BYTES)
    until = at + timedelta(days=days) if days else None
    known: dict[str, Any] = {
        "digest": digest(shown),
        "role": role,
        "made_by": by,
        "expires_at": until,
    }
    if not tokens.add(db, name, **known, at=at):
        raise BadToken(f"{name}: there is such a token; `publisher token remove` takes it away")
    actions.note(db, by, "add token", at=at, words=f"{name} ({role})")
    return shown


def remove(db: Connection, name: str, *, by: str, at: datetime) -> None:
    """Let a token open nothing any more. Raises BadToken."""
    if not NAME.fullmatch(name) or not tokens.remove(db, name):
        raise BadToken(f"{name}: there is no such token; `publisher token list` names all")
    actions.note(db, by, "remove token", at=at, words=name)


def recognise(shown: str, *, network: str, engine: Engine, at: datetime) -> Token | None:
    """Whose token that is; None for one that is wrong, or over.

    Raises TooMany after too many wrong ones from a network; a right one lets in all the same, so
    that nobody is locked out by a neighbour.
    """
    with reading(engine) as db:
        found = tokens.by_digest(db, digest(shown[:LONGEST]))
    if found is None or _is_over(found, at):
        _count(network, engine=engine, at=at)
        return None
    if found.used_at is None or found.used_at < at - BRIEFLY:
        with engine.begin() as db:
            tokens.use(db, found.name, at=at, before=at - BRIEFLY)
        return replace(found, used_at=at)
    return found


def may(token: Token, role: Role) -> bool:
    return ROLES.get(token.role, 0) >= role


def digest(shown: str) -> str:
    """What is kept of a token: SHA-256, in hex."""
    return hashlib.sha256(shown.encode(errors="replace")).hexdigest()


def _is_over(token: Token, at: datetime) -> bool:
    return token.expires_at is not None and token.expires_at <= at


def _count(network: str, *, engine: Engine, at: datetime) -> None:
    """Count one more wrong token from a network; once there are too many, without writing."""
    tally = f"token from {network}"
    with engine.begin() as db:
        if tallies.counted(db, tally, window=WINDOW, at=at) >= GUESSES:
            raise TooMany(f"too many wrong tokens from {network}", WINDOW)
        tallies.count(db, tally, window=WINDOW, at=at)
