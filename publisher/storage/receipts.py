"""What is out of an issue, with its proof; and of which issues something became out of late."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, exists, func, select

from publisher.domain.delivery import State
from publisher.storage.schema import deliveries, delivery_log, posts, sightings

_d, _l, _p = deliveries.c, delivery_log.c, posts.c


@dataclass(frozen=True, kw_only=True)
class Proof:
    """One edition that is out on one channel, since `at`.

    `readers` counts the copies that were delivered, and there is no `url` or `remote_id` then;
    None where there are no readers.
    """

    lang: str
    channel: str
    kind: str
    at: datetime
    url: str = ""
    remote_id: str = ""
    readers: int | None = None


def proofs(db: Connection, issue: str) -> list[Proof]:
    """What is out of an issue, by language and channel."""
    found = [_proof(row) for row in db.execute(_delivered(issue))]
    return sorted(found, key=lambda proof: (proof.lang, proof.channel))  # not as a server collates


def _delivered(issue: str) -> Select[Any]:
    return (
        select(
            _p.lang,
            _p.channel,
            _p.kind,
            func.min(_d.changed_at, type_=_d.changed_at.type).label("at"),
            func.max(_d.url).label("url"),
            func.max(_d.remote_id).label("remote_id"),
            func.max(_d.recipient).label("recipient"),
            func.count().label("copies"),
        )
        .select_from(posts)
        .join(deliveries)
        .where(_p.issue == issue, _d.state == State.DELIVERED)
        .group_by(_p.id, _p.lang, _p.channel, _p.kind)
    )


def _proof(row: Row[Any]) -> Proof:
    known = {"lang": row.lang, "channel": row.channel, "kind": row.kind, "at": row.at}
    if row.recipient:
        return Proof(**known, readers=row.copies)
    return Proof(**known, url=row.url, remote_id=row.remote_id)


def is_known(db: Connection, issue: str) -> bool:
    """Whether an issue was ever planned, or seen at a source."""
    planned, seen = exists().where(_p.issue == issue), exists().where(sightings.c.issue == issue)
    return db.scalar(select(planned | seen)) is True


def issues(db: Connection) -> list[str]:
    """The issues that were ever planned, the first planned first."""
    first = func.min(_p.id)
    return list(db.scalars(select(_p.issue).group_by(_p.issue).order_by(first)))


def newest(db: Connection) -> int:
    """The number of the log's last line, 0 where there is none."""
    return db.scalar(select(func.max(_l.id))) or 0


def grown(db: Connection, *, since: int) -> set[str]:
    """The issues of which something became out, or moved, after that line of the log."""
    new = select(_p.issue).join(deliveries, _d.post_id == _p.id)
    new = new.join(delivery_log, _l.delivery_id == _d.id)
    return set(db.scalars(new.where(_l.id > since, _l.now == State.DELIVERED).distinct()))


def settled(db: Connection, *, since: int, before: datetime) -> int:
    """The last line after `since` that was written before then; `since` where there is none."""
    old = select(_l.id).where(_l.id > since, _l.at < before).order_by(_l.id.desc()).limit(1)
    return db.scalar(old) or since
