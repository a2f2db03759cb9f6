"""Deliveries in the database: the only code that writes their state."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    exists,
    literal,
    or_,
    select,
    tuple_,
)

from publisher.domain.channel import Post, Receipt
from publisher.domain.delivery import (
    BACKOFF,
    FAILED,
    LEASE,
    TRANSITIONS,
    WAITING,
    Delivery,
    Outcome,
    State,
)
from publisher.storage.posts import from_json, upsert
from publisher.storage.schema import channels, deliveries, delivery_log, posts, subscribers

PERSON = "a person"  # who moved a delivery when no worker did
AT_ONCE = 500  # hints of one sweep


@dataclass(frozen=True, kw_only=True)
class Hint:
    """Where a worker should look: one delivery, or the copies of one post."""

    delivery: int = 0
    post: int = 0


# --- planning


def plan(db: Connection, post_id: int, *, at: datetime, refused: str = "") -> int:
    """Plan the one delivery of a post that goes to one place."""
    state = State.REFUSED if refused else State.PENDING
    row = {"post_id": post_id, "state": state, "changed_at": at, "reason": refused}
    id: int = db.execute(deliveries.insert().values(row).returning(deliveries.c.id)).scalar_one()
    _log(db, [_entry(id, at, "", state, attempt=0, reason=refused)])
    return id


def plan_copies(db: Connection, post_id: int, keys: Select[Any], *, at: datetime) -> int:
    """Plan a delivery for each reader who has none of this post; how many are new.

    `keys` selects the readers' address keys. Two statements, however many readers there are.
    """
    key = keys.subquery().c.address_key
    columns: dict[str, Any] = {
        "post_id": literal(post_id),
        "recipient": key,
        "state": literal(State.PENDING.value),
        "changed_at": literal(at, deliveries.c.changed_at.type),
        "in_doubt": literal(False),
        "attempts": literal(0),
        "forgiven": literal(0),
        **{name: literal("") for name in ("reason", "owner", "remote_id", "url")},
    }
    planned = exists().where(deliveries.c.post_id == post_id, deliveries.c.recipient == key)
    new = select(*columns.values()).where(~planned)
    insert = upsert(db, deliveries).from_select(list(columns), new).on_conflict_do_nothing()
    kept = db.execute(insert, execution_options={"preserve_rowcount": True})
    added: int = kept.rowcount
    _log_planned(db, post_id, at)
    return added


def _log_planned(db: Connection, post_id: int, at: datetime) -> None:
    columns: dict[str, Any] = {
        "delivery_id": deliveries.c.id,
        "at": literal(at, delivery_log.c.at.type),
        "now": literal(State.PENDING.value),
        "attempt": literal(0),
        **{name: literal("") for name in ("was", "reason", "remote_id", "url", "worker")},
    }
    logged = exists().where(delivery_log.c.delivery_id == deliveries.c.id)
    new = select(*columns.values()).where(deliveries.c.post_id == post_id, ~logged)
    db.execute(delivery_log.insert().from_select(list(columns), new))


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
        entry = _entry(id, at, was, now, attempt=changes.get("attempts", attempt), reason=reason)
        proof = {key: changes.get(key, "") for key in ("remote_id", "url")}
        _log(db, [entry | proof | {"worker": worker}])
    return moved.rowcount == 1


def claim(db: Connection, id: int, *, at: datetime, owner: str) -> Delivery | None:
    """Take one delivery for one attempt, or None if it is taken, done, or its channel paused."""
    wanted = (
        select(deliveries, posts.c.channel, posts.c.body)
        .join(posts)
        .where(deliveries.c.id == id, deliveries.c.state.in_(WAITING), ~_paused())
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
    address, token = _readers(db, [row.recipient]).get(row.recipient, ("", ""))
    if row.recipient and not address:
        _left(db, id, attempt, at=at, owner=owner)
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


# --- many copies


def stored_post(db: Connection, post_id: int) -> tuple[str, Post] | None:
    """(channel, post) by the post's number, or None while the channel is paused."""
    row = db.execute(
        select(posts.c.channel, posts.c.body).where(posts.c.id == post_id, ~_paused())
    ).one_or_none()
    return (row.channel, from_json(row.body)) if row else None


def claim_copies(
    db: Connection,
    post_id: int,
    post: Post,
    *,
    limit: int,
    at: datetime,
    owner: str,
    channel: str,
) -> list[Delivery]:
    """Take up to `limit` readers' copies of a post for one attempt each."""
    c = deliveries.c
    waiting = (c.post_id == post_id, c.state == State.PENDING, _is_due(at))
    ready = select(c.id).where(*waiting).order_by(c.id).limit(limit)
    changes = {
        "state": State.SENDING,
        "attempts": c.attempts + 1,
        "owner": owner,
        "changed_at": at,
        "marked_at": None,
        "in_doubt": False,
        "reason": "",
    }
    update = deliveries.update().where(
        c.id.in_(ready.with_for_update(skip_locked=True)), c.state == State.PENDING
    )
    taken = update.values(changes).returning(c.id, c.attempts, c.forgiven, c.recipient)
    rows = sorted(tuple(row) for row in db.execute(taken))
    sending = (State.PENDING, State.SENDING)
    _log(db, [_entry(id, at, *sending, attempt=n) | {"worker": owner} for id, n, _, _ in rows])
    readers = _readers(db, [key for *_, key in rows])
    for id, attempt, _, key in rows:
        if key not in readers:
            _left(db, id, attempt, at=at, owner=owner)
    return [
        Delivery(
            id=id,
            channel=channel,
            post=post,
            attempt=attempt,
            tries=attempt - forgiven,
            address=readers[key][0],
            token=readers[key][1],
        )
        for id, attempt, forgiven, key in rows
        if key in readers
    ]


def _readers(db: Connection, keys: Sequence[str]) -> dict[str, tuple[str, str]]:
    c = subscribers.c
    wanted = select(c.address_key, c.address, c.token).where(
        c.address_key.in_(keys), c.state == "confirmed"
    )
    return {key: (address, token) for key, address, token in db.execute(wanted)}


def _left(db: Connection, id: int, attempt: int, *, at: datetime, owner: str) -> None:
    reason = "the reader has left the list"
    move(db, id, State.SENDING, State.SKIPPED, at=at, attempt=attempt, reason=reason, worker=owner)


# --- what is lost, what is due


def recover(db: Connection, *, at: datetime, lost: Callable[[str], bool], me: str = "") -> int:
    """Free what a lost worker held: before its mark to be sent, after it to be looked for.

    An owner is lost when its lease ran out, when `lost(owner)`, or when it is `me`, who can
    hold nothing while asking. Returns how many were freed.
    """
    c = deliveries.c
    held = select(c.id, c.owner, c.attempts, c.forgiven, c.changed_at, c.marked_at).where(
        c.state == State.SENDING
    )
    owners: dict[str, bool] = {me: True}
    freed = 0
    for row in db.execute(held).all():
        if row.owner not in owners:
            owners[row.owner] = lost(row.owner)
        if owners[row.owner] or row.changed_at < at - LEASE:
            freed += _free(db, row, at=at)
    return freed


def _free(db: Connection, row: Any, *, at: datetime) -> bool:
    doubt = row.marked_at is not None
    now = State.UNSURE if doubt else State.PENDING
    reason = f"the worker was lost {'while' if doubt else 'before'} sending"
    if row.attempts - row.forgiven > len(BACKOFF):
        now, reason = State.HELD, f"{reason}, {row.attempts - row.forgiven} times in a row"
    return move(
        db,
        row.id,
        State.SENDING,
        now,
        at=at,
        attempt=row.attempts,
        reason=reason,
        in_doubt=doubt,
    )


def due(db: Connection, *, at: datetime, unhinted_since: datetime) -> list[Hint]:
    """Where workers should look now. What was hinted at after `unhinted_since` is left out."""
    c = deliveries.c
    stale = or_(c.hinted_at.is_(None), c.hinted_at < unhinted_since)
    alone = or_(c.recipient == "", c.state == State.UNSURE)
    single = (
        select(c.id)
        .join(posts)
        .where(c.state.in_(WAITING), _is_due(at), stale, alone, ~_paused())
        .order_by(c.id)
        .limit(AT_ONCE)
    )
    ids = db.scalars(single).all()
    db.execute(deliveries.update().where(c.id.in_(ids)).values(hinted_at=at))
    return [*(Hint(delivery=id) for id in ids), *_due_mailings(db, at, unhinted_since)]


def _due_mailings(db: Connection, at: datetime, unhinted_since: datetime) -> list[Hint]:
    c = deliveries.c
    copies = exists().where(
        c.post_id == posts.c.id, c.state == State.PENDING, c.recipient != "", _is_due(at)
    )
    stale = or_(posts.c.hinted_at.is_(None), posts.c.hinted_at < unhinted_since)
    ids = db.scalars(select(posts.c.id).where(copies, stale, ~_paused())).all()
    db.execute(posts.update().where(posts.c.id.in_(ids)).values(hinted_at=at))
    return [Hint(post=id) for id in ids]


def pause(db: Connection, channel: str, reason: str, *, at: datetime) -> bool:
    """Stop a channel until a person has seen to it; False when it was stopped already."""
    paused = db.scalar(select(channels.c.paused_at).where(channels.c.name == channel))
    _touch(db, channel)
    row = channels.update().where(channels.c.name == channel)
    db.execute(row.values(paused_at=at, reason=reason))
    return paused is None


def resume(db: Connection, channel: str) -> None:
    """Let a paused channel go on."""
    row = channels.update().where(channels.c.name == channel)
    db.execute(row.values(paused_at=None, reason=""))


def reserve(db: Connection, channel: str, copies: int, *, rate: float, at: datetime) -> datetime:
    """Take the next `copies` slots of a channel's `rate` a second; when the first one is."""
    if not rate:
        return at
    _touch(db, channel)
    row = select(channels.c.next_slot_at).where(channels.c.name == channel).with_for_update()
    start = max(at, db.scalar(row) or at)
    after = start + timedelta(seconds=copies / rate)
    db.execute(channels.update().where(channels.c.name == channel).values(next_slot_at=after))
    return start


def _touch(db: Connection, channel: str) -> None:
    row = upsert(db, channels).values(name=channel, reason="")
    db.execute(row.on_conflict_do_nothing())


def _paused() -> ColumnElement[bool]:
    return exists().where(channels.c.name == posts.c.channel, channels.c.paused_at.is_not(None))


def _is_due(at: datetime) -> ColumnElement[bool]:
    return or_(deliveries.c.next_attempt_at.is_(None), deliveries.c.next_attempt_at <= at)


# --- what a person says


def retry(db: Connection, ids: Sequence[int], *, at: datetime) -> int:
    """Make what failed, is held or waits due now; the number of deliveries that were."""
    done = 0
    for row in db.execute(select(deliveries).where(deliveries.c.id.in_(ids))).all():
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
        reason="retried by a person",
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


# --- the log


def _entry(
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


def _log(db: Connection, entries: Sequence[dict[str, Any]]) -> None:
    if entries:
        db.execute(delivery_log.insert(), entries)
