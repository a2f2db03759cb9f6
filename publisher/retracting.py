"""The use case of taking back: what is out of an issue is removed, where the network allows it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Engine

from publisher import secrecy, telling
from publisher.domain.channel import ChannelError, Handed, Mailing, Refused, Retracting
from publisher.publishing import Clock, utcnow
from publisher.registry import Configured
from publisher.storage import corrections, reports
from publisher.storage.corrections import Out
from publisher.storage.engine import reading

CANNOT = "this kind of channel takes nothing back: remove it there yourself"


class Outcome(StrEnum):
    """What became of one post."""

    GONE = "taken back"
    STAYS = "stays"  # the network does not take it back
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Retraction:
    """One post that was out, and what became of it, with the channel's words."""

    channel: str
    lang: str
    outcome: Outcome
    words: str = ""
    url: str = ""


def retract(
    issue: str,
    *,
    engine: Engine,
    channels: Mapping[str, Configured],
    only: Collection[str],
    now: Clock = utcnow,
) -> Iterator[Retraction]:
    """Take back what is out of an issue on the channels named in `only`; nothing else is touched.

    What was taken back counts as skipped by a person: it is never sent again by itself. Saying
    it again, after a crash or by two at once, removes nothing more. No transaction is open while
    the outside is spoken to.
    """
    with reading(engine) as db:
        places = [(one.lang, one.channel) for one in reports.standings(db, issue)]
    for lang, name in places:
        if name in only and name in channels:
            with reading(engine) as db:
                out = corrections.out(db, issue, lang, name)
            if out is not None:
                yield _retracted(lang, name, out, channels=channels, engine=engine, now=now)


def _retracted(
    lang: str,
    name: str,
    out: Out,
    *,
    channels: Mapping[str, Configured],
    engine: Engine,
    now: Clock,
) -> Retraction:
    channel = channels[name]
    known = {"channel": channel.name, "lang": lang, "url": out.receipt.url}
    if isinstance(channel.channel, Mailing):
        words = f"{out.copies} mails are out, and no mail can be taken back"
        return Retraction(**known, outcome=Outcome.STAYS, words=words)
    if not isinstance(channel.channel, Retracting):
        return Retraction(**known, outcome=Outcome.STAYS, words=CANNOT)
    try:
        channel.channel.retract(out.receipt)
    except Handed as handed:
        return _asked(handed, channels, known)
    except Refused as error:
        return Retraction(**known, outcome=Outcome.STAYS, words=secrecy.removed(str(error)))
    except ChannelError as error:
        return Retraction(**known, outcome=Outcome.FAILED, words=secrecy.removed(str(error)))
    where = f": it was {out.receipt.url}" if out.receipt.url else ""
    with engine.begin() as db:
        corrections.take_back(db, out, reason=f"taken back by a person{where}", at=now())
    return Retraction(**known, outcome=Outcome.GONE)


def _asked(
    handed: Handed, channels: Mapping[str, Configured], known: Mapping[str, str]
) -> Retraction:
    """Ask the person who posted it; it counts as out, for nobody knows when it is gone."""
    try:
        words = telling.tell(handed.note, channels)
    except ChannelError as error:
        words = secrecy.removed(str(error))
        return Retraction(**known, outcome=Outcome.FAILED, words=words)
    return Retraction(**known, outcome=Outcome.STAYS, words=words)
