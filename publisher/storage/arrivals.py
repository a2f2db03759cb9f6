"""Readers on their way in: gathered beside the readers, then taken over in one transaction.

They are gathered in a temporary table, which is this connection's own, so that nobody waits
while a long file is read; only the last step takes the lock that writers share.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Text,
    case,
    func,
    literal,
    select,
)

from publisher.domain.delivery import State
from publisher.domain.subscriber import Standing
from publisher.storage.posts import upsert
from publisher.storage.schema import (
    Choice,
    Moment,
    asks,
    reader_log,
    subscribers,
    suppressions,
)


class Fate(StrEnum):
    """What becomes of one row of a file."""

    ADDED = "added"
    CONFIRMED = "confirmed"  # was only asked until now
    CHANGED = "changed"  # other choices
    ENDED = "ended"  # gets nothing any more
    KEPT = "kept"  # is there, and stays as it is
    LEFT_OUT = "left out"


WRITTEN = (Fate.ADDED, Fate.CONFIRMED, Fate.CHANGED, Fate.ENDED)

arrivals = Table(
    "arrivals",
    MetaData(),
    Column("address_key", String, primary_key=True),
    Column("line", Integer, nullable=False),
    Column("gravity", Integer, nullable=False),  # of two rows for one address the graver counts
    Column("fate", String, nullable=False),
    Column("address", String, nullable=False),
    Column("name", Text, nullable=False),
    Column("languages", Choice, nullable=False),
    Column("lists", Choice, nullable=False),
    Column("else_after", Integer),
    Column("state", String, nullable=False),
    Column("token", String, nullable=False),
    Column("question", String, nullable=False),  # the token of a mail that asks, or ""
    Column("lang", String, nullable=False),  # which that mail is in
    Column("digest", String, nullable=False),
    Column("reason", String, nullable=False),  # of a suppression, or ""
    Column("at", Moment, nullable=False),  # since when they stand so
    Column("event", String, nullable=False),
    Column("place", Text, nullable=False),
    Column("words", Text, nullable=False),
    prefixes=["TEMPORARY"],
)
_A = arrivals.c
_S = subscribers.c


def prepare(db: Connection) -> None:
    """Make room for arrivals on this connection, which must be thrown away afterwards."""
    if db.dialect.name == "sqlite":
        for schema, size in (("main", 65_536), ("temp", 32_768)):
            db.exec_driver_sql(f"PRAGMA {schema}.cache_size = -{size}")  # kB
    arrivals.create(db)


def standing(db: Connection, keys: Sequence[str]) -> Mapping[str, Any]:
    """How those of these addresses stand who are known, by address key."""
    told = (_S.address_key, _S.state, _S.origin, _S.changed_at)
    choices = (_S.name, _S.languages, _S.lists, _S.else_after)
    rows = db.execute(select(*told, *choices).where(_S.address_key.in_(keys)))
    return {row.address_key: row for row in rows}


def against(db: Connection, digests: Sequence[str]) -> Mapping[str, str]:
    """Why nothing may be sent to those of these addresses that are suppressed, by digest."""
    c = suppressions.c
    rows = db.execute(select(c.digest, c.reason).where(c.digest.in_(digests)))
    return {row.digest: row.reason for row in rows}


def gather(db: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note arrivals. Of two for one address the graver counts, else the first."""
    insert = upsert(db, arrivals)
    new = insert.excluded
    graver = {column.name: new[column.name] for column in arrivals.columns}
    noted = insert.on_conflict_do_update(
        index_elements=["address_key"], set_=graver, where=new.gravity > _A.gravity
    )
    if rows:
        db.execute(noted, rows)


def gathered(db: Connection) -> Mapping[str, int]:
    """How many arrivals there are of each fate."""
    counted = select(_A.fate, func.count()).group_by(_A.fate)
    return {fate: number for fate, number in db.execute(counted)}


def take_over(
    db: Connection, *, at: datetime, origin: str, carrier: str, expires_at: datetime
) -> None:
    """Make readers of all arrivals, with a log row each. One transaction, to be committed.

    `carrier` is the channel of the mails that ask to confirm, which are valid until `expires_at`.
    """
    _change_the_known(db, at=at, origin=origin)
    _add(db, at=at, origin=origin)
    _log(db, select(_S.id).where(_S.token == _A.token, _A.fate == Fate.ADDED), origin=origin)
    _ask(db, at=at, carrier=carrier, expires_at=expires_at)
    _suppress(db, at=at)


def _add(db: Connection, *, at: datetime, origin: str) -> None:
    now = literal(at, Moment())
    columns = {
        **{name: _A[name] for name in ("address", "address_key", "name", "languages", "lists")},
        "state": _A.state,
        "token": _A.token,
        "origin": literal(origin),
        "added_at": now,
        "changed_at": now,
        "else_after": _A.else_after,
        "else_from": _chosen(at),
    }
    new = select(*columns.values()).where(_A.fate == Fate.ADDED)
    insert = upsert(db, subscribers).from_select(list(columns), new)
    db.execute(insert.on_conflict_do_nothing())  # who joined meanwhile is left as they are


def _chosen(at: datetime) -> Any:
    """Since when the days hold that an arrival brings; null where it brings none."""
    return case((_A.else_after.is_not(None), literal(at, Moment())))


def _log(db: Connection, who: Select[Any], *, origin: str) -> None:
    """Write the log rows of the readers that `who` selects, joined with their arrivals."""
    columns = {
        "subscriber_id": who.selected_columns[0],
        "digest": literal(""),
        **{name: _A[name] for name in ("at", "event", "place", "words")},
        "how": literal(origin),
    }
    rows = who.with_only_columns(*columns.values())
    db.execute(reader_log.insert().from_select(list(columns), rows))


# What a known reader must stand as for each fate, and what is overwritten.
_KEPT_IF_EMPTY = ("name", "languages", "lists")


def _change_the_known(db: Connection, *, at: datetime, origin: str) -> None:
    choices: dict[str, Any] = {
        name: case((_A[name] == "", _S[name]), else_=_A[name]) for name in _KEPT_IF_EMPTY
    }
    choices["else_after"] = func.coalesce(_A.else_after, _S.else_after)
    choices["else_from"] = func.coalesce(_S.else_from, _chosen(at))
    values: Mapping[Fate, tuple[Any, Mapping[str, Any]]] = {
        Fate.CONFIRMED: (_S.state == Standing.UNCONFIRMED, choices | {"state": _A.state}),
        Fate.CHANGED: (_S.state == Standing.CONFIRMED, choices),
        Fate.ENDED: (_S.state != _A.state, {"state": _A.state}),
    }
    for fate, (still, changes) in values.items():
        theirs = (_S.address_key == _A.address_key, _A.fate == fate, still)
        _log(db, select(_S.id).where(*theirs), origin=origin)
        update = subscribers.update().where(*theirs)
        db.execute(update.values(changed_at=at, **changes))


def _ask(db: Connection, *, at: datetime, carrier: str, expires_at: datetime) -> None:
    now = literal(at, Moment())
    columns = {
        "subscriber_id": _S.id,
        "token": _A.question,
        **{name: _A[name] for name in ("lang", "languages", "lists")},
        "channel": literal(carrier),
        "state": literal(State.PENDING.value),
        "attempts": literal(0),
        **{name: literal("") for name in ("owner", "reason")},
        "asked_at": now,
        "changed_at": now,
        "expires_at": literal(expires_at, Moment()),
    }
    asked = select(*columns.values()).where(_S.token == _A.token, _A.question != "")
    db.execute(asks.insert().from_select(list(columns), asked))


def _suppress(db: Connection, *, at: datetime) -> None:
    now = literal(at, Moment())
    stopped = select(_A.digest, _A.reason, now).where(_A.reason != "")
    insert = upsert(db, suppressions).from_select(["digest", "reason", "at"], stopped)
    db.execute(insert.on_conflict_do_nothing())
