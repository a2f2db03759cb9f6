"""Deliveries in the database: the only code that writes their state."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    or_,
    select,
    tuple_,
)

from publisher.domain.channel import Receipt
from publisher.domain.delivery import (
    FAILED,
    TRANSITIONS,
    WAITING,
    Delivery,
    Outcome,
    State,
)
from publisher.storage.pacing import paused
from publisher.storage.posts import from_json
from publisher.storage.schema import deliveries, delivery_log, posts, subscribers

CHUNK = 500  # a statement takes only so many values
PERSON = "a person"  # who moved a delivery when no worker did
AT_ONCE = 500  # hints of one sweep


def plan(db: Connection, post_id: int, *, at: datetime, refused: str = "") -> int:
    """Plan the one delivery of a post that goes to one place."""
    state = State.REFUSED if refused else State.PENDING
    row = {"post_id": post_id, "state": state, "changed_at": at, "reason": refused}
    id: int = db.execute(deliveries.insert().values(row).returning(deliveries.c.id)).scalar_one()
    log(db, [entry(id, at, "", state, attempt=0, reason=refused)])
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
    return moved.rowcount == 1


def claim(db: Connection, id: int, *, at: datetime, owner: str) -> Delivery | None:
    """Take one delivery for one attempt, or None if it is taken, done, or its channel paused."""
    wanted = (
        select(deliveries, posts.c.channel, posts.c.body)
        .join(posts)
        .where(deliveries.c.id == id, deliveries.c.state.in_(WAITING), is_due(at), ~paused())
    )
    row = db.execute(wanted).one_or_none()
    if row is None:
        return None
    was, attempt = State(row.state), row.attempts + 1
    doubt = was is State.UNSURE
    values = {"attempts": attempt, "owner": owner, "in_doubt": doubt}
    if not doubt:
        values["marked_at"] = None
    if not move(db, id, was, State.SENDING, at=at, attempt=row.attempts, worker=owner, **values):
        return None
    address, token, reader = readers(db, [row.recipient]).get(row.recipient, ("", "", ""))
    if row.recipient and not address:
        left(db, id, attempt, at=at, owner=owner)
        return None
    return Delivery(
        id=id,
        channel=row.channel,
        post=from_json(row.body),
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


def left(db: Connection, id: int, attempt: int, *, at: datetime, owner: str) -> None:
    reason = "the reader has left the list"
    move(db, id, State.SENDING, State.SKIPPED, at=at, attempt=attempt, reason=reason, worker=owner)


# --- what a person says


def retry(db: Connection, ids: Sequence[int], *, at: datetime) -> int:
    """Make what failed, is held or waits due now; the number of deliveries that were."""
    done = 0
    for first in range(0, len(ids), CHUNK):
        chunk = deliveries.c.id.in_(ids[first : first + CHUNK])
        for row in db.execute(select(deliveries).where(chunk)).all():
            done += _retry(db, row, at=at)
    return done


def _retry(db: Connection, row: Any, *, at: datetime) -> bool:
    was = State(row.state)
    if was in WAITING:
        soon = {"next_attempt_at": None, "hinted_at": None, "forgiven": row.attempts}
        still = and_(deliveries.c.id == row.id, deliveries.c.state == was)
        return db.execute(deliveries.update().where(still).values(soon)).rowcount == 1
    if was not in FAILED:
        return False
    return move(
        db,
        row.id,
        was,
        State.UNSURE if row.in_doubt else State.PENDING,
        at=at,
        attempt=row.attempts,
        reason=f"{row.reason}; retried by a person" if row.in_doubt else "retried by a person",
        worker=PERSON,
        forgiven=row.attempts,
    )


def answer(
    db: Connection, id: int, now: State, *, at: datetime, reason: str, url: str = ""
) -> bool:
    """Take a person's word for what became of a delivery; False when it is not theirs to say."""
    row = db.execute(select(deliveries).where(deliveries.c.id == id)).one()
    was = State(row.state)
    if was is State.SENDING or now not in TRANSITIONS[was]:
        return False
    values = {"forgiven": row.attempts, "in_doubt": False, "url": url or row.url}
    return move(
        db, id, was, now, at=at, attempt=row.attempts, reason=reason, worker=PERSON, **values
    )


def is_due(at: datetime) -> ColumnElement[bool]:
    return or_(deliveries.c.next_attempt_at.is_(None), deliveries.c.next_attempt_at <= at)


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
