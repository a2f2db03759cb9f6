"""Taking readers over from a file: all that can be taken, or, when it ends early, none."""

import secrets as random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Engine

from publisher.asking import VALID
from publisher.domain.subscriber import Event, Standing
from publisher.importing.fates import EVENTS, ORIGIN, Known, verdict
from publisher.importing.newcomers import GRAVITY, BadRow, Newcomer, Terms, newcomer
from publisher.importing.rows import Bad, Row, Sheet
from publisher.storage import arrivals, secrets
from publisher.storage.arrivals import WRITTEN, Fate

CHUNK = 2000  # rows that are looked up, and noted, at once


@dataclass(frozen=True, kw_only=True)
class Asking:
    """That readers are asked first: the channel that carries the mail, and its language for
    who chose none."""

    carrier: str
    lang: str


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How readers are taken: by what terms, when, asked first or vouched for, and whether the
    choices of those who are on the list are overwritten.

    Tokens begin with a number that counts up from `tokens`: in their index they then follow on
    each other, which makes a million of them three times as fast. What comes after it is random.
    """

    terms: Terms
    at: datetime
    asking: Asking | None = None
    known: Known = Known.KEPT
    tokens: int = field(default_factory=lambda: random.randbits(32))


@dataclass
class Taken:
    """What became of the rows. `doubled` had the address of another row."""

    rows: int = 0
    doubled: int = 0
    odd_languages: int = 0
    odd_days: int = 0
    fates: Counter[str] = field(default_factory=Counter)

    @property
    def left_out(self) -> int:
        """How many rows were not taken."""
        return self.fates[Fate.LEFT_OUT]


@dataclass
class Intake:
    """One import under way. `tell` hears of rows left out, `progress` of the rows read so far."""

    engine: Engine
    manner: Manner
    tell: Callable[[Bad], None]
    progress: Callable[[int], None]
    taken: Taken = field(default_factory=Taken)


def take(sheet: Sheet, intake: Intake) -> Taken:
    """Take over the readers of a file, in one transaction at its end. Raises Unreadable."""
    with _gathered(sheet, intake) as db, db.begin():
        asking = intake.manner.asking
        arrivals.take_over(
            db,
            at=intake.manner.at,
            origin=ORIGIN,
            carrier=asking.carrier if asking else "",
            expires_at=intake.manner.at + VALID,
        )
    return intake.taken


def rehearse(sheet: Sheet, intake: Intake) -> Taken:
    """Say what would become of the rows, and change nothing. Raises Unreadable."""
    with _gathered(sheet, intake):
        return intake.taken


def _gathered(sheet: Sheet, intake: Intake) -> Connection:
    """A connection with all arrivals in its temporary table, and about to be closed for good."""
    with intake.engine.begin() as db:
        digest = secrets.digester(db)
    db = intake.engine.connect()
    try:
        db.detach()
        db.execution_options(reading=True)
        with db.begin():
            arrivals.prepare(db)
        _gather(db, sheet, intake, digest)
        db.execution_options(reading=False)
    except BaseException:
        db.close()
        raise
    return db


def _gather(db: Connection, sheet: Sheet, intake: Intake, digest: Callable[[str], str]) -> None:
    found = _newcomers(sheet, intake)
    while chunk := list(islice(found, CHUNK)):
        with db.begin():
            _note(db, chunk, intake, digest)
        intake.progress(intake.taken.rows)
    taken = intake.taken
    with db.begin():
        written = arrivals.gathered(db)
    taken.doubled = sum(taken.fates[fate] for fate in WRITTEN) - sum(written.values())
    for fate in WRITTEN:
        taken.fates[fate] = written.get(fate, 0)


def _newcomers(sheet: Sheet, intake: Intake) -> Iterator[Newcomer]:
    manner, taken = intake.manner, intake.taken
    for row in sheet.rows:
        taken.rows += 1
        try:
            yield _newcomer(row, sheet, manner)
        except BadRow as error:
            _leave_out(row.line, getattr(row, "last", row.line), str(error), intake)


def _newcomer(row: Row | Bad, sheet: Sheet, manner: Manner) -> Newcomer:
    if isinstance(row, Bad):
        raise BadRow(row.why)
    return newcomer(row, sheet.columns, manner.terms, now=manner.at)


def _leave_out(line: int, last: int, why: str, intake: Intake) -> None:
    intake.taken.fates[Fate.LEFT_OUT] += 1
    intake.tell(Bad(line, last, why))


def _note(
    db: Connection, chunk: Sequence[Newcomer], intake: Intake, digest: Callable[[str], str]
) -> None:
    """Decide what becomes of some newcomers, and note what is to be written of them."""
    digests = [digest(new.key) for new in chunk]
    here = arrivals.standing(db, [new.key for new in chunk])
    against = arrivals.against(db, digests)
    noted = []
    for new, hashed in zip(chunk, digests, strict=True):
        found = verdict(new, here.get(new.key), against.get(hashed, ""), intake.manner.known)
        intake.taken.odd_languages += bool(new.odd_language)
        intake.taken.odd_days += new.odd_days
        if found.fate is Fate.LEFT_OUT:
            _leave_out(new.line, new.line, f"{new.address}: {found.why}", intake)
            continue
        intake.taken.fates[found.fate] += 1
        if found.fate in WRITTEN:
            noted.append(_arrival(new, found.fate, hashed, intake.manner))
    arrivals.gather(db, noted)


def _arrival(new: Newcomer, fate: Fate, digest: str, manner: Manner) -> Mapping[str, Any]:
    first = manner.asking is not None and fate is Fate.ADDED
    asked = first and new.standing is Standing.UNCONFIRMED
    lang = next(iter(new.languages), manner.asking.lang) if manner.asking else ""
    event = Event.CHANGED if fate is Fate.CHANGED else EVENTS[new.standing]
    return {
        "address_key": new.key,
        "line": new.line,
        "gravity": GRAVITY.index(new.standing),
        "fate": fate.value,
        "address": new.address,
        "name": new.name,
        "languages": new.languages,
        "lists": new.lists,
        "else_after": new.else_after,
        "state": new.standing.value,
        "token": f"{new.line + manner.tokens & 0xFFFF_FFFF:08x}{random.token_urlsafe(24)}",
        "question": random.token_urlsafe(24) if asked else "",
        "lang": lang,
        "digest": digest,
        "reason": new.reason,
        "at": manner.at if asked else new.since or manner.at,
        "event": event.value,
        "place": f"{manner.terms.source}:{new.line}",
        "words": new.words,
    }
