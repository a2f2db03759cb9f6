"""Forgetting a reader: what goes, and what stays under a keyed hash in the address's place."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Engine, Row, Table, delete, or_, select, update

from publisher.domain.delivery import State
from publisher.domain.subscriber import Event
from publisher.storage import schema, suppressions
from publisher.storage.deliveries import CHUNK, PERSON, move_all
from publisher.storage.schema import (
    asks,
    bounces,
    deliveries,
    delivery_log,
    posts,
    reader_log,
    subscribers,
)
from publisher.storage.secrets import digest

HIDDEN = "(forgotten)"
REASON = "forgotten"  # of the suppression, and of mail that is not sent any more
PREFIX = "forgotten:"  # of what stands in the place of a recipient
OPEN = (State.PENDING, State.UNSURE, State.HELD)
SHORTEST = 3  # letters of a mailbox's name that are looked for in what a server said

# Where others' words are kept, in which an address may stand.
WORDS: tuple[tuple[Table, Column[Any]], ...] = tuple(
    (table, table.c[name])
    for table, name in (
        (deliveries, "reason"),
        (delivery_log, "reason"),
        (reader_log, "words"),
        (bounces, "words"),
        (asks, "reason"),
        (schema.channels, "reason"),
        (schema.slow_domains, "reason"),
    )
)


@dataclass(frozen=True, kw_only=True)
class Mention:
    """A row in which an address stands among words."""

    table: Table
    column: Column[Any]
    key: tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class Erased:
    """What was known of a reader, by number: mails, log rows, questions, bounces, mentions."""

    mails: int
    events: int
    questions: int
    bounces: int
    mentions: int


def mails(db: Connection, key: str) -> Sequence[Row[Any]]:
    """(id, state, post_id) of all that was sent, or is to be, to an address."""
    c = deliveries.c
    theirs = (c.post_id.in_(select(posts.c.id)), c.recipient == key)  # by the one index there is
    found: Sequence[Row[Any]] = db.execute(select(c.id, c.state, c.post_id).where(*theirs)).all()  # type: ignore[assignment]
    return found


def withhold(db: Connection, key: str, *, at: datetime) -> int:
    """Skip what is not under way to an address; how many mails are."""
    found = mails(db, key)
    for state in OPEN:
        ids = [row.id for row in found if row.state == state]
        move_all(db, ids, state, State.SKIPPED, at=at, reason=REASON, worker=PERSON)
    return sum(row.state == State.SENDING for row in found)


def mentions(db: Connection, spellings: Sequence[str]) -> list[Mention]:
    """Where an address stands in the words of servers and people, other readers' rows included."""
    return [mention for table, column in WORDS for mention in _in(db, table, column, spellings)]


def _in(
    db: Connection, table: Table, column: Column[Any], spellings: Sequence[str]
) -> Iterator[Mention]:
    found = or_(*(column.icontains(each, autoescape=True) for each in spellings))
    for row in db.execute(select(*table.primary_key.columns).where(found)):
        yield Mention(table=table, column=column, key=tuple(row))


def erase(
    db: Connection,
    reader: Row[Any],
    spellings: Sequence[str],
    mentioned: Sequence[Mention],
    *,
    at: datetime,
) -> Erased:
    """Erase a reader to whom nothing is under way. What stays is told by `Erased`."""
    key, hashed = reader.address_key, digest(db, reader.address_key)
    sent = [row.id for row in mails(db, key)]
    hiding = _hiding(spellings)
    _rewrite(db, mentioned, hiding)
    for first in range(0, len(sent), CHUNK):
        _rewrite_own(db, sent[first : first + CHUNK], hiding)
    _rename(db, key, PREFIX + hashed[:32])
    erased = Erased(
        mails=len(sent),
        events=_keep_events(db, reader.id, hashed, at=at),
        questions=db.execute(delete(asks).where(asks.c.subscriber_id == reader.id)).rowcount,
        bounces=_wordless(db, reader.id, sent),
        mentions=len(mentioned),
    )
    _drop_tally(db, key)
    db.execute(delete(subscribers).where(subscribers.c.id == reader.id))
    suppressions.suppress(db, key, REASON, at=at)
    return erased


def _hiding(spellings: Sequence[str]) -> Callable[[str], str]:
    """What takes an address out of words that are about it, and the name before its @."""
    anyhow = re.compile("|".join(map(re.escape, spellings)), re.IGNORECASE)
    mailboxes = {each.rpartition("@")[0] for each in spellings}
    names = [re.escape(name) for name in mailboxes if len(name) >= SHORTEST] or [r"(?!)"]
    alone = re.compile(rf"(?<![\w.+-])(?:{'|'.join(names)})(?![\w+-])", re.IGNORECASE)
    return lambda words: alone.sub(HIDDEN, anyhow.sub(HIDDEN, words))


def _rewrite(db: Connection, mentioned: Sequence[Mention], hiding: Callable[[str], str]) -> None:
    for mention in mentioned:
        columns = mention.table.primary_key.columns
        here = [column == value for column, value in zip(columns, mention.key, strict=True)]
        words = db.scalar(select(mention.column).where(*here))
        if words is not None:
            db.execute(update(mention.table).where(*here).values({mention.column: hiding(words)}))


def _rewrite_own(db: Connection, sent: Sequence[int], hiding: Callable[[str], str]) -> None:
    """The same for all that was said of the reader's own mails."""
    own = ((deliveries, deliveries.c.id), (delivery_log, delivery_log.c.delivery_id))
    for table, whose in own:
        said = select(table.c.id, table.c.reason).where(whose.in_(sent), table.c.reason != "")
        for id, words in db.execute(said).all():
            hidden = update(table).where(table.c.id == id)
            db.execute(hidden.values(reason=hiding(words)))


def _rename(db: Connection, key: str, hashed: str) -> None:
    """Put the hash in the place of the address; of a second mail of one post, with its number."""
    c = deliveries.c
    for row in mails(db, key):
        there = select(c.id).where(c.post_id == row.post_id, c.recipient == hashed)
        name = f"{hashed}:{row.id}" if db.scalar(there) else hashed
        db.execute(update(deliveries).where(c.id == row.id).values(recipient=name))


def _keep_events(db: Connection, reader: int, hashed: str, *, at: datetime) -> int:
    c = reader_log.c
    kept = {"subscriber_id": None, "digest": hashed, "place": "", "words": ""}
    known = db.execute(update(reader_log).where(c.subscriber_id == reader).values(kept)).rowcount
    db.execute(reader_log.insert().values({**kept, "at": at, "event": Event.FORGOTTEN, "how": ""}))
    return known


def _wordless(db: Connection, reader: int, sent: Sequence[int]) -> int:
    c = bounces.c
    number = 0
    parts = [sent[first : first + CHUNK] for first in range(0, len(sent), CHUNK)] or [[]]
    for part in parts:
        theirs = or_(c.subscriber_id == reader, c.delivery_id.in_(part))
        hidden = update(bounces).where(theirs, or_(c.words != "", c.subscriber_id.is_not(None)))
        number += db.execute(hidden.values(subscriber_id=None, words="")).rowcount
    return number


def _drop_tally(db: Connection, key: str) -> None:
    name = digest(db, f"address {key}")  # as publisher.floods counts questions
    db.execute(delete(schema.tallies).where(schema.tallies.c.name == name))


def write_through(engine: Engine) -> bool:
    """Leave nothing of what was erased in SQLite's journal; False where somebody reads just now.

    What was erased is overwritten in the file itself (secure_delete, see storage.engine).
    """
    if engine.dialect.name != "sqlite":
        return True
    with engine.connect() as db:
        raw: Any = db.connection.driver_connection
        return bool(raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
