"""Deliveries in the database: the only code that writes their state."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Insert,
    bindparam,
    literal,
    literal_column,
    or_,
    select,
    true,
    tuple_,
)

from publisher.domain.channel import Receipt
from publisher.domain.delivery import (
    FAILED,
    TRANSITIONS,
    UNFINISHED,
    WAITING,
    Delivery,
    Outcome,
    State,
)
from publisher.storage import circuits, many, notices
from publisher.storage.pacing import paused
from publisher.storage.posts import Unreadable, stored
from publisher.storage.schema import deliveries, delivery_log, posts, subscribers

CHUNK = 500  # a statement takes only so many values
PERSON = "a person"  # who moved a delivery when no worker did
BY_ITSELF = "by itself"  # who had a post changed, when nobody said so
RESEND = "a person says: send it again"
TRUE = true()


def plan(db: Connection, post_id: int, *, at: datetime, refused: str = "", doubt: str = "") -> int:
    """Plan the one delivery of a post that goes to one place.

    `refused` says why it can't be written, `doubt` why it may be there already.
    """
    state = State.REFUSED if refused else State.UNSURE if doubt else State.PENDING
    why = refused or doubt
    row = {"post_id": post_id, "state": state, "in_doubt": bool(doubt), "reason": why}
    insert = deliveries.insert().values(row | {"changed_at": at}).returning(deliveries.c.id)
    id: int = db.execute(insert).scalar_one()
    log(db, [entry(id, at, "", state, attempt=0, reason=why)])
    notices.note(db, deliveries.c.id == id, state, at=at)
    return id


# --- one delivery


def move(
    db: Connection,
    id: int,
    was: State,
    now: State,
    *,
    at: datetime,
    attempt: int,
    reason: str = "",
    worker: str = "",
    **values: Any,
) -> bool:
    """Move a delivery and log it; False when someone else moved it first.

    `attempt` is the fence, the number of attempts that the mover knows of: who held the
    delivery for an earlier one can't move it, however late it wakes up.
    """
    if now not in TRANSITIONS[was]:
        raise ValueError(f"{was} -> {now}")
    c = deliveries.c
    still_ours = (c.id == id, c.state == was, c.attempts == attempt)
    values = {"owner": "", "hinted_at": None, "next_attempt_at": None, **values}
    changes = {"state": now, "changed_at": at, "reason": reason, **values}
    moved = db.execute(deliveries.update().where(*still_ours).values(changes))
    if moved.rowcount == 1:
        line = entry(id, at, was, now, attempt=changes.get("attempts", attempt), reason=reason)
        proof = {key: changes.get(key, "") for key in ("remote_id", "url")}
        log(db, [line | proof | {"worker": worker}])
        notices.note(db, c.id == id, now, at=at)
    return moved.rowcount == 1


def move_all(
    db: Connection,
    ids: Sequence[int],
    was: State,
    now: State,
    *,
    at: datetime,
    reason: str | ColumnElement[str] = "",
    worker: str = "",
    only: ColumnElement[bool] = TRUE,
    **values: Any,
) -> int:
    """Move and log those of these deliveries that stand at `was`; how many that were.

    The few statements of a chunk take its rows first, so that nobody moves them in between.
    """
    if now not in TRANSITIONS[was]:
        raise ValueError(f"{was} -> {now}")
    c, moved = deliveries.c, 0
    clear = {"owner": "", "hinted_at": None, "next_attempt_at": None}
    changes = {"state": now, "changed_at": at, "reason": reason, **clear, **values}
    for first in range(0, len(ids), CHUNK):
        chunk = c.id.in_(ids[first : first + CHUNK])
        found = select(c.id).where(chunk, c.state == was, only).order_by(c.id).with_for_update()
        taken = db.scalars(found).all()
        if taken:
            db.execute(deliveries.update().where(c.id.in_(taken)).values(changes))
            log_as_moved(db, taken, was, worker=worker)
            moved += len(taken)
    return moved


def log_as_moved(db: Connection, ids: Collection[int], was: State, *, worker: str) -> None:
    """Log deliveries that were just moved, by what their rows say now."""
    if ids:
        db.execute(_logging(db.dialect.name, was), {"rows": many.packed_ids(ids), "by": worker})


@cache  # a mailing logs thousands of groups a minute: building the statement would cost more
def _logging(dialect: str, was: State) -> Insert:
    c = deliveries.c
    columns: dict[str, Any] = {
        "delivery_id": c.id,
        "at": c.changed_at,
        "was": literal(was.value),
        "now": c.state,
        "attempt": c.attempts,
        "reason": c.reason,
        "remote_id": c.remote_id,
        "url": c.url,
        "worker": bindparam("by", type_=delivery_log.c.worker.type),
    }
    moved = select(*columns.values()).where(c.id.in_(many.ids(dialect))).order_by(c.id)
    return delivery_log.insert().from_select(list(columns), moved)


def claim(db: Connection, id: int, *, at: datetime, owner: str) -> Delivery | None:
    """Take one delivery for one attempt.

    None if it is taken, done, or not due, or if its channel is paused, rests, or is busy. One
    whose post cannot be read is held.
    """
    wanted = (
        select(deliveries, posts.c.channel)
        .join(posts)
        .where(deliveries.c.id == id, deliveries.c.state.in_(WAITING), is_due(at), ~paused())
        .with_for_update(of=deliveries)
    )
    row = db.execute(wanted).one_or_none()
    if row is None:
        return None
    if not row.recipient and not circuits.may_begin(db, row.channel, at=at):
        return None
    was, attempt = State(row.state), row.attempts + 1
    doubt = was is State.UNSURE
    values = {"attempts": attempt, "owner": owner, "in_doubt": doubt}
    if not doubt:
        values["marked_at"] = None
    if not move(db, id, was, State.SENDING, at=at, attempt=row.attempts, worker=owner, **values):
        return None
    try:
        post = stored(db, row.post_id)
    except Unreadable as error:
        held = {"at": at, "attempt": attempt, "reason": str(error), "worker": owner}
        move(db, id, State.SENDING, State.HELD, **held)
        return None
    address, token, reader = readers(db, [row.recipient]).get(row.recipient, ("", "", ""))
    if row.recipient and not address:
        left(db, [id], at=at, owner=owner)
        return None
    return Delivery(
        id=id,
        channel=row.channel,
        post=post,
        attempt=attempt,
        tries=attempt - row.forgiven,
        in_doubt=doubt,
        marked_at=row.marked_at if doubt else None,
        evidence=row.reason,
        address=address,
        token=token,
        name=reader,
    )


def mark(db: Connection, held: Collection[tuple[int, int]], *, at: datetime) -> set[int]:
    """Note that the irrevocable byte is next, for (id, attempt) pairs; the ids still ours."""
    ours = tuple_(deliveries.c.id, deliveries.c.attempts).in_(held)
    update = deliveries.update().where(ours, deliveries.c.state == State.SENDING)
    return set(db.scalars(update.values(marked_at=at).returning(deliveries.c.id)))


def settle(
    db: Connection,
    delivery: Delivery,
    outcome: Outcome,
    *,
    at: datetime,
    worker: str,
    receipt: Receipt | None = None,
) -> bool:
    """Record what an attempt came to; False when the delivery was no longer its own."""
    values: dict[str, Any] = {"in_doubt": outcome.in_doubt}
    if outcome.retry_in is not None:
        values["next_attempt_at"] = at + outcome.retry_in
    if outcome.in_doubt and not delivery.in_doubt:
        values["marked_at"] = at  # what was sent may still be on its way, from now on
    if not outcome.tried:
        values["forgiven"] = delivery.attempt - delivery.tries + 1
    if receipt:
        values |= {"remote_id": receipt.id, "url": receipt.url}
    return move(
        db,
        delivery.id,
        State.SENDING,
        outcome.state,
        at=at,
        attempt=delivery.attempt,
        reason=outcome.note,
        worker=worker,
        **values,
    )


def readers(db: Connection, keys: Sequence[str]) -> dict[str, tuple[str, str, str]]:
    """(address, token, name) of those who are on the list, by address key."""
    c = subscribers.c
    wanted = select(c.address_key, c.address, c.token, c.name).where(
        c.address_key.in_(keys), c.state == "confirmed"
    )
    return {key: (address, token, name) for key, address, token, name in db.execute(wanted)}


def left(db: Connection, ids: Sequence[int], *, at: datetime, owner: str) -> None:
    """Skip what was claimed for readers who are not on the list any more."""
    reason = "the reader has left the list"
    move_all(db, ids, State.SENDING, State.SKIPPED, at=at, reason=reason, worker=owner)


# --- what a person says


def retry(db: Connection, ids: Sequence[int], *, at: datetime) -> int:
    """Make what failed, is held or waits due now; the number of deliveries that were."""
    c = deliveries.c
    again: dict[str, Any] = {"at": at, "worker": PERSON, "forgiven": c.attempts}
    said = "retried by a person"
    done = _hurry(db, ids)
    doubted = c.reason + f"; {said}"
    for was in FAILED:
        done += move_all(db, ids, was, State.PENDING, reason=said, only=~c.in_doubt, **again)
        done += move_all(db, ids, was, State.UNSURE, reason=doubted, only=c.in_doubt, **again)
    return done


def _hurry(db: Connection, ids: Sequence[int]) -> int:
    """Let what waits wait no longer."""
    soon = {"next_attempt_at": None, "hinted_at": None, "forgiven": deliveries.c.attempts}
    done = 0
    for first in range(0, len(ids), CHUNK):
        chunk = deliveries.c.id.in_(ids[first : first + CHUNK])
        waiting = deliveries.update().where(chunk, deliveries.c.state.in_(WAITING))
        done += db.execute(waiting.values(soon)).rowcount
    return done


def again(
    db: Connection, ids: Sequence[int], *, at: datetime, reason: str, worker: str = ""
) -> int:
    """Have what a person was asked to do handed to them once more; how many deliveries.

    Attempts are counted on, so that it comes to an end.
    """
    held, due = State.HELD, State.PENDING
    return move_all(db, ids, held, due, at=at, reason=reason, worker=worker, in_doubt=False)


def waiting_for(db: Connection, channel: str, *, since: datetime, attempts: int) -> Sequence[int]:
    """The deliveries on a channel that are held since before, after fewer attempts than so many."""
    c = deliveries.c
    held = (c.state == State.HELD, c.changed_at <= since, c.attempts - c.forgiven < attempts)
    return db.scalars(select(c.id).join(posts).where(posts.c.channel == channel, *held)).all()


def answer(
    db: Connection, ids: Sequence[int], now: State, *, at: datetime, reason: str, url: str = ""
) -> int:
    """Take a person's word for what became of deliveries; how many it was theirs to say of.

    Nobody else's word is wanted while a worker holds one.
    """
    values: dict[str, Any] = {"forgiven": deliveries.c.attempts, "in_doubt": False}
    if url:
        values["url"] = url
    met = sum(
        move_all(db, ids, was, now, at=at, reason=reason, worker=PERSON, **values)
        for was in TRANSITIONS
        if was not in (State.SENDING, State.DELIVERED) and now in TRANSITIONS[was]
    )
    if met:
        c = deliveries.c
        notices.note(db, c.id.in_(ids[:CHUNK]) & (c.changed_at == at), now, at=at)
    return met


def is_due(at: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    return or_(deliveries.c.next_attempt_at.is_(None), deliveries.c.next_attempt_at <= at)


def is_open() -> ColumnElement[bool]:
    """That a delivery is one of those in `ix_deliveries_open`.

    Databases take a partial index only for a query that says the index's own words:
    https://www.sqlite.org/partialindex.html#queries_using_partial_indexes
    """
    return deliveries.c.state.in_(_literally(UNFINISHED))


def is_done() -> ColumnElement[bool]:
    """The same of `ix_deliveries_done`: it waits for nobody, or is in no state that there is."""
    return deliveries.c.state.not_in(_literally((*UNFINISHED, State.HELD)))


def is_held() -> ColumnElement[bool]:
    """The same of `ix_deliveries_held`."""
    return deliveries.c.state == literal_column(f"'{State.HELD}'")


def _literally(states: Sequence[State]) -> list[ColumnElement[str]]:
    return [literal_column(f"'{state}'") for state in states]


# --- the log


def entry(
    id: int, at: datetime, was: str, now: str, *, attempt: int, reason: str = ""
) -> dict[str, Any]:
    return {
        "delivery_id": id,
        "at": at,
        "was": str(was),
        "now": str(now),
        "attempt": attempt,
        "reason": reason,
        "remote_id": "",
        "url": "",
        "worker": "",
    }


def log(db: Connection, entries: Sequence[dict[str, Any]]) -> None:
    if entries:
        db.execute(delivery_log.insert(), entries)
