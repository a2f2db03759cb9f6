"""Servers that asked for patience: whole domains of readers that wait, and for how long."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, exists, literal, or_, select

from publisher.domain.delivery import BACKOFF, State
from publisher.storage.deliveries import is_open
from publisher.storage.posts import upsert
from publisher.storage.schema import Moment, deliveries, posts, slow_domains

WHOLE = ""  # the domain that stands for the mail server we hand over to
PAUSES = tuple(timedelta(seconds=s) for s in (30, 120, 600, 1800, 3600))
PAUSES_OF_ALL = (*BACKOFF[:4], *PAUSES[-2:])

_s = slow_domains.c


def slow_down(db: Connection, channel: str, domain: str, *, reason: str, at: datetime) -> datetime:
    """Let all that waits for a domain wait longer, each time more; until when.

    Attempts are not counted, and nothing is logged. Who comes second to it changes nothing.
    """
    new = {"channel": channel, "domain": domain, "failures": 0, "not_before": at, "reason": ""}
    db.execute(upsert(db, slow_domains).values(new).on_conflict_do_nothing())
    this = (_s.channel == channel, _s.domain == domain)
    row = db.execute(select(slow_domains).where(*this).with_for_update()).one()
    rests_until: datetime = row.not_before
    if rests_until > at:
        return rests_until
    pauses = PAUSES if domain else PAUSES_OF_ALL
    until: datetime = at + pauses[min(row.failures, len(pauses) - 1)]
    known = {"failures": row.failures + 1, "not_before": until, "reason": reason}
    db.execute(slow_domains.update().where(*this).values(known))
    if domain:
        _put_off(db, channel, domain, until, reason)
    return until


def _put_off(db: Connection, channel: str, domain: str, until: datetime, reason: str) -> None:
    c = deliveries.c
    theirs = (
        c.post_id.in_(select(posts.c.id).where(posts.c.channel == channel)),
        c.state == State.PENDING,
        is_open(),
        c.recipient.endswith(f"@{domain}", autoescape=True),
        or_(c.next_attempt_at.is_(None), c.next_attempt_at < until),
    )
    later = {"next_attempt_at": until, "reason": f"{domain} asks for patience: {reason}"}
    db.execute(deliveries.update().where(*theirs).values(later))


def forget(db: Connection, channel: str, domains: Collection[str] | None = None) -> None:
    """They take mail again: these domains, or all of a channel's."""
    theirs = [_s.channel == channel]
    if domains is not None:
        theirs.append(_s.domain.in_(domains))
    db.execute(slow_domains.delete().where(*theirs))


def known(db: Connection, channel: str) -> dict[str, datetime]:
    """The domains that were slow when last seen, and until when they rest."""
    rows = db.execute(select(_s.domain, _s.not_before).where(_s.channel == channel))
    return {row.domain: row.not_before for row in rows}


def is_resting(at: datetime) -> ColumnElement[bool]:
    """The condition that the whole server behind a post's channel has asked for patience."""
    whole = (_s.channel == posts.c.channel, _s.domain == WHOLE)
    return exists().where(*whole, _s.not_before > literal(at, Moment))


def is_put_off(channel: ColumnElement[str], at: ColumnElement[datetime]) -> ColumnElement[bool]:
    """The condition that a delivery's reader is at a domain that rests."""
    theirs = deliveries.c.recipient.endswith(literal("@") + _s.domain)
    return exists().where(_s.channel == channel, _s.not_before > at, theirs)
