"""What the store tells a person: the matrix, the attempts, the count that proves an issue."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    case,
    func,
    select,
    true,
    union_all,
)

from publisher.domain.delivery import WAITING, State
from publisher.storage.deliveries import PERSON, is_done, is_held, is_open
from publisher.storage.pauses import PAUSED
from publisher.storage.schema import (
    actions,
    channels,
    deliveries,
    delivery_log,
    editions,
    posts,
    sources,
    subscribers,
)

ORDER = (
    State.SENDING,
    State.PENDING,
    State.UNSURE,
    State.HELD,
    State.DELIVERED,
    State.REFUSED,
    State.SKIPPED,
)
URGENCY = {state: number for number, state in enumerate(ORDER)}
STATES = {state.value: state for state in State}


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One post on one channel, as it stands. `readers` counts copies by state; None: no readers.

    `paused` says that nothing will happen until a person has seen to the channel. A channel that
    rests is told in `reason`, and until when in `next_attempt_at`. `changed_at` is the last change.
    """

    issue: str
    lang: str
    channel: str
    kind: str
    state: State
    attempts: int
    url: str
    remote_id: str
    reason: str
    next_attempt_at: datetime | None
    readers: dict[str, int] | None
    paused: bool
    changed_at: datetime | None = None

    @property
    def needs_person(self) -> bool:
        return self.state in {State.REFUSED, State.HELD} or self.paused or self.refused > 0

    @property
    def refused(self) -> int:
        """How many readers' copies were refused, while the post as a whole is delivered."""
        done = self.state is State.DELIVERED
        return (self.readers or {}).get(State.REFUSED, 0) if done else 0

    @property
    def finished(self) -> bool:
        return self.needs_person or self.state in {State.DELIVERED, State.SKIPPED}


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One try at one delivery, or a person's word about it (then `worker` is "a person")."""

    issue: str
    channel: str
    lang: str
    reader: str | None
    attempt: int
    started_at: datetime
    finished_at: datetime | None = None
    outcome: str = State.SENDING
    reason: str = ""
    remote_id: str = ""
    url: str = ""
    worker: str = ""


@dataclass
class _Tally:
    """The deliveries of one post while they are summed up, the most urgent state first."""

    row: Row[Any]
    counts: dict[str, int] = field(default_factory=dict)
    worst: Row[Any] | None = None
    changed_at: datetime | None = None


def standings(db: Connection, issue: str | None = None) -> list[Standing]:
    """Every post of an issue, or of all, ordered by issue, language and channel."""
    return _standings(db, _counted([issue] if issue is not None else None))


def standings_of(db: Connection, issues: Sequence[str]) -> list[Standing]:
    """Every post of some issues, in the same order."""
    return _standings(db, _counted(issues))


def _standings(db: Connection, query: Select[Any]) -> list[Standing]:
    tallies: dict[int, _Tally] = {}
    for row in db.execute(query).all():
        tally = tallies.setdefault(row.post_id, _Tally(row))
        if row.state:
            tally.counts[row.state] = row.copies
            if tally.changed_at is None or (row.changed_at and row.changed_at > tally.changed_at):
                tally.changed_at = row.changed_at
            if tally.worst is None or _urgency(row) < _urgency(tally.worst):
                tally.worst = row
    return [_standing(tally) for tally in tallies.values()]


def _state(row: Row[Any]) -> State:
    """Where a delivery stands; one in a state that there is not waits for a person."""
    return STATES.get(row.state, State.HELD)


def _urgency(row: Row[Any]) -> int:
    state = _state(row)
    return -1 if row.paused_at and state is State.HELD else URGENCY[state]


def _counted(issues: Sequence[str] | None) -> Select[Any]:
    """The posts with their deliveries summed up by state.

    Copies that are done may be very many: they are counted in their index, and one of them speaks
    for all.
    """
    ours: ColumnElement[bool] = true()
    theirs: ColumnElement[bool] = true()
    if issues is not None:
        ours = posts.c.issue.in_(issues)
        theirs = deliveries.c.post_id.in_(select(posts.c.id).where(ours))
    every = union_all(_done(theirs), _summed(theirs, is_open()), _summed(theirs, is_held()))
    groups = every.subquery("groups")
    query = (
        select(
            posts.c.id.label("post_id"),
            posts.c.issue,
            posts.c.lang,
            posts.c.channel,
            posts.c.kind,
            channels.c.paused_at,
            posts.c.paused_at.label("stopped_at"),
            channels.c.reason.label("pause_reason"),
            channels.c.failures,
            channels.c.open_until,
            *(groups.c[name] for name in SUMMED),
        )
        .select_from(posts)
        .outerjoin(groups, groups.c.of == posts.c.id)
        .outerjoin(channels, channels.c.name == posts.c.channel)
        .order_by(posts.c.issue, posts.c.lang, posts.c.channel, posts.c.id)
    )
    return query.where(ours)


SUMMED = (
    "state",
    "copies",
    "recipient",
    "attempts",
    "next_attempt_at",
    "changed_at",
    "reason",
    "remote_id",
    "url",
)


def _done(theirs: ColumnElement[bool]) -> Select[Any]:
    c, one = deliveries.c, deliveries.alias("one")
    counts = (
        select(
            c.post_id,
            c.state,
            func.count().label("copies"),
            func.max(c.attempts).label("attempts"),
            func.max(c.changed_at, type_=c.changed_at.type).label("changed_at"),
            func.min(c.id).label("first"),
        )
        .where(is_done(), theirs)
        .group_by(c.post_id, c.state)
        .subquery("counts")
    )
    of = counts.c
    return select(
        of.post_id.label("of"),
        of.state,
        of.copies,
        one.c.recipient,
        of.attempts,
        one.c.next_attempt_at,
        of.changed_at,
        one.c.reason,
        one.c.remote_id,
        case((one.c.recipient == "", one.c.url), else_="").label("url"),
    ).join_from(counts, one, one.c.id == of.first)


def _summed(theirs: ColumnElement[bool], which: ColumnElement[bool]) -> Select[Any]:
    c = deliveries.c
    alone = case((func.max(c.recipient) == "", func.max(c.url)), else_="")
    return (
        select(
            c.post_id.label("of"),
            c.state,
            func.count().label("copies"),
            func.max(c.recipient).label("recipient"),
            func.max(c.attempts).label("attempts"),
            func.min(c.next_attempt_at, type_=c.next_attempt_at.type).label("next_attempt_at"),
            func.max(c.changed_at, type_=c.changed_at.type).label("changed_at"),
            func.max(c.reason).label("reason"),
            func.max(c.remote_id).label("remote_id"),
            alone.label("url"),
        )
        .where(which, theirs)
        .group_by(c.post_id, c.state)
    )


def _standing(tally: _Tally) -> Standing:
    row, worst = tally.row, tally.worst
    alone = worst is not None and not worst.recipient
    state = _state(worst) if worst else State.SKIPPED
    stopped = bool(row.paused_at or row.stopped_at)
    paused = stopped and state in WAITING
    why = f"channel paused: {row.pause_reason}" if row.paused_at else PAUSED
    reason = worst.reason if worst else "nobody reads this edition yet"
    if worst and worst.state not in STATES:
        reason = f"there is no state {worst.state!r}; `publisher doctor` names the row"
    later = worst.next_attempt_at if worst else None
    if row.open_until and alone and state in WAITING and not paused:
        reason = f"channel rests after {row.failures} failures in a row: {row.pause_reason}"
        later = max(row.open_until, later or row.open_until)
    return Standing(
        issue=row.issue,
        lang=row.lang,
        channel=row.channel,
        kind=row.kind,
        state=state,
        attempts=worst.attempts if worst else 0,
        url=worst.url if worst else "",
        remote_id=worst.remote_id if worst and alone else "",
        reason=why if paused else reason,
        next_attempt_at=None if paused else later,
        readers=None if alone else dict(sorted(tally.counts.items())),
        paused=paused,
        changed_at=tally.changed_at,
    )


def issues(db: Connection) -> list[Row[Any]]:
    """The editions planned so far, newest first: all that is known of them but the long text."""
    c = editions.c
    short = [column for column in c if column is not c.html]
    return list(db.execute(select(*short).order_by(c.dated.desc(), c.issue.desc(), c.lang)))


def editions_of(db: Connection, issues_: Sequence[str]) -> list[Row[Any]]:
    """(issue, lang, title, url) of each edition of some issues."""
    c = editions.c
    query = select(c.issue, c.lang, c.title, c.url).where(c.issue.in_(issues_))
    return list(db.execute(query.order_by(c.issue, c.lang)))


def latest_issues(db: Connection, *, most: int, skip: int = 0) -> list[str]:
    """The keys of planned issues, the newest first: so many, after so many."""
    c = editions.c
    dated = func.max(c.dated)
    known = select(c.issue).where(c.issue.in_(select(posts.c.issue)))
    query = known.group_by(c.issue).order_by(dated.desc(), c.issue.desc())
    return list(db.scalars(query.limit(most).offset(skip)))


def planned_issues(db: Connection) -> int:
    """How many issues were ever planned."""
    return int(db.scalar(select(func.count(posts.c.issue.distinct()))) or 0)


def needing(db: Connection, *, most: int) -> list[str]:
    """The keys of issues of which something is held or was refused, the latest planned first."""
    c = deliveries.c
    failed = (c.state.in_((State.REFUSED, State.HELD)), c.recipient == "")
    last = func.max(posts.c.id)
    query = select(posts.c.issue).join(deliveries, c.post_id == posts.c.id).where(*failed)
    return list(db.scalars(query.group_by(posts.c.issue).order_by(last.desc()).limit(most)))


def troubled_copies(db: Connection, issue: str, *, most: int) -> list[Row[Any]]:
    """Why mail did not arrive: (channel, lang, state, reason, copies), the commonest first."""
    c = deliveries.c
    copies = func.count(c.id).label("copies")
    told = (posts.c.channel, posts.c.lang, c.state, c.reason)
    theirs = (posts.c.issue == issue, c.recipient != "", c.state.in_((State.REFUSED, State.HELD)))
    query = select(*told, copies).join(posts).where(*theirs).group_by(*told)
    return list(db.execute(query.order_by(copies.desc(), *told).limit(most)))


def version(db: Connection) -> tuple[int, ...]:
    """What is another whenever something was delivered, tried or done by a person since."""
    return tuple(db.scalar(select(func.max(table.c.id))) or 0 for table in (delivery_log, actions))


def is_sending(db: Connection) -> bool:
    """Whether any delivery at all is in a worker's hands."""
    sending = deliveries.c.state == State.SENDING
    held = select(deliveries.c.id).where(sending, is_open()).limit(1)
    return db.scalar(held) is not None


def troubles(db: Connection) -> list[tuple[str, str]]:
    """(source, problem) pairs of the last look at each source."""
    rows = db.execute(select(sources.c.name, sources.c.problems))
    return [(row.name, problem) for row in rows for problem in row.problems]


def delivery_ids(
    db: Connection,
    issue: str,
    *,
    names: Sequence[str] = (),
    states: Sequence[State] = (),
    reader: str = "",
    lang: str = "",
) -> list[int]:
    """The deliveries of an issue, on some channels, in some states, to one reader, or of one
    edition.
    """
    c = deliveries.c
    query = select(c.id).join(posts).where(posts.c.issue == issue)
    if names:
        query = query.where(posts.c.channel.in_(names))
    if states:
        query = query.where(c.state.in_(states))
    if reader:
        query = query.where(c.recipient == reader)
    if lang:
        query = query.where(posts.c.lang == lang)
    return list(db.scalars(query.order_by(c.id)))


def attempts(db: Connection, issue: str, *, channel: str = "", reader: str = "") -> list[Attempt]:
    """Every attempt at an issue's deliveries, and every answer of a person, oldest first."""
    return _attempts(db, logged(issue, channel, reader))


def attempts_at_posts(db: Connection, issue: str) -> list[Attempt]:
    """The same without the copies for readers, of which there may be very many."""
    return _attempts(db, logged(issue, "", "").where(deliveries.c.recipient == ""))


def _attempts(db: Connection, query: Select[Any]) -> list[Attempt]:
    open_ones: dict[tuple[int, int], int] = {}
    found: list[Attempt] = []
    for row in db.execute(query):
        key = (row.delivery_id, row.attempt)
        if row.now == State.SENDING:
            open_ones[key] = len(found)
            found.append(_attempt(row, started_at=row.at))
        elif row.was == State.SENDING and key in open_ones:
            found[open_ones[key]] = _finished(row, found[open_ones[key]])
        elif row.worker == PERSON or row.now == State.REFUSED:
            found.append(_attempt(row, started_at=row.at, finished_at=row.at, outcome=row.now))
    return found


def logged(issue: str, channel: str, reader: str) -> Select[Any]:
    """The log of an issue's deliveries, of a channel or to a reader, oldest first."""
    query = (
        select(
            delivery_log,
            posts.c.issue,
            posts.c.lang,
            posts.c.channel,
            func.coalesce(subscribers.c.address, deliveries.c.recipient).label("reader"),
        )
        .select_from(delivery_log)
        .join(deliveries, deliveries.c.id == delivery_log.c.delivery_id)
        .join(posts, posts.c.id == deliveries.c.post_id)
        .outerjoin(subscribers, subscribers.c.address_key == deliveries.c.recipient)
        .where(posts.c.issue == issue)
        .order_by(delivery_log.c.id)
    )
    if channel:
        query = query.where(posts.c.channel == channel)
    return query.where(deliveries.c.recipient == reader) if reader else query


def _attempt(row: Row[Any], **values: Any) -> Attempt:
    return Attempt(
        issue=row.issue,
        channel=row.channel,
        lang=row.lang,
        reader=row.reader or None,
        attempt=row.attempt,
        reason=row.reason,
        remote_id=row.remote_id,
        url=row.url,
        worker=row.worker,
        **values,
    )


def attempt(begun: Row[Any], end: Row[Any] | None) -> Attempt:
    """An attempt of its first line in the log and its last, which may be the same one."""
    if end is begun:
        return _attempt(end, started_at=end.at, finished_at=end.at, outcome=end.now)
    started = _attempt(begun, started_at=begun.at)
    return _ended(end, started) if end else started


def _ended(row: Row[Any], begun: Attempt) -> Attempt:
    told = {name: getattr(row, name) for name in ("reason", "remote_id", "url")}
    return replace(begun, finished_at=row.at, outcome=row.now, **told)


def _finished(row: Row[Any], begun: Attempt) -> Attempt:
    done = _attempt(row, started_at=begun.started_at, finished_at=row.at, outcome=row.now)
    return replace(done, worker=begun.worker)  # whoever found a worker lost is not the worker
