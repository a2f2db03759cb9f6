"""What the store says is out there, against the outside's own complete record."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from publisher.domain.delivery import State
from publisher.domain.oddity import INVARIANTS, Found, Oddity
from publisher.storage import audits
from publisher.storage.deliveries import PERSON, RESEND
from publisher.storage.forgetting import PREFIX

IN_DOUBT = (State.UNSURE, State.HELD)
Held = dict[tuple[str, str], Counter[str]]  # recipients, by channel and id
Account = tuple[str, str]  # a channel and one of its readers, or ""


def compare(
    db: Connection, outside: Sequence[Found], *, resends: Collection[str]
) -> Iterator[Oddity]:
    """What is lost, stray or out there twice.

    Memory for what the outside holds, none for what the store does.
    """
    out: Held = defaultdict(Counter)
    for found in outside:
        out[found.channel, found.remote_id][found.recipient] += 1
    taken: set[tuple[str, str]] = set()
    doubtful: Counter[Account] = Counter()
    for row in db.execute(audits.accountable(), execution_options={"yield_per": 1000}):
        if row.state == State.DELIVERED and row.remote_id:
            taken.add((row.channel, row.remote_id))
            if not _take(out, row):
                place = f"{row.issue} ({row.lang}) on {row.channel}, delivery {row.id}"
                yield _odd("lost", place, f"nothing is out there under {row.remote_id}")
        elif _may_be_there(row):
            doubtful[row.channel, row.recipient] += 1
    for account, ids in _left(out).items():
        more = sorted(ids, key=lambda id: (account[0], id) in taken)[doubtful[account] :]
        if more:
            left, again = _history(db, account, blindly=account[0] in resends)
            yield from _unexplained(account, more[left:], again, taken)


def _take(out: Held, row: Row[Any]) -> bool:
    """Cross out what a receipt speaks for; False where it is not there."""
    readers = out.get((row.channel, row.remote_id), Counter())
    forgotten = row.recipient.startswith(PREFIX)
    there = next((r for r, n in readers.items() if n and (forgotten or r == row.recipient)), None)
    if there is not None:
        readers[there] -= 1
    return there is not None


def _may_be_there(row: Row[Any]) -> bool:
    """Whether the store itself says that something may be out there, without a receipt."""
    if row.state == State.SENDING:
        return bool(row.marked or row.in_doubt)
    doubtful = (*IN_DOUBT, State.SKIPPED)  # skipped: its reader left the list meanwhile
    return row.state == State.DELIVERED or (row.state in doubtful and bool(row.in_doubt))


def _left(out: Held) -> dict[Account, list[str]]:
    """The ids of what no receipt speaks for."""
    left: dict[Account, list[str]] = defaultdict(list)
    for (channel, id), readers in out.items():
        for reader, number in readers.items():
            left[channel, reader] += [id] * number
    return {account: ids for account, ids in left.items() if ids}


def _unexplained(
    account: Account, ids: Sequence[str], again: int, taken: Collection[tuple[str, str]]
) -> Iterator[Oddity]:
    """What is out there, and neither proven nor in doubt; `again` of it was sent again."""
    channel, reader = account
    for number, id in enumerate(ids):
        where = f"{id} on {channel}" + (f", to {reader}" if reader else "")
        if number < again:
            yield _odd("twice", where, "it was sent again after a doubt, and both are there")
        elif (channel, id) in taken:
            yield _odd("double", where, "it is out there more often than it was delivered")
        else:
            yield _odd("stray", where, "it is out there, and no delivery speaks for it")


def _history(db: Connection, account: Account, *, blindly: bool) -> tuple[int, int]:
    """How often something in doubt was left as it is, and how often it was sent again.

    `blindly`: the channel cannot be asked, and sends what is in doubt all the same.
    """
    left = again = 0
    for row in db.execute(audits.history(*account)):
        person = row.worker == PERSON and row.was in IN_DOUBT
        left += person and row.now == State.SKIPPED
        again += person and row.now == State.PENDING and row.reason == RESEND
        again += blindly and row.was == State.UNSURE and row.now == State.SENDING
    return left, again


def _odd(rule: str, place: str, words: str) -> Oddity:
    return Oddity(rule=rule, place=place, words=words, remedy=INVARIANTS[rule].remedy)
