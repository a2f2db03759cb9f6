"""What must hold of the store and of everything the outside ever took, at any moment."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from publisher.domain.delivery import TRANSITIONS, State
from tests.model.outside import Taken

ROWS = (
    "select d.id, p.channel, p.issue, p.lang, d.recipient, d.state, d.in_doubt, d.marked_at,"
    " d.attempts, d.reason, d.remote_id"
    " from deliveries d join posts p on p.id = d.post_id order by d.id"
)
LINES = "select delivery_id, was, now from delivery_log order by id"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One delivery in the store."""

    id: int
    channel: str
    issue: str
    post: str
    recipient: str
    state: str
    in_doubt: bool
    marked: bool
    attempts: int
    reason: str
    remote_id: str


def found_rows(engine: Engine) -> list[Row]:
    """Every delivery, by the shortest way: this is asked thousands of times."""
    return [
        Row(
            id=row[0],
            channel=row[1],
            issue=row[2],
            post=f"{row[2]}.{row[3]}",
            recipient=row[4],
            state=row[5],
            in_doubt=bool(row[6]),
            marked=row[7] is not None,
            attempts=row[8],
            reason=row[9],
            remote_id=row[10],
        )
        for row in _asked(engine, ROWS)
    ]


def _asked(engine: Engine, question: str) -> list[Any]:
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(question)
        return list(cursor.fetchall())
    finally:
        connection.close()


def violations(
    engine: Engine, rows: Sequence[Row], taken: Sequence[Taken], *, at: datetime
) -> list[str]:
    """Each in words; none where all is well."""
    return [*_twice(taken), *_untrue(rows, taken), *_log_gaps(engine, rows)]


def _twice(taken: Sequence[Taken]) -> Iterator[str]:
    for (channel, post, to), times in Counter(
        (t.channel, t.post, t.recipient) for t in taken
    ).items():
        if times > 1:
            yield f"{post} was posted {times} times on {channel} {to}"


def _untrue(rows: Sequence[Row], taken: Sequence[Taken]) -> Iterator[str]:
    there = {(one.channel, one.post, one.recipient): one.id for one in taken}
    for row in rows:
        id = there.pop((row.channel, row.post, row.recipient), None)
        if row.state == "delivered" and id is None:
            yield f"{row}: delivered, and it is not there"
        if row.state == "delivered" and row.remote_id not in ("", id):
            yield f"{row}: there as {id}"
        if id is not None and _says_it_is_not_there(row):
            yield f"{row}: it is there"
    for stray in there:
        yield f"{stray} is there, and was never planned"


def _says_it_is_not_there(row: Row) -> bool:
    """Held and skipped ones that are in doubt say only that nobody knows."""
    if row.state == "sending":
        return not row.marked
    return row.state in ("pending", "refused") or (
        row.state in ("held", "skipped") and not row.in_doubt
    )


def _log_gaps(engine: Engine, rows: Sequence[Row]) -> Iterator[str]:
    """Every change of state has its line, and each line begins where the last one ended."""
    lines: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for id, was, now in _asked(engine, LINES):
        lines[id].append((was, now))
    for row in rows:
        state = ""
        for was, now in lines[row.id]:
            if (
                was != state
                or (was and State(now) not in TRANSITIONS[State(was)])
                or was == "delivered"
            ):
                yield f"{row}: the log says {was} -> {now} when it stood at {state!r}"
            state = now
        if state != row.state:
            yield f"{row}: the log ends with {state!r}"
