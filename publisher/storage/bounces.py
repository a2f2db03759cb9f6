"""What came back of mail, in the database: noted once, weighed later."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from publisher.domain.bounce import BLAMES, Kind, Verdict
from publisher.domain.subscriber import Event, Standing
from publisher.storage import reader_log, suppressions
from publisher.storage.posts import upsert
from publisher.storage.schema import bounces, deliveries, posts, subscribers

BOUNCED, COMPLAINED = "bounced", "complained"  # why a reader is stopped
LONGEST = 500  # characters of a server's words that are kept
ON_THE_LIST = (Standing.CONFIRMED, Standing.UNCONFIRMED)
EVENTS = {Kind.COMPLAINT: Event.COMPLAINED} | dict.fromkeys(BLAMES, Event.BOUNCED)


def sent(db: Connection, delivery: int) -> Row[Any] | None:
    """A reader's copy: its `state`, `marked_at`, `recipient` (their address key), `issue`,
    `channel`, and their number (None once they are forgotten). None for no reader's copy.
    """
    c = deliveries.c
    query: Select[Any] = (
        select(
            c.state,
            c.marked_at,
            c.recipient,
            posts.c.issue,
            posts.c.channel,
            subscribers.c.id.label("subscriber_id"),
        )
        .join(posts)
        .outerjoin(subscribers, subscribers.c.address_key == c.recipient)
        .where(c.id == delivery, c.recipient != "")
    )
    return db.execute(query).one_or_none()


def record(
    db: Connection,
    delivery: int,
    *,
    kind: Kind,
    at: datetime,
    status: str = "",
    words: str = "",
    how: str = "report",
) -> bool:
    """Note what came back of a reader's mail; False where as much is known already.

    One delivery has one bounce of a kind at most, however often it is told. `how` it was learnt
    is `report` or, where the server refused the mail at once, `refusal`. What may speak against
    the reader stays open until it is weighed.
    """
    found = sent(db, delivery)
    if found is None:
        return False
    row = {
        "delivery_id": delivery,
        "subscriber_id": found.subscriber_id,
        "at": at,
        "kind": kind,
        "status": status,
        "words": "" if found.subscriber_id is None else words[:LONGEST],  # forgotten stays so
        "fingerprint": f"{delivery}:{kind}",
        "verdict": Verdict.OPEN if kind in BLAMES else Verdict.COUNTED,
    }
    insert = upsert(db, bounces).values(row).on_conflict_do_nothing()
    new = db.execute(insert.returning(bounces.c.id)).scalar() is not None
    if new and found.subscriber_id is not None and kind in EVENTS:
        told = " ".join(filter(None, (status, words[:LONGEST])))
        event, who, place = EVENTS[kind], found.subscriber_id, found.issue
        reader_log.note(db, who, event, at=at, how=how, place=place, words=told)
    return new


def stop(
    db: Connection, subscriber_id: int, *, at: datetime, reason: str, place: str, words: str
) -> bool:
    """Send a reader nothing more; False where they had left or were stopped before.

    `reason` is BOUNCED or COMPLAINED; it stays with their address when they are forgotten.
    """
    c = subscribers.c
    key = db.scalar(select(c.address_key).where(c.id == subscriber_id))
    if key is None:
        return False
    suppressions.suppress(db, key, reason, at=at)
    here = subscribers.update().where(c.id == subscriber_id, c.state.in_(ON_THE_LIST))
    stopped = db.execute(here.values(state=Standing.STOPPED, changed_at=at)).rowcount == 1
    if stopped:
        reader_log.note(
            db, subscriber_id, Event.STOPPED, at=at, how=reason, place=place, words=words
        )
    return stopped


def reinstate(
    db: Connection, subscriber_id: int, key: str, *, at: datetime, place: str, words: str
) -> None:
    """Send mail again to a reader who was stopped by what was not their fault, and by no more."""
    if suppressions.reason(db, key) != BOUNCED:
        return
    c = subscribers.c
    stopped = (c.id == subscriber_id, c.state == Standing.STOPPED)
    back = subscribers.update().where(*stopped).values(state=Standing.CONFIRMED, changed_at=at)
    if db.execute(back).rowcount:
        suppressions.lift(db, key)
        reader_log.note(
            db, subscriber_id, Event.CHANGED, at=at, how="reinstated", place=place, words=words
        )


def listed(db: Connection, issue: str = "") -> Sequence[Row[Any]]:
    """What came back, of one issue or of all, the newest first."""
    return db.execute(told(issue)).all()


def told(issue: str = "") -> Select[Any]:
    """The same, not yet asked for."""
    b = bounces.c
    columns = [b.at, b.kind, b.status, b.words, b.verdict, posts.c.issue, posts.c.channel]
    who = func.coalesce(subscribers.c.address, deliveries.c.recipient).label("reader")
    query: Select[Any] = select(*columns, posts.c.lang, who).select_from(bounces)
    found = (
        query.join(deliveries)
        .join(posts)
        .outerjoin(subscribers, subscribers.c.id == b.subscriber_id)
    )
    if issue:
        found = found.where(posts.c.issue == issue)
    return found.order_by(b.at.desc(), b.id.desc())
