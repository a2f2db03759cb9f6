"""Statements that find what is odd about deliveries: each row they give is one oddity.

They name moments and states as plain texts, for they also run over rows that no code can read.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    String,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
)

from publisher.domain.delivery import LEASE, TRANSITIONS, WAITING, State
from publisher.storage import circuits
from publisher.storage.deliveries import BY_ITSELF, PERSON, is_open
from publisher.storage.pacing import paused
from publisher.storage.schema import channels, deliveries, delivery_log, identity, posts
from publisher.storage.slow import is_resting

SWEEPS = timedelta(minutes=2)  # so long after a lease some sweep should have seen its end
LATE = timedelta(minutes=15)
FIRST = (State.PENDING, State.UNSURE, State.REFUSED)  # what a delivery may be planned as
AWAY = "?"  # stands for what belongs to no post

_d, _l, _p = deliveries.c, delivery_log.c, posts.c
WAYS = [f"{was}>{now}" for was, ways in TRANSITIONS.items() for now in ways]
TAKEN_BACK = f"{State.DELIVERED}>{State.SKIPPED}"  # by a person alone
CORRECTED = f"{State.DELIVERED}>{State.DELIVERED}"  # by a person alone, and it moves nothing
STARTS = [f">{now}" for now in FIRST]


def _placed(*columns: ColumnElement[Any], table: FromClause = deliveries) -> Select[Any]:
    """A selection with the issue, language and channel of each delivery's post."""
    place = (func.coalesce(c, AWAY).label(c.key) for c in (_p.issue, _p.lang, _p.channel))
    joined = table.outerjoin(posts, _p.id == _d.post_id)
    return select(_d.id, *place, *columns).select_from(joined)


# --- the balance


def unaccounted() -> Select[Any]:
    """Posts whose deliveries do not add up: some are in a state that there is not."""
    known = func.sum(case((_d.state.in_(State), 1), else_=0))
    sums = select(_d.post_id, func.count().label("planned"), known.label("accounted"))
    sums = sums.group_by(_d.post_id).having(func.count() != known)
    one = sums.subquery()
    strange = select(func.min(_d.state)).where(_d.post_id == one.c.post_id)
    word = strange.where(_d.state.not_in(State)).scalar_subquery().label("word")
    which = select(func.min(_d.id)).where(_d.post_id == one.c.post_id, _d.state.not_in(State))
    place = (_p.issue, _p.lang, _p.channel, which.scalar_subquery().label("id"))
    found = select(*place, one.c.planned, one.c.accounted, word)
    return found.join_from(one, posts, posts.c.id == one.c.post_id)


def unplanned() -> Select[Any]:
    """Posts without any delivery. A mailing that nobody reads is one of them."""
    planned = exists().where(_d.post_id == _p.id)
    return select(_p.id, _p.issue, _p.lang, _p.channel, _p.kind).where(~planned)


def mailings() -> Select[Any]:
    """The channels that have ever had a reader."""
    read = exists().where(_d.post_id == _p.id, _d.recipient != "")
    return select(_p.channel).where(read).distinct()


def doubled_posts() -> Select[Any]:
    found = select(func.max(_p.id).label("id"), _p.issue, _p.lang, _p.channel)
    return found.group_by(_p.issue, _p.lang, _p.channel).having(func.count() > 1)


def doubled_deliveries() -> Select[Any]:
    c = _d
    twice = select(func.max(c.id).label("id"), func.count().label("copies"))
    one = twice.group_by(c.post_id, c.recipient).having(func.count() > 1).subquery()
    return _placed(one.c.copies, table=one.join(deliveries, _d.id == one.c.id))


def besides_readers() -> Select[Any]:
    """Deliveries of a whole post that may still be sent, or were, beside its readers' copies."""
    other = deliveries.alias()
    readers = exists().where(other.c.post_id == _d.post_id, other.c.recipient != "")
    over = (State.REFUSED, State.SKIPPED)
    return _placed().where(_d.recipient == "", _d.state.not_in(over), readers)


def besides_originals() -> Select[Any]:
    """Copies that go to a reader who got the original in place of a translation, beside that."""
    instead, theirs = deliveries.alias(), posts.alias()
    one = (instead.c.else_after.is_not(None), instead.c.state != State.SKIPPED)
    same = (theirs.c.id == instead.c.post_id, theirs.c.issue == _p.issue)
    other = (instead.c.recipient == _d.recipient, instead.c.id != _d.id)
    twice = exists().where(*one, *same, *other)
    return _placed().where(_d.recipient != "", _d.state != State.SKIPPED, twice)


# --- the proof


def unproven() -> Select[Any]:
    """Deliveries that are said to be delivered, without a receipt or a person's word."""
    told = exists().where(_l.delivery_id == _d.id, _l.now == State.DELIVERED, _l.worker == PERSON)
    return _placed().where(_d.state == State.DELIVERED, _d.remote_id == "", _d.url == "", ~told)


def proven_otherwise() -> Select[Any]:
    """Receipts of what is not delivered."""
    proof = or_(_d.remote_id != "", _d.url != "")
    return _placed(_d.state).where(_d.state.in_(State), _d.state != State.DELIVERED, proof)


# --- the log


def missteps() -> Select[Any]:
    """Rows of the log that do not follow the one before, or do not end where the delivery is."""
    row = _steps()
    steps = row.c
    way = steps.was + ">" + steps.now
    counted = func.coalesce(steps.tries, 0) + case((steps.now == State.SENDING, 1), else_=0)
    corrected = and_(way == CORRECTED, steps.worker.in_((PERSON, BY_ITSELF)))
    last = and_(steps.following.is_(None), _d.state.in_(State))
    proof = or_(steps.remote_id != _d.remote_id, steps.url != _d.url)
    odd = case(
        (and_(steps.before.is_(None), way.not_in(STARTS)), "it is no beginning"),
        (steps.was != steps.before, literal("the row before ends with ") + steps.before),
        (and_(steps.before.is_not(None), way.not_in(WAYS), ~corrected), "there is no such way"),
        (and_(way == TAKEN_BACK, steps.worker != PERSON), "nobody had it taken back"),
        (steps.attempt != counted, literal("its attempt should be number ") + _text(counted)),
        (and_(last, steps.now != _d.state), literal("the delivery is ") + _d.state),
        (and_(last, steps.attempt != _d.attempts), "the delivery counts other attempts"),
        (and_(last, _d.state == State.DELIVERED, proof), "the delivery has another receipt"),
    )
    line = (steps.id.label("line"), steps.was, steps.now, odd.label("odd"))
    table = row.join(deliveries, _d.id == steps.delivery_id)
    return _placed(*line, table=table).where(odd.is_not(None))


def _steps() -> Any:
    own: dict[str, Any] = {"partition_by": _l.delivery_id, "order_by": _l.id}
    return select(
        *(_l.id, _l.delivery_id, _l.was, _l.now, _l.attempt, _l.remote_id, _l.url, _l.worker),
        func.lag(_l.now).over(**own).label("before"),
        func.lag(_l.attempt).over(**own).label("tries"),
        func.lead(_l.id).over(**own).label("following"),
    ).subquery()


def unlogged() -> Select[Any]:
    """Deliveries of which the log knows nothing."""
    return _placed(_d.state).where(~exists().where(_l.delivery_id == _d.id))


def _text(number: ColumnElement[int]) -> ColumnElement[str]:
    return number.cast(String)


# --- a living store


def overdue_leases(at: datetime) -> Select[Any]:
    """What is in hands that should have let go of it, by post and owner."""
    ended = and_(_d.state == State.SENDING, is_open(), _d.changed_at < at - LEASE - SWEEPS)
    by = (_d.post_id, _d.owner)
    held = select(*by, func.min(_d.id).label("id"), func.count().label("number"))
    return _summed(held.where(ended).group_by(*by).subquery(), "owner")


def late(at: datetime) -> Select[Any]:
    """What is due for long, and was hinted at by nobody, by post."""
    before = at - LATE
    due = or_(_d.next_attempt_at.is_(None), _d.next_attempt_at < before)
    told = func.coalesce(_d.hinted_at, _p.hinted_at, before - LATE)
    free = (~paused(), ~is_resting(at), ~circuits.is_open(at))
    waits = (_d.state.in_(WAITING), is_open(), due, _d.changed_at < before, told < before)
    sums = select(_d.post_id, func.min(_d.id).label("id"), func.count().label("number"))
    found = sums.join_from(deliveries, posts).where(*waits, *free).group_by(_d.post_id)
    return _summed(found.subquery())


def _summed(sums: Any, *more: str) -> Select[Any]:
    place = (_p.issue, _p.lang, _p.channel)
    columns = (sums.c.id, sums.c.number, *(sums.c[name] for name in more))
    return select(*place, *columns).join_from(sums, posts, posts.c.id == sums.c.post_id)


def paused_channels() -> Select[Any]:
    c = channels.c
    return select(c.name, c.reason).where(c.paused_at.is_not(None))


def open_circuits(at: datetime) -> Select[Any]:
    c = channels.c
    return select(c.name, c.failures).where(c.open_until > at, c.paused_at.is_(None))


def paused_posts() -> Select[Any]:
    """Posts that a person has paused, with what is left of them."""
    c = _p
    left = exists().where(_d.post_id == c.id, _d.state.in_(WAITING), is_open())
    stopped = (c.paused_at.is_not(None), left)
    return select(c.id, c.issue, c.lang, c.channel).where(*stopped)


def fences() -> Select[Any]:
    return select(identity.c.reason).where(identity.c.fenced_at.is_not(None))


def waiting_for_persons() -> Select[Any]:
    """What is held, by post, with the words of one."""
    sums = select(
        _d.post_id,
        func.min(_d.id).label("id"),
        func.count().label("number"),
        func.max(_d.reason).label("reason"),
    )
    held = sums.where(_d.state == State.HELD).group_by(_d.post_id)
    return _summed(held.subquery(), "reason")


# --- what the outside is compared with


def accountable() -> Select[Any]:
    """All deliveries that may be out there or have been, with what tells how sure that is."""
    untouched = and_(_d.attempts == 0, _d.in_doubt.is_(False), _d.state != State.DELIVERED)
    columns = (_d.state, _d.recipient, _d.remote_id, _d.url, _d.in_doubt)
    marked = (_d.marked_at.is_not(None)).label("marked")
    return _placed(*columns, marked).where(~untouched)


def history(channel: str, recipient: str) -> Select[Any]:
    """Every change of state of what went to a channel, or to one reader of it."""
    theirs = (_p.channel == channel, _d.recipient == recipient)
    steps = select(_l.was, _l.now, _l.reason, _l.worker).select_from(delivery_log)
    joined = steps.join(deliveries, _d.id == _l.delivery_id).join(posts, _p.id == _d.post_id)
    return joined.where(*theirs).order_by(_l.id)


# --- what networks can be asked about


def unproven_posts(limit: int) -> Select[Any]:
    """What is not known to be out there, newest first, with its post's body."""
    states = (State.PENDING, State.UNSURE, State.REFUSED, State.HELD)
    wanted = _placed(_d.state, _p.body.label("body"))
    open_ = wanted.where(_d.recipient == "", _d.state.in_(states))
    return open_.order_by(_d.id.desc()).limit(limit)


def is_planned(issue: str, lang: str, channel: str) -> Select[Any]:
    there = (_p.issue == issue, _p.lang == lang, _p.channel == channel)
    return select(_p.id).where(*there)
