"""Telling programs elsewhere what became of deliveries, and who left: at least once, in order.

A listener's failures are named as a channel's are, and waited for by the same back-off. What it
cannot be told for three days is dropped, with a word in the log.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row

from publisher import secrecy
from publisher.domain.channel import Disconnected, Notice, Noticing, Refused, TryLater
from publisher.domain.delivery import BACKOFF
from publisher.publishing import Clock, utcnow
from publisher.registry import Configured
from publisher.storage import notices
from publisher.storage.engine import reading

AT_ONCE = 50  # notices of one turn
KEPT = timedelta(days=3)
LONGEST = timedelta(seconds=30)  # of one turn: the lease is longer
STOPPED = timedelta(hours=1)  # between tries, where a person has to mend something

log = logging.getLogger(__name__)


def tell_all(engine: Engine, channels: Mapping[str, Configured], *, now: Clock = utcnow) -> int:
    """Tell every listener what it has not heard yet; how many notices that were.

    Any number may do so at once: a listener is claimed first. A notice may come twice, under
    the same id, where the process is lost between its answer and our note of it.
    """
    said = 0
    for channel in channels.values():
        if isinstance(channel.channel, Noticing) and channel.channel.events:
            said += _tell(engine, channel.name, channel.channel, now)
    with engine.begin() as db:
        if dropped := notices.forget(db, before=now() - KEPT):
            log.info("%s notices are older than three days, and dropped", dropped)
    return said


def _tell(engine: Engine, name: str, listener: Noticing, now: Clock) -> int:
    with engine.begin() as db:
        notices.listen(db, name)
        ours = notices.claim(db, name, at=now())
    if ours is None:
        return 0
    with reading(engine) as db:
        found = notices.untold(db, name, listener.events, since=ours.since, most=AT_ONCE)
    said, answer, end = 0, WELL, now() + LONGEST
    for row in found:
        answer = _answer(name, listener, row, ours.tries)
        if answer.rest is not None:
            break
        with engine.begin() as db:
            notices.told(db, row.id, name, at=now())
        said += 1
        if now() > end:
            break
    next_at = None if answer.rest is None else now() + answer.rest
    tries = 0 if answer.rest is None else ours.tries + 1
    with engine.begin() as db:
        notices.give_back(db, name, next_at=next_at, tries=tries, trouble=answer.trouble)
    return said


@dataclass(frozen=True, kw_only=True)
class Answer:
    """How a listener took a notice: how long it is to rest before it is told again, and why."""

    rest: timedelta | None = None
    trouble: str = ""


WELL = Answer()


def _answer(name: str, listener: Noticing, row: Row[Any], tries: int) -> Answer:
    try:
        if notice := _notice(row):
            listener.notify(notice)
    except Refused as error:  # this one will never be taken; the others may
        words = secrecy.removed(str(error))
        log.error("%s refuses notice %s: %s", name, row.id, words)  # noqa: TRY400  they say it all
        return Answer(trouble=words)
    except Disconnected as error:
        return Answer(rest=STOPPED, trouble=secrecy.removed(str(error)))
    except Exception as error:  # noqa: BLE001  the boundary: it is told again
        asked = error.retry_after if isinstance(error, TryLater) else None
        rest = max(BACKOFF[min(tries, len(BACKOFF) - 1)], asked or timedelta(0))
        return Answer(rest=rest, trouble=secrecy.removed(f"{error}" or type(error).__name__))
    return WELL


def _notice(row: Row[Any]) -> Notice | None:
    """What is told; None of a reader who was forgotten meanwhile."""
    if row.event == notices.UNSUBSCRIBED:
        data: dict[str, Any] = {"address": row.address}
        if not row.address:
            return None
    else:
        named = ("issue", "lang", "channel", "kind", "attempts", "url")
        data = {name: getattr(row, name) for name in named} | {"reason": row.words}
    at = row.at.astimezone(UTC)
    return Notice(id=f"notice-{row.id}-{_stamp(at)}", event=row.event, at=at, data=data)


def _stamp(at: datetime) -> str:
    return f"{at:%Y%m%d%H%M%S%f}"
