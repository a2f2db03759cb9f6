"""The use cases of signing in: accounts, passwords, and how often one may guess.

Passwords are hashed by argon2id with the parameters that RFC 9106 §4 recommends second, for
machines with little memory: https://www.rfc-editor.org/rfc/rfc9106#section-4
"""

import re
import secrets
from datetime import datetime, timedelta
from enum import IntEnum
from functools import cache
from threading import Semaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY
from sqlalchemy import Connection, Engine

from publisher.floods import TooMany
from publisher.storage import tallies, users
from publisher.storage.engine import reading
from publisher.storage.users import User

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
SHORTEST, LONGEST = 12, 1000  # characters of a password
WINDOW = timedelta(minutes=15)
GUESSES, OF_A_NAME, FROM_A_NETWORK = 10, 100, 50  # within it; the first of a name from a network
AT_ONCE = 2  # passwords that are hashed, for each takes 64 MiB
NOBODY = "nobody's password, so that an unknown name takes as long as a known one"


class Role(IntEnum):
    """What somebody may do; each may all that those before may."""

    READ = 1
    RELEASE = 2
    ADMIN = 3


ROLES = {role.name.lower(): role for role in Role}


class BadAccount(ValueError):
    """What no account can be made of; the message says why."""


class NoAccount(BadAccount):
    """There is no account of that name."""


_hasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
_few = Semaphore(AT_ONCE)


def add(
    db: Connection, name: str, password: str, *, role: str, at: datetime, subject: str = ""
) -> None:
    """Make an account, with a password, or of a provider's `subject`.

    Raises BadAccount, also where there is such an account already.
    """
    if not NAME.fullmatch(name):
        raise BadAccount(f"{name!r}: a name is up to 40 of a-z, 0-9, dot, hyphen and underscore")
    _require_role(role)
    if subject and not 0 < len(subject.strip()) <= 255:
        raise BadAccount("a subject has 1 to 255 characters")
    hashed = "" if subject and not password else _hashed(password)
    row = {"role": role, "password": hashed, "session": _new_session()}
    if subject and users.of_subject(db, subject):
        raise BadAccount(f"{subject}: is the subject of another account")
    if not users.add(db, name, **row, subject=subject or None, at=at):
        raise BadAccount(f"{name}: there is such an account; `publisher user password` changes it")


def change_password(db: Connection, name: str, password: str) -> None:
    """Set another password, and end all sessions of before. Raises BadAccount, NoAccount."""
    _found(name, users.change(db, name, password=_hashed(password), session=_new_session()))


def change_role(db: Connection, name: str, role: str) -> None:
    """Raises BadAccount, NoAccount."""
    _require_role(role)
    _found(name, users.change(db, name, role=role))


def sign_out_everywhere(db: Connection, name: str) -> None:
    """End all sessions of somebody. Raises NoAccount."""
    _found(name, users.change(db, name, session=_new_session()))


def remove(db: Connection, name: str) -> None:
    """Raises NoAccount."""
    _found(name, users.remove(db, name))


def sign_in(name: str, password: str, *, network: str, engine: Engine, at: datetime) -> User | None:
    """Who that is, None for a name or a password that does not fit: nobody learns which.

    Raises TooMany after too many guesses, which tells nothing of the name either. Guesses from one
    network lock nobody out who signs in from another, unless there are very many.
    """
    name = name.strip().lower()[:LONGEST]
    theirs = f"sign-in as {name} from {network}"
    counted = {
        theirs: GUESSES,
        f"sign-in as {name}": OF_A_NAME,
        f"sign-in from {network}": FROM_A_NETWORK,
    }
    with engine.begin() as db:
        counts = {tally: tallies.count(db, tally, window=WINDOW, at=at) for tally in counted}
        known = users.password(db, name) if NAME.fullmatch(name) else ""
    if any(counts[tally] > most for tally, most in counted.items()):
        raise TooMany(f"too many attempts to sign in from {network}", WINDOW)
    if not _fits(password[:LONGEST], known):
        return None
    with engine.begin() as db:
        tallies.drop(db, theirs)
        if _hasher.check_needs_rehash(known):
            users.change(db, name, password=_hasher.hash(password))
        users.change(db, name, seen_at=at)
        return users.known(db, name)


def of_subject(subject: str, *, engine: Engine, at: datetime) -> User | None:
    """Whose subject at the provider this is, None for nobody's."""
    with engine.begin() as db:
        found = users.of_subject(db, subject)
        if found:
            users.change(db, found.name, seen_at=at)
    return found


def same(one: str, other: str) -> bool:
    """Whether two secrets are one, told in a time that tells nothing."""
    return bool(other) and secrets.compare_digest(one.encode(), other.encode())


def of_session(name: str, session: str, *, engine: Engine) -> User | None:
    """Who a session belongs to, None once it is over."""
    with reading(engine) as db:
        found = users.known(db, name)
    return found if found and secrets.compare_digest(found.session, session) else None


def may(user: User, role: Role) -> bool:
    return ROLES.get(user.role, 0) >= role


def _fits(password: str, known: str) -> bool:
    with _few:
        try:
            return _hasher.verify(known or _nobody(), password) and bool(known)
        except (VerificationError, InvalidHashError):
            return False


@cache
def _nobody() -> str:
    return _hasher.hash(NOBODY)


def _hashed(password: str) -> str:
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadAccount(f"a password has {SHORTEST} to {LONGEST} characters")
    return _hasher.hash(password)


def _new_session() -> str:
    return secrets.token_urlsafe(16)


def _require_role(role: str) -> None:
    if role not in ROLES:
        raise BadAccount(f"there is no role {role!r}; there are {', '.join(ROLES)}")


def _found(name: str, was: bool) -> None:
    if not was:
        raise NoAccount(f"{name}: there is no such account; `publisher user list` names all")
