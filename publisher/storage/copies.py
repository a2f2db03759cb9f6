"""Readers' copies in the database: planned, claimed and paced by the many."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    Select,
    and_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
)

from publisher.domain.channel import Post, Receipt
from publisher.domain.delivery import Delivery, Outcome, State
from publisher.domain.subscriber import Standing
from publisher.storage.deliveries import IDS, PERSON, left, log_as_moved, move_all
from publisher.storage.pacing import paused
from publisher.storage.posts import from_json, upsert
from publisher.storage.schema import deliveries, delivery_log, posts, subscribers


def plan(db: Connection, post_id: int, keys: Select[Any], *, at: datetime) -> int:
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


def replace_placeholder(db: Connection, post_id: int, *, at: datetime) -> None:
    """Skip the one delivery that stood for a mailing that could not be written."""
    c = deliveries.c
    ids = db.scalars(select(c.id).where(c.post_id == post_id, c.recipient == "")).all()
    reason = "written anew, a copy for each reader"
    move_all(db, ids, State.REFUSED, State.SKIPPED, at=at, reason=reason, worker=PERSON)


def rest(db: Connection, post_id: int) -> None:
    """Let the next sweep hint at a mailing again, once copies of it are due."""
    db.execute(posts.update().where(posts.c.id == post_id).values(hinted_at=None))


def stored_post(db: Connection, post_id: int) -> tuple[str, Post] | None:
    """(channel, post) by the post's number, or None while the channel is paused."""
    row = db.execute(
        select(posts.c.channel, posts.c.body).where(posts.c.id == post_id, ~paused())
    ).one_or_none()
    return (row.channel, from_json(row.body)) if row else None


def is_open(db: Connection, post_id: int) -> bool:
    """Whether copies of a post may be claimed: neither it nor its channel is paused."""
    return db.scalar(select(posts.c.id).where(posts.c.id == post_id, ~paused())) is not None


def claim(
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
    rows = db.execute(_READY, {"post": post_id, "at": at, "most": limit}).all()
    if ids := [row.id for row in rows]:
        db.execute(_TAKE, {"ids": ids, "at": at, "by": owner})
        log_as_moved(db, ids, State.PENDING, worker=owner)
    busy = posts.update().where(posts.c.id == post_id)
    db.execute(busy.values(hinted_at=at))  # somebody is at it: no sweep need say so again
    left(db, [row.id for row in rows if not row.address], at=at, owner=owner)
    return [
        Delivery(
            id=id,
            channel=channel,
            post=post,
            attempt=attempts + 1,
            tries=attempts + 1 - forgiven,
            address=address,
            token=token,
            name=name,
        )
        for id, attempts, forgiven, address, token, name in rows
        if address
    ]


# --- marks and settlements, a group at a time


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """What became of a copy."""

    delivery: Delivery
    outcome: Outcome
    receipt: Receipt | None = None


_c, _s = deliveries.c, subscribers.c
_READY = (
    select(_c.id, _c.attempts, _c.forgiven, _s.address, _s.token, _s.name)
    .select_from(deliveries)
    .outerjoin(
        subscribers, and_(_s.address_key == _c.recipient, _s.state == Standing.CONFIRMED.value)
    )
    .where(
        _c.post_id == bindparam("post"),
        _c.state == State.PENDING,
        or_(_c.next_attempt_at.is_(None), _c.next_attempt_at <= bindparam("at")),
    )
    .order_by(_c.id)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True, of=deliveries)
)
_TAKE = (
    deliveries.update()
    .where(_c.id.in_(IDS))
    .values(
        state=State.SENDING,
        attempts=_c.attempts + 1,
        owner=bindparam("by"),
        changed_at=bindparam("at"),
        marked_at=None,
        in_doubt=False,
        reason="",
    )
)
_HELD = (
    select(_c.id, _c.attempts)
    .where(_c.id.in_(IDS), _c.state == State.SENDING)
    .order_by(_c.id)
    .with_for_update()
)
_MARK = deliveries.update().where(_c.id.in_(IDS)).values(marked_at=bindparam("at"))
_SETTLE = (
    deliveries.update()
    .where(_c.id == bindparam("settled"))
    .values(
        state=bindparam("state"),
        changed_at=bindparam("changed_at"),
        in_doubt=bindparam("in_doubt"),
        reason=bindparam("reason"),
        next_attempt_at=bindparam("next_attempt_at"),
        marked_at=func.coalesce(bindparam("marked_at", type_=_c.marked_at.type), _c.marked_at),
        forgiven=func.coalesce(bindparam("forgiven", type_=_c.forgiven.type), _c.forgiven),
        remote_id=bindparam("remote_id"),
        url=bindparam("url"),
        owner="",
        hinted_at=None,
    )
)


def held(db: Connection, copies: Iterable[Delivery]) -> set[int]:
    """The ids of those that their holder still holds. Nobody else moves them in the meantime.

    The number of the attempt is the fence, as for `deliveries.move`.
    """
    attempts = {copy.id: copy.attempt for copy in copies}
    found = db.execute(_HELD, {"ids": list(attempts)})
    return {id for id, attempt in found if attempts[id] == attempt}


def mark(db: Connection, ids: Sequence[int], *, at: datetime) -> None:
    """Note that the irrevocable byte is next for copies that are `held`."""
    if ids:
        db.execute(_MARK, {"ids": ids, "at": at})


def settle(db: Connection, group: Sequence[Settlement], *, at: datetime, worker: str) -> None:
    """Record what became of copies that are `held`, and log it."""
    if group:
        db.execute(_SETTLE, [_settled(one, at) for one in group])
        log_as_moved(db, [one.delivery.id for one in group], State.SENDING, worker=worker)


def _settled(one: Settlement, at: datetime) -> dict[str, Any]:
    delivery, outcome, receipt = one.delivery, one.outcome, one.receipt
    wait = outcome.retry_in
    return {
        "settled": delivery.id,
        "state": outcome.state.value,
        "changed_at": at,
        "in_doubt": outcome.in_doubt,
        "reason": outcome.note,
        "next_attempt_at": None if wait is None else at + wait,
        # what was sent may still be on its way, from now on
        "marked_at": at if outcome.in_doubt and not delivery.in_doubt else None,
        "forgiven": None if outcome.tried else delivery.attempt - delivery.tries + 1,
        "remote_id": receipt.id if receipt else "",
        "url": receipt.url if receipt else "",
    }
