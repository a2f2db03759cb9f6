"""What the mail server wrote down, held against what the store says."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, func, select

from publisher.storage.engine import reading
from publisher.storage.schema import deliveries, delivery_log


@dataclass(frozen=True, kw_only=True)
class Row:
    """One reader's copy in the store, and the last line of its log."""

    recipient: str
    state: str
    remote_id: str
    logged: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The readers who are missing, whose mail was taken twice, who are held; and what is false."""

    readers: int
    taken: int
    missing: tuple[str, ...]
    doubled: tuple[str, ...]
    held: tuple[str, ...]
    held_and_taken: tuple[str, ...]
    false: tuple[str, ...]


def receipts(path: Path) -> list[tuple[str, str]]:
    """(Message-ID, recipient) of every mail that was taken."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return [(id, to) for id, _, to in (line.partition("\t") for line in lines)]


def rows(engine: Engine) -> list[Row]:
    """Every reader's copy, with where the log says that it ended."""
    newest = select(func.max(delivery_log.c.id)).group_by(delivery_log.c.delivery_id)
    c = deliveries.c
    wanted = (
        select(c.recipient, c.state, c.remote_id, delivery_log.c.now)
        .join(delivery_log, delivery_log.c.delivery_id == c.id)
        .where(c.recipient != "", delivery_log.c.id.in_(newest))
    )
    with reading(engine) as db:
        return [
            Row(recipient=to, state=state, remote_id=id, logged=now)
            for to, state, id, now in db.execute(wanted)
        ]


def judged(taken: Sequence[tuple[str, str]], rows: Sequence[Row]) -> Verdict:
    """Hold the server's own record, by Message-ID, against the store's."""
    by_id = Counter(id for id, _ in taken)
    ids = {to: id for id, to in taken}
    held = tuple(sorted(row.recipient for row in rows if row.state == "held"))
    return Verdict(
        readers=len(rows),
        taken=len(taken),
        missing=tuple(
            row.recipient
            for row in rows
            if row.recipient not in ids and row.state not in {"held", "refused"}
        ),
        doubled=tuple(sorted(to for id, to in set(taken) if by_id[id] > 1)),
        held=held,
        held_and_taken=tuple(to for to in held if to in ids),
        false=tuple(_false(rows, ids)),
    )


def _false(rows: Sequence[Row], ids: dict[str, str]) -> Iterator[str]:
    """Where the store's word and the server's do not agree. What is held may be there or not."""
    for row in rows:
        to, id = row.recipient, ids.get(row.recipient)
        if row.logged != row.state:
            yield f"{to}: {row.state}, but the log ends with {row.logged}"
        if row.state == "delivered" and row.remote_id != id:
            yield f"{to}: delivered as {row.remote_id}, but taken as {id}"
        if row.state not in {"delivered", "held"} and id:
            yield f"{to}: {row.state}, but taken as {id}"
    if len(set(ids.values())) != len(ids):
        yield "two readers' mails had one Message-ID"
    for to in ids.keys() - {row.recipient for row in rows}:
        yield f"{to}: taken, but not planned"


def in_words(verdict: Verdict) -> Iterator[str]:
    """The verdict, a line each."""
    yield f"{verdict.readers:,} readers, {verdict.taken:,} mails taken by the server's own record"
    yield f"missing: {len(verdict.missing)}{_some(verdict.missing)}"
    yield f"twice, by Message-ID: {len(verdict.doubled)}{_some(verdict.doubled)}"
    there = len(verdict.held_and_taken)
    yield f"held for a person: {len(verdict.held)}, of whom {there} have it{_some(verdict.held)}"
    yield f"lines of the log that are not true: {len(verdict.false)}{_some(verdict.false)}"


def _some(names: Sequence[str]) -> str:
    more = " …" if len(names) > 100 else ""
    return f" ({', '.join(names[:100])}{more})" if names else ""
