"""The fence: a copied or restored store sends nothing until a person says that it is the one."""

import json
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Engine, event

from publisher.storage import doubts, homes, identity
from publisher.storage.engine import reading
from publisher.storage.identity import Identity

log = logging.getLogger(__name__)

SAID = "the store sends nothing: %s; %s"
ADOPT = "`publisher adopt` says what it knows, and that it is the one"
OLDER = "an older state of it was put back (its age is {age}, and was {seen})"


class Fenced(Exception):
    """The store sends nothing until a person says that it is the one; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Witness:
    """A file outside the store that remembers how old a store of this name has been."""

    path: Path

    def seen(self) -> tuple[str, int]:
        """The name of the store that was seen last, and the greatest age of it."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            seen = json.loads(self.path.read_text())
            return str(seen["name"]), int(seen["age"])
        return "", 0

    def see(self, name: str, age: int) -> None:
        """Remember an age, once it is durable in the store. Where it can't, older words stay."""
        with suppress(OSError):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new = self.path.with_name(f"{self.path.name}.{os.getpid()}")
            new.write_text(json.dumps({"name": name, "age": age}))
            new.replace(self.path)


def recognise(engine: Engine, witness: Witness, *, at: datetime) -> Identity:
    """See whether a store is the one that it takes itself for, and fence it where it is not.

    One that has no identity yet is given one. Harmless at any time, by any number at once.
    """
    name, seen = witness.seen()  # first: it is told only of what the store holds already
    with reading(engine) as db:
        me, found = identity.known(db), homes.of(db)
    if me is None:
        with engine.begin() as db:
            identity.make(db, found, at=at)
            return _me(db)
    if me.fenced_at:
        return me
    older = OLDER.format(age=me.age, seen=seen) if name == me.name and seen > me.age else ""
    if why := homes.strange(me.home, found) or older:
        return _fenced(engine, why, at)
    if (merged := homes.merged(me.home, found)) != me.home:
        with engine.begin() as db:
            identity.move(db, merged)
    return me


def guard(engine: Engine, *, now: Callable[[], datetime]) -> None:
    """Let no connection to a server be used before its server is known to be the one.

    When a server fails over, all connections are new ones: the next sweep would come too late.
    """
    if engine.dialect.name == "postgresql":
        event.listen(engine, "engine_connect", partial(_look_first, now))


def _look_first(now: Callable[[], datetime], db: Connection) -> None:
    if "seen" in db.info:
        return
    with db.begin():
        me, found = identity.known(db), homes.of(db)
        if me and (why := homes.strange(me.home, found)) and identity.fence(db, why, at=now()):
            log.error(SAID, why, ADOPT)
    if found.timeline:  # a standby has none, and may become the one under this connection
        db.info["seen"] = True


def _fenced(engine: Engine, why: str, at: datetime) -> Identity:
    with engine.begin() as db:
        first = identity.fence(db, why, at=at)
        me = _me(db)
    if first:
        log.error(SAID, why, ADOPT)
    return me


def _me(db: Connection) -> Identity:
    me = identity.known(db)
    if me is None:
        raise Fenced("the store does not know which one it is")
    return me


def grow(engine: Engine, witness: Witness) -> None:
    """Make the store older, and let the witness see it."""
    with engine.begin() as db:
        identity.grow(db)
        me = _me(db)
    if not me.fenced_at:
        witness.see(me.name, me.age)


def require_free(engine: Engine) -> None:
    """Raise Fenced where the store may send nothing."""
    with reading(engine) as db:
        me = identity.known(db)
    if me and me.fenced_at:
        raise Fenced(told(me))


def told(me: Identity) -> str:
    """That a store is fenced, why, and the remedy."""
    return f"this store sends nothing: {me.reason}; {ADOPT}"


# --- what a person says


def adopt(engine: Engine, witness: Witness, *, at: datetime) -> int:
    """This is the one, and it may not know all that was sent; how many deliveries are in doubt.

    All that is unfinished is looked for before it is sent, and what the sources show now counts
    as old news. Killed half-way it is still fenced: say it again.
    """
    with engine.begin() as db:
        since = identity.gap_since(db)
        identity.fence(db, "it is being adopted", at=at)
        identity.forget(db, since=since)
    reason = f"it may have been sent since {since:%Y-%m-%d %H:%M} UTC, when this store was copied"
    moved = 0
    while some := _doubt_some(engine, reason, at=at):
        moved += some
    with engine.begin() as db:
        doubts.doubt_the_rest(db, at=at)
        doubts.take_all_as_seen(db)
        doubts.let_channels_rest(db)
        identity.adopted(db, at=at)
        _lift(db, witness)
    _see(engine, witness)
    return moved


def _doubt_some(engine: Engine, reason: str, *, at: datetime) -> int:
    with engine.begin() as db:
        return doubts.doubt_some(db, reason, at=at)


def adopt_moved(engine: Engine, witness: Witness) -> None:
    """This is the one, and nothing was sent without it: let it go on where it was."""
    with engine.begin() as db:
        _lift(db, witness)
    _see(engine, witness)


def _lift(db: Connection, witness: Witness) -> None:
    me, (name, seen) = _me(db), witness.seen()
    identity.lift(db, homes.of(db), age=max(me.age, seen if name == me.name else 0))


def _see(engine: Engine, witness: Witness) -> None:
    with reading(engine) as db:
        me = _me(db)
    witness.see(me.name, me.age)
