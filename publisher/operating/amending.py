"""What is done about what is out: corrected, told, left as it is, taken back."""

from collections.abc import Sequence

from publisher import correcting, retracting
from publisher.correcting import Correction
from publisher.operating.desk import (
    Desk,
    alone,
    note_now,
    require_channels,
    require_editions,
    require_free,
    require_planned,
)
from publisher.retracting import Retraction


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
