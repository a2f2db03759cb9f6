"""Readers' copies in the database: planned, claimed and paced by the many."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from math import ceil
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Select,
    String,
    TableValuedAlias,
    Update,
    and_,
    bindparam,
    exists,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy.sql.dml import ReturningUpdate

from publisher.domain.channel import Post, Receipt
from publisher.domain.delivery import Delivery, Outcome, State
from publisher.domain.subscriber import Standing
from publisher.storage import many
from publisher.storage.deliveries import PERSON, is_due, is_open, left, log_as_moved, move_all
from publisher.storage.identity import fenced
from publisher.storage.pacing import paused
from publisher.storage.posts import stored, upsert
from publisher.storage.schema import Moment, deliveries, delivery_log, posts, subscribers
from publisher.storage.slow import is_put_off, is_resting

PENDING: ColumnElement[str] = literal_column(f"'{State.PENDING}'")


def plan(db: Connection, post_id: int, keys: Select[Any], *, at: datetime, doubt: str = "") -> int:
    """Plan a delivery for each reader who has none of this post; how many are new.

    `keys` selects the readers' address keys, and the days that they waited for another edition
    than this one (`else_after`), or null. As many statements, however many readers there are.
    `doubt` says why they may have it already.
    """
    readers = keys.subquery().c
    key, days = readers.address_key, readers.else_after
    waited = literal("nothing in their language within ") + days.cast(String) + literal(" days")
    last = db.scalar(select(func.max(deliveries.c.id))) or 0
    columns: dict[str, Any] = {
        "post_id": literal(post_id),
        "recipient": key,
        "state": literal((State.UNSURE if doubt else State.PENDING).value),
        "changed_at": literal(at, deliveries.c.changed_at.type),
        "in_doubt": literal(bool(doubt)),
        "attempts": literal(0),
        "forgiven": literal(0),
        "reason": literal(doubt) if doubt else func.coalesce(waited, literal("")),
        "else_after": days,
        **{name: literal("") for name in ("owner", "remote_id", "url")},
    }
    planned = exists().where(deliveries.c.post_id == post_id, deliveries.c.recipient == key)
    new = select(*columns.values()).where(~planned)
    insert = upsert(db, deliveries).from_select(list(columns), new).on_conflict_do_nothing()
    kept = db.execute(insert, execution_options={"preserve_rowcount": True})
    added: int = kept.rowcount
    _log_planned(db, post_id, at, after=last)
    return added


def _log_planned(db: Connection, post_id: int, at: datetime, *, after: int) -> None:
    columns: dict[str, Any] = {
        "delivery_id": deliveries.c.id,
        "at": literal(at, delivery_log.c.at.type),
        "now": deliveries.c.state,
        "attempt": literal(0),
        "reason": deliveries.c.reason,
        **{name: literal("") for name in ("was", "remote_id", "url", "worker")},
    }
    logged = exists().where(delivery_log.c.delivery_id == deliveries.c.id)
    ours = (deliveries.c.post_id == post_id, deliveries.c.id > after)
    new = select(*columns.values()).where(*ours, ~logged)
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
    """(channel, post) by the post's number, or None while the channel is paused.

    Raises Unreadable.
    """
    channel = db.scalar(select(posts.c.channel).where(posts.c.id == post_id, ~paused()))
    return (channel, stored(db, post_id)) if channel else None


def may_go_on(db: Connection, post_id: int, *, at: datetime) -> bool:
    """Whether copies of a post may be claimed: neither it nor its channel is paused or rests."""
    free = (posts.c.id == post_id, ~paused(), ~is_resting(at))
    return db.scalar(select(posts.c.id).where(*free)) is not None


def claim(
    db: Connection,
    post_id: int,
    post: Post,
    *,
    limit: int,
    at: datetime,
    owner: str,
    channel: str,
    after: int = 0,
) -> list[Delivery]:
    """Take up to `limit` readers' copies of a post for one attempt each, in order of their ids.

    Only ids above `after`: who claims again and again need not step over what is done.
    """
    given = {"post": post_id, "at": at, "by": owner, "most": limit, "after": after}
    given["channel"] = channel
    rows = sorted(db.execute(_taking(db.dialect.name), given).all())
    ids = [id for id, *_ in rows]
    log_as_moved(db, ids, State.PENDING, worker=owner)
    busy = posts.update().where(posts.c.id == post_id)
    db.execute(busy.values(hinted_at=at))  # somebody is at it: no sweep need say so again
    readers = _readers(db, ids)
    left(db, [id for id in ids if id not in readers], at=at, owner=owner)
    return [
        Delivery(
            id=id,
            channel=channel,
            post=post,
            attempt=attempt,
            tries=attempt - forgiven,
            recipient=recipient,
            address=readers[id][0],
            token=readers[id][1],
            name=readers[id][2],
        )
        for id, attempt, forgiven, recipient in rows
        if id in readers
    ]


@cache
def _taking(_: str) -> ReturningUpdate[int, int, int, str]:
    c, at = deliveries.c, bindparam("at", type_=Moment)
    ready = (
        select(c.id)
        .where(c.post_id == bindparam("post"), c.state == PENDING, is_open(), is_due(at))
        .where(c.id > bindparam("after"), ~is_put_off(bindparam("channel"), at), ~fenced())
        .order_by(c.id)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True)
        .cte("ready")  # PostgreSQL may run a subquery more than once and so lock more than `most`
    )
    taken = {
        "state": State.SENDING,
        "attempts": c.attempts + 1,
        "owner": bindparam("by"),
        "changed_at": at,
        "marked_at": None,
        "in_doubt": False,
        "reason": "",
    }
    update = deliveries.update().where(c.id.in_(select(ready.c.id)), c.state == PENDING)
    return update.values(taken).returning(c.id, c.attempts, c.forgiven, c.recipient)


def _readers(db: Connection, ids: Sequence[int]) -> dict[int, tuple[str, str, str]]:
    """(address, token, name) of those who are on the list, by the delivery's number."""
    if not ids:
        return {}
    found = db.execute(_addressing(db.dialect.name), {"rows": many.packed_ids(ids)})
    return {id: (address, token, name) for id, address, token, name in found}


@cache
def _addressing(dialect: str) -> Select[int, str, str, str]:
    c, s = deliveries.c, subscribers.c
    theirs = and_(s.address_key == c.recipient, s.state == Standing.CONFIRMED.value)
    wanted = select(c.id, s.address, s.token, s.name).join_from(deliveries, subscribers, theirs)
    return wanted.where(c.id.in_(many.ids(dialect)))


# --- marks and settlements, a group at a time


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """What became of a copy."""

    delivery: Delivery
    outcome: Outcome
    receipt: Receipt | None = None


def mark(db: Connection, held: Collection[Delivery], *, at: datetime) -> set[int]:
    """Note that the irrevocable byte is next for copies; the ids of those that are still ours."""
    if not held:
        return set()
    rows = many.packed([(copy.id, copy.attempt) for copy in held])
    return set(db.scalars(_marking(db.dialect.name), {"rows": rows, "at": at}))


@cache
def _marking(dialect: str) -> ReturningUpdate[int]:
    marked = {"marked_at": bindparam("at", type_=Moment)}
    return _ours(many.table(dialect)).values(marked).returning(deliveries.c.id)


def _ours(rows: TableValuedAlias) -> Update:
    """An update of those among `rows` of (id, attempt, …) that are still held for that attempt.

    The number of the attempt is the fence, as for `deliveries.move`.
    """
    c = deliveries.c
    # The empty word keeps PostgreSQL from going by the state: rows are found by their ids.
    fence = c.attempts == many.cell(rows, 1, Integer), c.state + "" == State.SENDING.value
    return deliveries.update().where(c.id == many.cell(rows, 0, BigInteger), *fence)


def settle(db: Connection, group: Sequence[Settlement], *, at: datetime, worker: str) -> set[int]:
    """Record what became of copies, and log it; the ids of those that were still ours."""
    alike: dict[tuple[Any, ...], list[tuple[int, int, str, str, str]]] = {}
    for one in group:
        delivery, receipt = one.delivery, one.receipt
        proof = (receipt.id, receipt.url) if receipt else ("", "")
        row = (delivery.id, delivery.attempt, one.outcome.note, *proof)
        alike.setdefault(_alike(one), []).append(row)
    ours: list[int] = []
    for (state, wait, in_doubt, newly, tried), rows in alike.items():
        given = {
            "rows": many.packed(rows),
            "state": state.value,
            "at": at,
            "in_doubt": in_doubt,
            "due": None if wait is None else at + timedelta(seconds=wait),
            "marked_at": at if newly else None,
            "forgiven": 0 if tried else 1,
        }
        ours += db.scalars(_settling(db.dialect.name), given).all()
    log_as_moved(db, ours, State.SENDING, worker=worker)
    return set(ours)


def _alike(one: Settlement) -> tuple[Any, ...]:
    """What one statement can say of many: waits are rounded up to seconds for that."""
    outcome = one.outcome
    wait = None if outcome.retry_in is None else ceil(outcome.retry_in.total_seconds())
    newly = outcome.in_doubt and not one.delivery.in_doubt
    return outcome.state, wait, outcome.in_doubt, newly, outcome.tried


@cache
def _settling(dialect: str) -> ReturningUpdate[int]:
    c, rows = deliveries.c, many.table(dialect)
    # what was sent may still be on its way, from now on
    marked_at = func.coalesce(bindparam("marked_at", type_=Moment), c.marked_at)
    settled = {
        "state": bindparam("state"),
        "changed_at": bindparam("at", type_=Moment),
        "in_doubt": bindparam("in_doubt"),
        "reason": many.cell(rows, 2),
        "remote_id": many.cell(rows, 3),
        "url": many.cell(rows, 4),
        "next_attempt_at": bindparam("due", type_=Moment),
        "marked_at": marked_at,
        "forgiven": c.forgiven + bindparam("forgiven", type_=Integer),
        "owner": "",
        "hinted_at": None,
    }
    return _ours(rows).values(settled).returning(c.id)
