"""What the stand-ins wrote down before they answered, held against what the store says."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lxml import etree
from sqlalchemy import Engine, func, select

from publisher.auditing import Found, audit, broken
from publisher.publishing import utcnow
from publisher.storage.engine import reading
from publisher.storage.schema import deliveries, delivery_log, posts

ENTRY_ID = "{http://www.w3.org/2005/Atom}id"
ENTRY = "{http://www.w3.org/2005/Atom}entry"
CHANNEL_OF = {"email": "readers"}  # a stand-in's name, where the channel has another
NUMBER = re.compile(r"number[ -](\d{4})")  # of an issue, in its title and in its key
SECRETS = ("pretend-token", "pretend-secret", "pretend-password")  # of the configuration
UNFINISHED = ("pending", "sending", "unsure")


@dataclass(frozen=True, kw_only=True)
class Out:
    """A post that the outside holds. `about` names the issue, `recipient` a mail's reader."""

    channel: str
    remote_id: str
    about: str
    recipient: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One delivery, and the last line of its log."""

    issue: str
    channel: str
    recipient: str
    state: str
    in_doubt: bool
    remote_id: str
    logged: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What was lost and doubled, what waits for a person, and what the log says untruly."""

    planned: int
    out: int
    states: Mapping[str, int]
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    held: tuple[str, ...]
    unfinished: tuple[str, ...]
    untrue: tuple[str, ...]

    @property
    def kept(self) -> bool:
        """Whether nothing was lost, doubled, left undecided or told untruly."""
        return not (self.lost or self.doubled or self.unfinished or self.untrue)


def key(number: int) -> str:
    """The key of an issue, by its number."""
    return f"2026-11-05-number-{number:04d}"


# --- what the outside holds


def outside(record: Path, feed: Path) -> list[Out]:
    """Everything out there: the stand-ins' record, and the entries of the feed file."""
    kept: dict[tuple[str, str], Out] = {}
    for line in record.read_text("utf-8").splitlines() if record.exists() else []:
        said = json.loads(line)
        kept[said["network"], said["id"]] = _READ[said["network"]](said["id"], said["fields"])
    return [*kept.values(), *_entries(feed)]


def _mail(id: str, fields: Mapping[str, str]) -> Out:
    message_id, recipient, _ = id.rsplit("/", 2)
    return Out(
        channel="readers", remote_id=message_id, about=fields["subject"], recipient=recipient
    )


def _status(id: str, fields: Mapping[str, str]) -> Out:
    return Out(channel="mastodon", remote_id=id, about=fields["text"])


def _submission(id: str, fields: Mapping[str, str]) -> Out:
    return Out(channel="reddit", remote_id=id, about=fields["title"])


def _link(id: str, fields: Mapping[str, str]) -> Out:
    return Out(channel="lemmy", remote_id=id, about=fields["name"])


_READ = {"email": _mail, "mastodon": _status, "reddit": _submission, "lemmy": _link}


def _entries(feed: Path) -> Iterator[Out]:
    if feed.exists():
        for entry in etree.parse(str(feed)).getroot().iter(ENTRY):
            id = entry.findtext(ENTRY_ID) or ""
            yield Out(channel="feed", remote_id=id, about=id)


# --- what the store says


def rows(engine: Engine) -> list[Row]:
    """Every delivery in the store."""
    newest = select(func.max(delivery_log.c.id)).group_by(delivery_log.c.delivery_id)
    d, p = deliveries.c, posts.c
    wanted = (
        select(p.issue, p.channel, d.recipient, d.state, d.in_doubt, d.remote_id)
        .add_columns(delivery_log.c.now.label("logged"))
        .join(posts, posts.c.id == deliveries.c.post_id)
        .join(delivery_log, delivery_log.c.delivery_id == deliveries.c.id)
        .where(delivery_log.c.id.in_(newest))
        .order_by(p.issue, p.channel, d.recipient)
    )
    with reading(engine) as db:
        return [Row(**row) for row in db.execute(wanted).mappings()]


# --- the judgement


def odd(engine: Engine, out: Sequence[Out], *, resends: Collection[str]) -> Iterator[str]:
    """What breaks an invariant, by `publisher doctor`'s audit, told also what the outside holds.

    `resends` are the channels that may send a mail twice.
    """
    found = [
        Found(channel=one.channel, remote_id=one.remote_id, recipient=one.recipient) for one in out
    ]
    with reading(engine) as db:
        audited = audit(db, at=utcnow(), outside=found, secrets=SECRETS, resends=resends)
    for one in broken(audited):
        yield f"{one.rule}: {one.place}: {one.words}"


def judged(out: Sequence[Out], rows: Sequence[Row], released: Collection[str]) -> Verdict:
    """Hold the two against each other. `released` are the keys of the issues.

    A post belongs to the issue whose number it has in it, whatever id the store knows it by: so
    a second post shows even when the store knows of one only.
    """
    there = _by_place(out)
    planned = {(row.issue, row.channel, row.recipient) for row in rows}
    return Verdict(
        planned=len(rows),
        out=len(out),
        states=dict(sorted(Counter(row.state for row in rows).items())),
        lost=tuple(_lost(rows, there, released)),
        doubled=tuple(f"{' '.join(place)}: {ids}" for place, ids in there.items() if len(ids) > 1),
        held=tuple(_place(row) for row in rows if row.state == "held"),
        unfinished=tuple(f"{_place(row)}: {row.state}" for row in rows if row.state in UNFINISHED),
        untrue=tuple(_untrue(rows, there, planned)),
    )


Place = tuple[str, str, str]


def _by_place(out: Sequence[Out]) -> dict[Place, list[str]]:
    """The ids of what is out there, by issue, channel and recipient."""
    found: dict[Place, list[str]] = defaultdict(list)
    for one in out:
        number = NUMBER.search(one.about)
        issue = key(int(number[1])) if number else f"no issue of ours ({one.about[:40]!r})"
        found[issue, one.channel, one.recipient].append(one.remote_id)
    return dict(found)


def _lost(
    rows: Sequence[Row], there: Mapping[Place, list[str]], released: Collection[str]
) -> Iterator[str]:
    """What should be out there and is not: never planned, or said to be done with."""
    known = {row.issue for row in rows}
    yield from (f"{key}: released, but never planned" for key in released if key not in known)
    for row in rows:
        place = (row.issue, row.channel, row.recipient)
        if place not in there and row.state in {"delivered", "skipped"}:
            yield f"{_place(row)}: {row.state}, but not there"


def _untrue(
    rows: Sequence[Row], there: Mapping[Place, list[str]], planned: set[Place]
) -> Iterator[str]:
    """Where the store's word and the outside's do not agree. What is in doubt may be there."""
    for row in rows:
        ids = there.get((row.issue, row.channel, row.recipient), [])
        if row.logged != row.state:
            yield f"{_place(row)}: {row.state}, but its log ends with {row.logged}"
        if row.state == "delivered" and ids and row.remote_id not in ids:
            yield f"{_place(row)}: delivered as {row.remote_id}, but it is there as {ids}"
        if row.state in {"refused", "skipped", "pending"} and ids:
            yield f"{_place(row)}: {row.state}, but it is there as {ids}"
        if row.state == "held" and ids and not row.in_doubt:
            yield f"{_place(row)}: held without a doubt, but it is there as {ids}"
    yield from (
        f"{' '.join(place)}: there, but not planned" for place in there if place not in planned
    )


def _place(row: Row) -> str:
    return " ".join(filter(None, (row.issue, row.channel, row.recipient)))
