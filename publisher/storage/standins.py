"""Who gets the original in place of a translation, and who has an issue in one language already."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, not_, or_, select

from publisher.domain.correction import OF_AN_ISSUE
from publisher.domain.delivery import State
from publisher.domain.subscriber import Event, Standing
from publisher.storage.schema import deliveries, posts, reader_log, subscribers
from publisher.storage.subscribers import has, reached_by, wants

DAY = timedelta(days=1)
OLD = timedelta(days=90)  # then an original is sent to nobody more
OVERLAP = timedelta(hours=2)  # what is committed may bear a moment that was a while before

_D, _P, _S = deliveries.c, posts.c, subscribers.c


@dataclass(frozen=True, kw_only=True)
class Original:
    """The post of an original to a list, planned long enough ago that somebody's days are over.

    `looked_at` is when that was looked at last.
    """

    post_id: int
    issue: str
    lang: str
    channel: str
    released_at: datetime
    looked_at: datetime | None

    def days(self, at: datetime) -> int:
        """How many whole days it has been out."""
        return (at - self.released_at).days


def due(db: Connection, *, channels: Sequence[str], at: datetime) -> list[Original]:
    """The posts to these lists that there may be somebody for by now, if they are originals."""
    place = (_P.id.label("post_id"), _P.issue, _P.lang, _P.channel)
    moments = (_P.planned_at.label("released_at"), _P.stood_in_at.label("looked_at"))
    young = (_P.planned_at > at - OLD, _P.planned_at <= at - DAY, _P.cancelled_at.is_(None))
    is_issue = ~_P.issue.contains(OF_AN_ISSUE, autoescape=True)  # a correction is for nobody else
    wanted = select(*place, *moments).where(_P.channel.in_(channels), *young, is_issue)
    wanted = wanted.order_by(_P.planned_at, _P.id)
    found = [Original(**row._mapping) for row in db.execute(wanted)]
    changed = db.scalar(select(func.max(_S.changed_at)).where(_S.else_after.is_not(None)))
    return [one for one in found if changed and _is_due(one, changed, at)]


def _is_due(one: Original, changed: datetime, at: datetime) -> bool:
    """Whether another day is over since the last look, or a reader has chosen something else."""
    if one.looked_at is None or changed > one.looked_at - OVERLAP:
        return True
    return one.days(at) > one.days(one.looked_at)


def readers(
    db: Connection, one: Original, *, scheme: str, taken: Sequence[str], at: datetime, limit: int
) -> Select[Any]:
    """Up to `limit` readers whose days are over, by address key, with these days.

    They are on the list since before it was released, read one of the languages that the list
    takes but not the original's, and have nothing of the issue; nor is an edition of theirs there.
    Their addresses are of this `scheme`.
    """
    own = or_(*(has(_S.languages, lang) for lang in taken if lang != one.lang))
    joined = exists().where(
        reader_log.c.subscriber_id == _S.id,
        reader_log.c.event == Event.JOINED,
        reader_log.c.at > one.released_at,
    )
    since = (_S.added_at <= one.released_at, _S.else_from <= one.released_at, ~joined)
    found = select(_S.address_key, _S.else_after).where(wants(one.channel), own, *since)
    confirmed = (
        _S.state + "" == Standing.CONFIRMED.value
    )  # nearly all are: no way to find these few
    free = (confirmed, _is_over(one, at), not_(has(_S.languages, one.lang)), *_nothing(db, one))
    return found.where(*free, reached_by(scheme)).limit(limit)


def _is_over(one: Original, at: datetime) -> ColumnElement[bool]:
    """Whether a reader's days are over, and were not yet when that was looked at before.

    Each half has an index, and shows by its own words that it may use it.
    """
    if one.looked_at is None:
        return _S.else_after <= one.days(at)
    newly = _S.else_after.between(one.days(one.looked_at) + 1, one.days(at))
    changed = (_S.else_after.is_not(None), _S.changed_at > one.looked_at - OVERLAP)
    return or_(newly, and_(*changed, _S.else_after + 0 <= one.days(at)))


def _nothing(db: Connection, one: Original) -> Iterator[ColumnElement[bool]]:
    for id, lang, channel in db.execute(_of_issue(one.issue)):
        yield ~exists().where(_D.post_id == id, _D.recipient == _S.address_key)
        if channel == one.channel and lang != one.lang:
            yield not_(has(_S.languages, lang))


def _of_issue(issue: str) -> Select[Any]:
    return select(_P.id, _P.lang, _P.channel).where(_P.issue == issue).order_by(_P.id)


def looked(db: Connection, one: Original, *, at: datetime) -> None:
    """Note that everybody whose days are over by now has it."""
    db.execute(posts.update().where(_P.id == one.post_id).values(stood_in_at=at))


def served(db: Connection, issue: str, lang: str, channel: str) -> Iterator[ColumnElement[bool]]:
    """For each other edition: whether a reader got it, and shall not get this one, too.

    That is who got the original in place of a translation, on whatever list; and who got another
    edition from this list, and does not want that language any more.
    """
    for id, other, place in db.execute(_of_issue(issue)):
        if (other, place) == (lang, channel):
            continue
        sent = (_D.post_id == id, _D.recipient == _S.address_key, _D.state != State.SKIPPED)
        if place == channel and _is_anything(db, _D.post_id == id, _D.recipient != ""):
            unwanted = not_(has(_S.languages, other))
            yield exists().where(*sent, or_(_D.else_after.is_not(None), unwanted))
        elif _is_anything(db, _D.post_id == id, _D.else_after.is_not(None)):
            yield exists().where(*sent, _D.else_after.is_not(None))


def _is_anything(db: Connection, *where: ColumnElement[bool]) -> bool:
    return db.scalar(select(_D.id).where(*where).limit(1)) is not None
