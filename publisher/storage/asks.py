"""Questions to confirm: what was asked of whom, and how far the mail that asks is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, exists, func, or_, select

from publisher.domain.delivery import LEASE, Outcome, State
from publisher.domain.subscriber import Event, Standing
from publisher.storage.identity import fenced
from publisher.storage.schema import asks, bounces, channels, reader_log, subscribers

AT_ONCE = 100  # hints that may wait in the queue: who asks next must not wait behind more
CHUNK = 500  # readers that are dropped in one transaction


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question in the hands of one worker, for attempt number `attempt`."""

    id: int
    token: str
    address: str
    key: str
    channel: str
    lang: str
    expires_at: datetime
    attempt: int


def add(
    db: Connection,
    subscriber_id: int,
    *,
    token: str,
    channel: str,
    lang: str,
    languages: tuple[str, ...],
    lists: tuple[str, ...],
    at: datetime,
    expires_at: datetime,
) -> int:
    """Write down a question that is due at once; its number."""
    row = {
        "subscriber_id": subscriber_id,
        "token": token,
        "channel": channel,
        "lang": lang,
        "languages": languages,
        "lists": lists,
        "asked_at": at,
        "expires_at": expires_at,
        "changed_at": at,
        "hinted_at": at,  # whoever writes it down gives the first hint
        "state": State.PENDING,
    }
    return int(db.execute(asks.insert().values(row).returning(asks.c.id)).scalar_one())


def by_token(db: Connection, token: str) -> Row[Any] | None:
    """The question of a token with its reader's address, key and state, or None."""
    reader = (subscribers.c.address, subscribers.c.address_key)
    standing = subscribers.c.state.label("standing")
    wanted = select(asks, *reader, standing).join(subscribers).where(asks.c.token == token)
    return db.execute(wanted).one_or_none()


def confirm(db: Connection, token: str, *, at: datetime) -> bool:
    """Take the answer; False for a token that is unknown, too old, or was used before."""
    c = asks.c
    valid = (c.token == token, c.confirmed_at.is_(None), c.expires_at > at)
    return db.execute(asks.update().where(*valid).values(confirmed_at=at)).rowcount == 1


# --- the mail on its way


def claim(db: Connection, id: int, *, at: datetime, owner: str) -> Question | None:
    """Take a question for one attempt, or None if it is taken, done, or its channel paused."""
    c = asks.c
    due = (c.state == State.PENDING, or_(c.next_attempt_at.is_(None), c.next_attempt_at <= at))
    ours = asks.update().where(c.id == id, *due, ~_paused())
    taken = {"state": State.SENDING, "owner": owner, "changed_at": at, "attempts": c.attempts + 1}
    if db.execute(ours.values(taken)).rowcount == 0:
        return None
    reader = subscribers.c
    row = db.execute(
        select(asks, reader.address, reader.address_key).join(subscribers).where(c.id == id)
    ).one()
    return Question(
        id=id,
        token=row.token,
        address=row.address,
        key=row.address_key,
        channel=row.channel,
        lang=row.lang,
        expires_at=row.expires_at,
        attempt=row.attempts,
    )


def settle(db: Connection, question: Question, outcome: Outcome, *, at: datetime) -> bool:
    """Record what an attempt came to; False when the question was no longer its own."""
    c = asks.c
    ours = (c.id == question.id, c.state == State.SENDING, c.attempts == question.attempt)
    values = {
        "state": outcome.state,
        "reason": outcome.note,
        "next_attempt_at": at + outcome.retry_in if outcome.retry_in else None,
        "owner": "",
        "hinted_at": None,
        "changed_at": at,
    }
    return db.execute(asks.update().where(*ours).values(values)).rowcount == 1


def recover(db: Connection, *, at: datetime, lost: Callable[[str], bool], me: str = "") -> int:
    """Give back what lost workers held, to be sent again; how many that were.

    An owner is lost when its lease ran out, when `lost(owner)`, or when it is `me`.
    """
    c = asks.c
    held = db.execute(select(c.id, c.owner, c.changed_at).where(c.state == State.SENDING)).all()
    freed = [
        row.id for row in held if row.owner == me or row.changed_at < at - LEASE or lost(row.owner)
    ]
    again = asks.update().where(c.id.in_(freed), c.state == State.SENDING)
    reason = "the worker was lost while sending"
    values = {"state": State.PENDING, "owner": "", "hinted_at": None, "reason": reason}
    return db.execute(again.values(changed_at=at, **values)).rowcount if freed else 0


def due(db: Connection, *, at: datetime, unhinted_since: datetime) -> Sequence[int]:
    """The questions to be sent now. What was hinted at after `unhinted_since` is left out."""
    c = asks.c
    pending = c.state == State.PENDING
    hinted = select(func.count()).where(pending, c.hinted_at > unhinted_since)
    room = AT_ONCE - (db.scalar(hinted) or 0)
    wanted = (
        select(c.id)
        .where(
            pending,
            or_(c.next_attempt_at.is_(None), c.next_attempt_at <= at),
            or_(c.hinted_at.is_(None), c.hinted_at <= unhinted_since),
            ~_paused(),
        )
        .order_by(c.id)
        .limit(max(0, room))
        .with_for_update(skip_locked=True)
    )
    ids = db.scalars(wanted).all()
    if ids:
        db.execute(asks.update().where(c.id.in_(ids)).values(hinted_at=at))
    return ids


def unsay(db: Connection, ids: Sequence[int]) -> None:
    """Have hints given again at the next sweep: nobody took them."""
    db.execute(asks.update().where(asks.c.id.in_(ids)).values(hinted_at=None))


def drop_unanswered(db: Connection, *, before: datetime) -> int:
    """Drop readers of whom nothing is known but questions that ran out before; how many.

    The questions and the log of them go, too.
    """
    c = subscribers.c
    theirs = asks.c.subscriber_id == c.id
    more = reader_log.c.subscriber_id == c.id, reader_log.c.event != Event.ASKED
    silent = select(c.id).where(
        c.state == Standing.UNCONFIRMED,
        exists().where(theirs),
        ~exists().where(theirs, asks.c.expires_at >= before),
        ~exists().where(*more),
        ~exists().where(bounces.c.subscriber_id == c.id),
    )
    ids = db.scalars(silent.limit(CHUNK).with_for_update(skip_locked=True, of=subscribers)).all()
    for table in (asks, reader_log):
        db.execute(table.delete().where(table.c.subscriber_id.in_(ids)))
    return db.execute(subscribers.delete().where(c.id.in_(ids))).rowcount if ids else 0


def _paused() -> ColumnElement[bool]:
    stopped = (channels.c.name == asks.c.channel, channels.c.paused_at.is_not(None))
    return or_(exists().where(*stopped), fenced())
