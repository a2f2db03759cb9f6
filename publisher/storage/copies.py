"""Readers' copies in the database: planned, claimed and paced by the many."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, exists, literal, select

from publisher.domain.channel import Post
from publisher.domain.delivery import Delivery, State
from publisher.storage.deliveries import PERSON, entry, is_due, left, log, move, readers
from publisher.storage.pacing import paused
from publisher.storage.posts import from_json, upsert
from publisher.storage.schema import deliveries, delivery_log, posts


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
    held = (c.post_id == post_id, c.recipient == "", c.state == State.REFUSED)
    reason = "written anew, a copy for each reader"
    for row in db.execute(select(c.id, c.attempts).where(*held)).all():
        was, now = State.REFUSED, State.SKIPPED
        move(db, row.id, was, now, at=at, attempt=row.attempts, reason=reason, worker=PERSON)


def rest(db: Connection, post_id: int) -> None:
    """Let the next sweep hint at a mailing again, once copies of it are due."""
    db.execute(posts.update().where(posts.c.id == post_id).values(hinted_at=None))


def stored_post(db: Connection, post_id: int) -> tuple[str, Post] | None:
    """(channel, post) by the post's number, or None while the channel is paused."""
    row = db.execute(
        select(posts.c.channel, posts.c.body).where(posts.c.id == post_id, ~paused())
    ).one_or_none()
    return (row.channel, from_json(row.body)) if row else None


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
    rows = _taken(db, post_id, limit, at=at, owner=owner)
    sending = (State.PENDING, State.SENDING)
    log(db, [entry(id, at, *sending, attempt=n) | {"worker": owner} for id, n, _, _ in rows])
    busy = posts.update().where(posts.c.id == post_id)
    db.execute(busy.values(hinted_at=at))  # somebody is at it: no sweep need say so again
    found = readers(db, [key for *_, key in rows])
    for id, attempt, _, key in rows:
        if key not in found:
            left(db, id, attempt, at=at, owner=owner)
    return [
        Delivery(
            id=id,
            channel=channel,
            post=post,
            attempt=attempt,
            tries=attempt - forgiven,
            address=found[key][0],
            token=found[key][1],
            name=found[key][2],
        )
        for id, attempt, forgiven, key in rows
        if key in found
    ]


def _taken(
    db: Connection, post_id: int, limit: int, *, at: datetime, owner: str
) -> list[tuple[int, int, int, str]]:
    """(id, attempts, forgiven, recipient) of the copies that are `owner`'s from now on."""
    c = deliveries.c
    waiting = (c.post_id == post_id, c.state == State.PENDING, is_due(at))
    first = select(c.id).where(*waiting).order_by(c.id).limit(limit)
    # A CTE, since PostgreSQL may run a subquery more than once and so lock more than `limit`.
    ready = first.with_for_update(skip_locked=True).cte("ready")
    changes = {
        "state": State.SENDING,
        "attempts": c.attempts + 1,
        "owner": owner,
        "changed_at": at,
        "marked_at": None,
        "in_doubt": False,
        "reason": "",
    }
    update = deliveries.update().where(c.id.in_(select(ready.c.id)), c.state == State.PENDING)
    taken = update.values(changes).returning(c.id, c.attempts, c.forgiven, c.recipient)
    return sorted((row.id, row.attempts, row.forgiven, row.recipient) for row in db.execute(taken))
