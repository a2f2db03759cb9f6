"""What the store knows that bears on why a reader did or did not get an issue."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from publisher.domain.bounce import Verdict
from publisher.domain.story import Copy, Facts, Happened, Returned, Tried
from publisher.storage import known, reports
from publisher.storage.reports import Attempt
from publisher.storage.schema import bounces, deliveries, posts


def facts(
    db: Connection,
    issue: str,
    *,
    address: str,
    key: str,
    taken: Mapping[str, tuple[str, ...]],
    default: str,
) -> Facts:
    """What is known of one reader and one issue. `taken` has the lists that are asked about, with
    their languages; `key` is the address's, `default` the site's language.
    """
    reader = known.of(db, key)
    row, held = reader.reader, reader.suppression
    tries = reports.attempts(db, issue, reader=key)
    rows = [copy for copy in _copies(db, issue, key) if copy.channel in taken]
    return Facts(
        address=address,
        issue=issue,
        default=default,
        taken=dict(taken),
        standing=row.state if row else None,
        languages=row.languages if row else (),
        lists=row.lists if row else (),
        suppressed=f"{held.reason}, since {held.at:%Y-%m-%d}" if held else "",
        events=tuple(map(_happened, reader.events)),
        copies=tuple(_copy(db, copy, tries) for copy in rows),
    )


def _happened(row: Row[Any]) -> Happened:
    return Happened(at=row.at, event=row.event, how=row.how, place=row.place, words=row.words)


def _copies(db: Connection, issue: str, key: str) -> Sequence[Row[Any]]:
    c = deliveries.c
    theirs = (c.post_id == posts.c.id) & (c.recipient == key)
    about = (posts.c.channel, posts.c.lang, posts.c.planned_at)
    query: Any = select(*about, c.id.label("delivery_id"), c.state, c.reason)
    found = query.select_from(posts).outerjoin(deliveries, theirs).where(posts.c.issue == issue)
    rows: Sequence[Row[Any]] = db.execute(found.order_by(posts.c.id)).all()
    return rows


def _copy(db: Connection, row: Row[Any], tries: Iterable[Attempt]) -> Copy:
    here = [one for one in tries if (one.channel, one.lang) == (row.channel, row.lang)]
    return Copy(
        list=row.channel,
        lang=row.lang,
        frozen_at=row.planned_at,
        state=row.state or "",
        reason=row.reason or "",
        tried=tuple(Tried(at=t.started_at, outcome=t.outcome, words=_words(t)) for t in here),
        returned=tuple(_returned(db, row.delivery_id)) if row.delivery_id else (),
    )


def _words(attempt: Attempt) -> str:
    return " ".join(filter(None, (attempt.url or attempt.remote_id, attempt.reason)))


def _returned(db: Connection, delivery: int) -> Iterable[Returned]:
    b = bounces.c
    for row in db.execute(select(bounces).where(b.delivery_id == delivery).order_by(b.id)):
        words = row.words if row.status in row.words else f"{row.status} {row.words}"
        aside = row.verdict == Verdict.ASIDE
        yield Returned(at=row.at, kind=row.kind, words=words.strip(), aside=aside)
