"""What waits in the database: lost with a worker, due for one, or paused with its channel."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select, true

from publisher.domain import circuit
from publisher.domain.delivery import BACKOFF, LEASE, WAITING, State
from publisher.storage import circuits
from publisher.storage.deliveries import CHUNK, is_due, is_open, move_all
from publisher.storage.pacing import paused
from publisher.storage.schema import asks, deliveries, posts, workers
from publisher.storage.slow import is_resting

AT_ONCE = 500  # hints of one sweep
SILENT = timedelta(minutes=2)  # a machine that has given no sign of life since is not counted on


@dataclass(frozen=True, kw_only=True)
class Hint:
    """Where a worker should look: one delivery, the copies of one post, or one question."""

    delivery: int = 0
    post: int = 0
    ask: int = 0


def recover(db: Connection, *, at: datetime, lost: Callable[[str], bool], me: str = "") -> int:
    """Free what a lost worker held: before its mark to be sent, after it to be looked for.

    An owner is lost when its lease ran out, when `lost(owner)`, or when it is `me`, who can
    hold nothing while asking. Returns how many were freed.
    """
    c = deliveries.c
    ended = (c.changed_at < at - LEASE).label("ended")  # told there: it may be no moment
    held = select(c.id, c.owner, c.attempts, ended)
    held = held.where(c.state == State.SENDING, is_open())
    owners: dict[str, bool] = {me: True}
    doomed: dict[int, int] = {}
    for row in db.execute(held.order_by(c.id)).all():
        if row.owner not in owners:
            owners[row.owner] = lost(row.owner)
        if owners[row.owner] or row.ended:
            doomed[row.id] = row.attempts
    ids = list(doomed)
    chunks = [ids[first : first + CHUNK] for first in range(0, len(ids), CHUNK)]
    return sum(_free(db, {id: doomed[id] for id in chunk}, at=at) for chunk in chunks)


def _free(db: Connection, attempts: Mapping[int, int], *, at: datetime) -> int:
    """Free what is still held for the same attempt."""
    c = deliveries.c
    found = select(c.id, c.post_id, c.attempts, c.forgiven, c.marked_at)
    still = found.where(c.id.in_(attempts), c.state == State.SENDING).order_by(c.id)
    rows = [
        row for row in db.execute(still.with_for_update()).all() if row.attempts == attempts[row.id]
    ]
    groups: dict[tuple[State, str, bool], list[int]] = defaultdict(list)
    for row in rows:
        groups[_freed(row)].append(row.id)
    for (now, reason, doubt), ids in groups.items():
        since = at if doubt else None  # what it had sent may still be on its way
        moved: dict[str, Any] = {"in_doubt": doubt, "marked_at": since}
        move_all(db, ids, State.SENDING, now, at=at, reason=reason, **moved)
    mailings = {row.post_id for row in rows}
    db.execute(posts.update().where(posts.c.id.in_(mailings)).values(hinted_at=None))
    return len(rows)


def _freed(row: Any) -> tuple[State, str, bool]:
    """Where a delivery goes whose worker was lost, why, and whether it may be posted."""
    doubt = row.marked_at is not None
    reason = f"the worker was lost {'while' if doubt else 'before'} sending"
    tries = row.attempts - row.forgiven
    if tries > len(BACKOFF):
        return State.HELD, f"{reason}, {tries} times in a row", doubt
    return State.UNSURE if doubt else State.PENDING, reason, doubt


def forget_hints(db: Connection) -> None:
    """Forget what was hinted at, where the queue that held it is gone: it is said again."""
    waits = [(table, table.c.state.in_(WAITING)) for table in (deliveries, asks)]
    for table, still in (*waits, (posts, true())):
        db.execute(
            table.update().where(still, table.c.hinted_at.is_not(None)).values(hinted_at=None)
        )


def due(
    db: Connection,
    *,
    at: datetime,
    unhinted_since: datetime,
    machine: Callable[[str], str] = lambda owner: owner,
) -> list[Hint]:
    """Where workers should look now. What was hinted at after `unhinted_since` is left out.

    A mailing is hinted at until as many machines are at it as there are, all the same. `machine`
    tells an owner's.
    """
    c = deliveries.c
    stale = or_(c.hinted_at.is_(None), c.hinted_at < unhinted_since)
    alone = or_(c.id.in_(_firsts(db, at, stale)), c.id.in_(_doubted(at, stale)))
    wanted = select(c.id).where(alone).order_by(c.id)
    ids = db.scalars(wanted.with_for_update(skip_locked=True)).all()  # another sweep has the others
    db.execute(deliveries.update().where(c.id.in_(ids)).values(hinted_at=at))
    mailings = _due_mailings(db, at, unhinted_since, machine)
    return [*(Hint(delivery=id) for id in ids), *(Hint(post=id) for id in mailings)]


def unsay(db: Connection, hints: Collection[Hint]) -> None:
    """Have hints given again at the next sweep: nobody took them."""
    for table, ids in (
        (deliveries, [hint.delivery for hint in hints if hint.delivery]),
        (posts, [hint.post for hint in hints if hint.post]),
    ):
        if ids:
            db.execute(table.update().where(table.c.id.in_(ids)).values(hinted_at=None))


def _firsts(db: Connection, at: datetime, stale: ColumnElement[bool]) -> Select[tuple[int]]:
    """The first that are due of each network, no more than its channel takes at once."""
    c, channel = deliveries.c, posts.c.channel
    place = func.row_number().over(partition_by=channel, order_by=c.id).label("place")
    free = (~circuits.is_open(at), channel.not_in(circuits.busy(db, at=at)))
    due = select(c.id, place).join(posts).where(_waits(at), c.recipient == "", stale, *free)
    placed = due.subquery()
    return select(placed.c.id).where(placed.c.place <= circuit.AT_ONCE)


def _doubted(at: datetime, stale: ColumnElement[bool]) -> Select[tuple[int]]:
    """Readers' copies that may have been sent: each is looked for by itself."""
    c = deliveries.c
    doubted = select(c.id).join(posts).where(c.state == State.UNSURE, c.recipient != "")
    return doubted.where(_waits(at), stale).order_by(c.id).limit(AT_ONCE)


def _waits(at: datetime) -> ColumnElement[bool]:
    return and_(deliveries.c.state.in_(WAITING), is_open(), is_due(at), ~paused())


def next_on(db: Connection, channel: str, *, at: datetime) -> Hint | None:
    """What is due next on a network's channel, if all is well there."""
    if not circuits.is_well(db, channel):
        return None
    c = deliveries.c
    due = select(c.id).join(posts).where(posts.c.channel == channel, _waits(at), c.recipient == "")
    id = db.scalar(due.order_by(c.id).limit(1))
    return None if id is None else Hint(delivery=id)


def _due_mailings(
    db: Connection, at: datetime, unhinted_since: datetime, machine: Callable[[str], str]
) -> list[int]:
    c = deliveries.c
    copies = exists().where(
        c.post_id == posts.c.id,
        c.state == State.PENDING,
        is_open(),
        c.recipient != "",
        is_due(at),
    )
    found = select(posts.c.id, posts.c.hinted_at).where(copies, ~paused(), ~is_resting(at))
    busy, most = _machines_at(db, machine), _machines(db, at)
    ids: list[int] = []
    for row in db.execute(found).all():
        at_it = len(busy[row.id])
        silent = row.hinted_at is None or (row.hinted_at < unhinted_since and not at_it)
        if silent or 0 < at_it < most:
            ids += [row.id] * max(1, most)  # for each one; who is at it leaves its own
    db.execute(posts.update().where(posts.c.id.in_(ids)).values(hinted_at=at))
    return ids


def _machines_at(db: Connection, machine: Callable[[str], str]) -> Mapping[int, set[str]]:
    """The machines that send copies now, by post."""
    c = deliveries.c
    held = select(c.post_id, c.owner).where(c.state == State.SENDING, is_open(), c.recipient != "")
    at_it: dict[int, set[str]] = defaultdict(set)
    for post_id, owner in db.execute(held.distinct()):
        at_it[post_id].add(machine(owner))
    return at_it


def _machines(db: Connection, at: datetime) -> int:
    """How many machines have workers that live."""
    live = workers.c.beat_at > at - SILENT
    return db.scalar(select(func.count(workers.c.host.distinct())).where(live)) or 0
