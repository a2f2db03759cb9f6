"""What is done about what is out: corrected, told, left as it is, taken back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from publisher import correcting, corrigenda, retracting
from publisher.correcting import Correction
from publisher.domain.channel import Mailing
from publisher.domain.issue import Edition
from publisher.operating.agreeing import agreed
from publisher.operating.desk import (
    Desk,
    NotPossible,
    alone,
    joined,
    note,
    note_now,
    require_channels,
    require_editions,
    require_free,
    require_planned,
)
from publisher.registry import Configured
from publisher.retracting import Retraction
from publisher.storage import changes, releases
from publisher.storage.consents import Wanted


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word of its own about an issue, and how many on a channel are told it by that."""

    issue: str
    lang: str
    channel: str
    planned: int


def correct(desk: Desk, issue: str, names: Sequence[str] = ()) -> list[Correction]:
    """Carry what changed at the source to what is out, where that can be; what became of each."""
    require_free(desk)
    require_planned(desk, issue, ())
    editions, only = require_editions(desk, issue), [*require_channels(desk, names)]
    note_now(desk, "correct", issue, *alone(names))
    everywhere = desk.channels()
    done = list(
        correcting.correct(
            editions, engine=desk.engine, channels=everywhere, only=only, now=desk.now
        )
    )
    words = "; ".join(map(_told, done)) or "nothing of it is out"
    note_now(desk, "corrected", issue, *alone(names), words=words)
    desk.receipts()
    return done


def tell(desk: Desk, issue: str, names: Sequence[str] = ()) -> list[Word]:
    """Tell `correction:` once to each who was mailed the issue, and on channels that are named.

    There it is an answer to what is out. Raises NotPossible where its head says nothing.
    """
    require_free(desk)
    require_planned(desk, issue, ())
    editions = [one for one in require_editions(desk, issue) if corrigenda.says(one)]
    if not editions:
        raise NotPossible(f"{issue}: its head has no `correction:` that says what was wrong")
    channels = require_channels(desk, names)
    wanted = Wanted(did="tell", issue=issue, channel=joined(names))
    with desk.engine.begin() as db:
        if not agreed(db, desk, wanted, _untold(db, editions, channels, names), editions):
            return []
        known: dict[str, Any] = {"channels": channels, "at": desk.now(), "answers": names}
        planned = corrigenda.plan(editions, db=db, **known)
        words = [
            Word(issue=key, lang=lang, channel=channel, planned=new)
            for (key, lang, channel), new in planned.items()
        ]
        if not words:
            raise NotPossible(f"{issue}: none of these channels can tell anybody")
        total = sum(word.planned for word in words)
        note(db, desk, "tell", issue, *alone(names), words=f"{total} planned")
    desk.sweep()
    return words


def _untold(
    db: Connection,
    editions: Sequence[Edition],
    channels: Mapping[str, Configured],
    answers: Sequence[str],
) -> set[str]:
    """The channels on which nothing of the word was planned yet."""
    return {
        name
        for edition in editions
        for name in channels.keys() - releases.planned(db, *_place(edition)).keys()
        if channels[name].takes(edition.key, edition.lang)
        and (isinstance(channels[name].channel, Mailing) or name in answers)
    }


def _place(edition: Edition) -> tuple[str, str]:
    return corrigenda.corrigendum(edition).key, edition.lang


def leave(desk: Desk, issue: str) -> list[str]:
    """Leave what is out as it is, and ask no more; the languages in which it was asked."""
    with desk.engine.begin() as db:
        langs = changes.leave(db, issue, at=desk.now())
        if not langs:
            raise NotPossible(f"{issue}: nothing is asked of anybody about it any more")
        note(db, desk, "leave", issue, words=", ".join(langs))
    return langs


def retract(desk: Desk, issue: str, names: Sequence[str]) -> list[Retraction]:
    """Take back what is out on these channels; what became of each."""
    require_free(desk)
    names = [s.channel for s in require_planned(desk, issue, names)]
    note_now(desk, "retract", issue, *alone(names))
    everywhere = desk.channels()
    done = list(
        retracting.retract(
            issue, engine=desk.engine, channels=everywhere, only={*names}, now=desk.now
        )
    )
    words = "; ".join(map(_told, done)) or "nothing of it is out"
    note_now(desk, "retracted", issue, *alone(names), words=words)
    desk.receipts()
    return done


def _told(one: Correction | Retraction) -> str:
    """What became of one post, in a few words."""
    return f"{one.channel} ({one.lang}): {one.outcome}" + (f", {one.words}" if one.words else "")
