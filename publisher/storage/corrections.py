"""What is out of an edition on a channel, and that it was changed there."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, Select, cast, func, null, select

from publisher.domain.channel import Post, Receipt
from publisher.domain.correction import OF_AN_ISSUE
from publisher.domain.delivery import UNFINISHED, State
from publisher.domain.subscriber import Standing
from publisher.storage.deliveries import PERSON, entry, log, move
from publisher.storage.posts import stored, to_json
from publisher.storage.schema import deliveries, posts, subscribers

_d, _p = deliveries.c, posts.c


@dataclass(frozen=True, kw_only=True)
class Out:
    """A post that is out: as it was said, its proof, and how many copies went to readers."""

    delivery: int
    attempt: int
    post_id: int
    post: Post
    receipt: Receipt
    copies: int


@dataclass(frozen=True, kw_only=True)
class Unsent:
    """A post that is to go out; `is_certain` that it is not out already."""

    delivery: int
    post_id: int
    post: Post
    is_certain: bool


def out(db: Connection, issue: str, lang: str, channel: str) -> Out | None:
    """The post of an edition on a channel, None where none was delivered. Raises Unreadable."""
    there = (_p.issue == issue, _p.lang == lang, _p.channel == channel)
    delivered = _d.state == State.DELIVERED
    wanted = select(_d.id, _d.post_id, _d.attempts, _d.remote_id, _d.url).join(posts)
    row = db.execute(wanted.where(*there, delivered).order_by(_d.id).limit(1)).first()
    if row is None:
        return None
    copies = select(func.count()).where(_d.post_id == row.post_id, delivered, _d.recipient != "")
    return Out(
        delivery=row.id,
        attempt=row.attempts,
        post_id=row.post_id,
        post=stored(db, row.post_id),
        receipt=Receipt(id=row.remote_id, url=row.url),
        copies=db.scalar(copies) or 0,
    )


def proof_beside(db: Connection, delivery: int, lang: str) -> str:
    """The network's id of the edition in a language, on the channel of a delivery; "" for none.

    What corrects an issue stands beside that issue.
    """
    mine = select(_p.issue, _p.channel).join(deliveries).where(_d.id == delivery)
    issue, channel = db.execute(mine).one()
    there = (_p.issue == issue.partition(OF_AN_ISSUE)[0], _p.channel == channel, _p.lang == lang)
    wanted = select(_d.remote_id).join(posts).where(*there, _d.state == State.DELIVERED)
    return str(db.scalar(wanted.order_by(_d.id).limit(1)) or "")


def readers(issue: str, lang: str, channel: str) -> Select[Any]:
    """The address keys of those who were sent an edition and are on the list."""
    there = (_p.issue == issue, _p.lang == lang, _p.channel == channel)
    sent = select(_d.recipient).join(posts).where(*there, _d.state == State.DELIVERED)
    c = subscribers.c
    at_once = cast(null(), Integer).label("else_after")
    confirmed = (c.state == Standing.CONFIRMED, c.address_key.in_(sent))
    return select(c.address_key, at_once).where(*confirmed)


def places(db: Connection, issue: str, lang: str) -> list[str]:
    """The channels on which something of an edition is out, or on its way."""
    states = (State.DELIVERED, *UNFINISHED)
    wanted = select(_p.channel).join(deliveries).where(_p.issue == issue, _p.lang == lang)
    return list(db.scalars(wanted.where(_d.state.in_(states)).distinct()))


def unsent(db: Connection, issue: str, lang: str, channel: str) -> Unsent | None:
    """The post of an edition that is to go out to one place, None where there is none.

    Whoever would send it waits until the transaction is over. Raises Unreadable.
    """
    there = (_p.issue == issue, _p.lang == lang, _p.channel == channel)
    wanted = select(_d.id, _d.state, _d.in_doubt, _d.post_id).join(posts).where(*there)
    row = db.execute(wanted.with_for_update(of=deliveries)).first()
    if row is None or row.state not in (*UNFINISHED, State.HELD):
        return None
    if row.state == State.HELD and row.in_doubt:
        return None
    waits = row.state in (State.PENDING, State.HELD) and not row.in_doubt
    post = stored(db, row.post_id)
    return Unsent(delivery=row.id, post_id=row.post_id, post=post, is_certain=waits)


def note(
    db: Connection, out: Out, post: Post, receipt: Receipt, *, reason: str, at: datetime, by: str
) -> None:
    """Remember what a post says now, and log that it was changed, `by` a person or BY_ITSELF."""
    db.execute(posts.update().where(_p.id == out.post_id).values(body=to_json(post)))
    proof = {"remote_id": receipt.id, "url": receipt.url or out.receipt.url}
    db.execute(deliveries.update().where(_d.id == out.delivery).values(proof))
    state = State.DELIVERED
    line = entry(out.delivery, at, state, state, attempt=out.attempt, reason=reason)
    log(db, [line | proof | {"worker": by}])


def take_back(db: Connection, out: Out, *, reason: str, at: datetime) -> bool:
    """Note that a person had a post taken back; False when it was noted meanwhile."""
    gone: dict[str, Any] = {"remote_id": "", "url": ""}
    was, now = State.DELIVERED, State.SKIPPED
    known: dict[str, Any] = {"at": at, "attempt": out.attempt, "worker": PERSON}
    return move(db, out.delivery, was, now, reason=reason, **known, **gone)
