"""What is done about what goes out, or is on its way."""

import re
from collections.abc import Sequence
from typing import Any

from publisher import publishing, subscribing
from publisher.domain.delivery import FAILED, State
from publisher.operating.agreeing import agreed, unplanned
from publisher.operating.desk import (
    Desk,
    HasErrors,
    NotPossible,
    alone,
    joined,
    note,
    require_channels,
    require_editions,
    require_free,
    require_planned,
)
from publisher.storage import pauses, reports
from publisher.storage.consents import Wanted

PLACE = re.compile(r"(https?://[^\s/]|(xmpp|matrix|at|mid|mailto|tg):\S)\S*")
SENT_AGAIN = (*FAILED, State.UNSURE)
CLOSED = {State.DELIVERED, State.SKIPPED}
ANSWERS = {"delivered": State.DELIVERED, "resend": State.PENDING, "skip": State.SKIPPED}


def publish(
    desk: Desk, issue: str, names: Sequence[str] = (), *, despite_errors: bool = False
) -> int:
    """Plan every delivery of an issue that is not there already; how many are new.

    Raises HasErrors for what has errors, unless it is to go out despite them, and NotPossible for
    what is a draft, has no text, or is taken by no channel.
    """
    require_free(desk)
    editions = require_editions(desk, issue)
    channels = require_channels(desk, names)
    site = desk.site()
    for edition in editions:
        if edition.draft:
            raise NotPossible(f"{edition.key} ({edition.lang}) is a draft")
        if not edition.text.strip():
            raise NotPossible(f"{edition.key} ({edition.lang}) has a head and no text")
        if not despite_errors and (why := site.errors(edition)):
            raise HasErrors(why)
    if not any(c.takes(e.key, e.lang) for c in channels.values() for e in editions):
        raise NotPossible(f"no channel takes {issue} in any of its languages")
    with desk.engine.begin() as db:
        wanted = Wanted(did="publish", issue=issue, channel=joined(names))
        new = unplanned(db, issue, [one.lang for one in editions], channels)
        if not agreed(db, desk, wanted, new, editions):
            return 0
        planned = publishing.plan(editions, db=db, channels=channels, at=desk.now())
        despite = ", despite its errors" if despite_errors else ""
        note(db, desk, "publish", issue, words=f"{planned} planned{despite}")
    desk.sweep()
    return planned


def retry(desk: Desk, issue: str, names: Sequence[str] = ()) -> int:
    """Try again what failed, was refused or is held; how many deliveries."""
    require_free(desk)
    there = require_planned(desk, issue, names)
    site = desk.site()
    known = sorted({s.channel for s in there} & {*site.channels})
    if not known:
        raise NotPossible("its channel is not in the configuration any more; skip what waits")
    channels = [site.channels[name] for name in known]
    refused = sorted({s.lang for s in there if s.state is State.REFUSED})
    found = [site.edition(issue, one) for one in refused]
    editions = [one for one in found if one is not None]
    open_ = {s.channel for s in there if s.state not in CLOSED or s.refused} & {*known}
    wanted = Wanted(did="retry", issue=issue, channel=joined(names))
    with desk.engine.begin() as db:
        if not agreed(db, desk, wanted, open_, editions):
            return 0
        tried = publishing.retry(issue, db=db, channels=channels, editions=editions, at=desk.now())
        if not tried:
            raise NotPossible("nothing there failed, is held or waits any more")
        note(db, desk, "retry", issue, *alone(names), words=f"{tried} tried again")
    desk.sweep()
    return tried


def settle(
    desk: Desk,
    issue: str,
    channel: str,
    answer: str,
    *,
    url: str = "",
    reader: str = "",
    lang: str = "",
) -> int:
    """Take an answer for what is held: `delivered` (at `url`), `resend` or `skip`; how many."""
    if answer not in ANSWERS:
        raise NotPossible(f"{answer!r} is no answer; say {', '.join(ANSWERS)}")
    if answer == "delivered" and not PLACE.fullmatch(url):
        raise NotPossible("say where it is: an address that begins with https://")
    if answer == "resend":
        require_free(desk)
    require_planned(desk, issue, [channel])
    key = subscribing.parse(reader).key if reader else ""
    only: dict[str, Any] = {"reader": key, "lang": lang.lower()}
    wanted = Wanted(did="settle", issue=issue, channel=channel, lang=lang.lower())
    with desk.engine.begin() as db:
        held = reports.delivery_ids(db, issue, names=[channel], states=SENT_AGAIN, **only)
        if answer == "resend" and held and not agreed(db, desk, wanted, {channel}):
            return 0
        met = publishing.settle(
            issue, channel, ANSWERS[answer], db=db, at=desk.now(), url=url, **only
        )
        if not met:
            raise NotPossible("nothing there waits for an answer any more")
        words = " ".join(filter(None, (answer, url, lang, "to one reader" if reader else "")))
        note(db, desk, "settle", issue, channel, words=words)
    if answer == "resend":
        desk.sweep()
    desk.receipts()
    return met


def pause(desk: Desk, issue: str, channel: str) -> None:
    """Begin nothing more of an issue on a channel."""
    require_planned(desk, issue, [channel])
    with desk.engine.begin() as db:
        pauses.pause(db, issue, channel, at=desk.now())
        note(db, desk, "pause", issue, channel)


def resume(desk: Desk, issue: str, channel: str) -> None:
    """Let an issue go on where it was paused."""
    require_planned(desk, issue, [channel])
    with desk.engine.begin() as db:
        pauses.resume(db, issue, channel)
        note(db, desk, "resume", issue, channel)
    desk.sweep()


def cancel(desk: Desk, issue: str, channel: str) -> int:
    """Send no more of an issue to a channel; how many deliveries are skipped."""
    require_planned(desk, issue, [channel])
    with desk.engine.begin() as db:
        met = pauses.cancel(db, issue, channel, at=desk.now())
        note(db, desk, "cancel", issue, channel, words=f"{met} skipped")
    return met
