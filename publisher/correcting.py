"""The use case of a correction: what changed at the source is carried to what is already out."""

import logging
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, Engine

from publisher import corrigenda, publishing, secrecy, telling
from publisher.domain.channel import (
    ChannelError,
    Handed,
    HandingOn,
    Mailing,
    Post,
    Receipt,
    Refused,
)
from publisher.domain.issue import Edition
from publisher.publishing import Clock, utcnow
from publisher.registry import Configured
from publisher.releasing import Site
from publisher.storage import changes, corrections, deliveries, posts
from publisher.storage.changes import Noted
from publisher.storage.corrections import Out, Unsent
from publisher.storage.deliveries import BY_ITSELF, PERSON
from publisher.storage.engine import reading

log = logging.getLogger(__name__)

ON_ITS_WAY = "is on its way; say it again once it is there"
LEASE = timedelta(minutes=10)  # of whoever carries a change
FIRST, LONGEST = timedelta(seconds=30), timedelta(hours=1)  # between two tries; each twice as long
TRIES = 12  # then a person is asked
GONE = "was changed after it went out, and its file is not in the source any more"


class Outcome(StrEnum):
    """What became of one post."""

    SAME = "as it should be"
    CORRECTED = "corrected"
    LEFT = "left"  # it cannot be changed there
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Correction:
    """One post that is out, and what became of its correction, with the channel's words."""

    channel: str
    lang: str
    outcome: Outcome
    words: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Editor:
    """Who carries a correction: a person, or nobody."""

    engine: Engine
    channels: Mapping[str, Configured]
    now: Clock
    by: str


def correct(
    editions: Sequence[Edition],
    *,
    engine: Engine,
    channels: Mapping[str, Configured],
    now: Clock = utcnow,
    by: str = PERSON,
    only: Collection[str] = (),
) -> Iterator[Correction]:
    """Edit each post that is out and whose edition says something else by now, where that can be.

    `channels` are all that there are; with `only`, those of these names are edited and no other.
    Nothing new is sent. An edit says what a post shall be, so saying it again, after a crash or by
    two at once, changes nothing more. No transaction is open while the outside is spoken to.
    """
    editor = Editor(engine=engine, channels=channels, now=now, by=by)
    for edition in editions:
        left = {*channels}
        for name in only or channels:
            one = _corrected(edition, channels[name], editor)
            if one is not None:
                yield one
            if one is None or one.outcome is not Outcome.FAILED:
                left.discard(name)
        with engine.begin() as db:
            if posts.edition_of(db, edition.key, edition.lang):
                _note(db, edition, left, at=now())


def _note(db: Connection, edition: Edition, left: Container[str], *, at: datetime) -> None:
    """Remember an edition as it is now, unless it is out where it is not carried to."""
    if not any(name in left for name in corrections.places(db, edition.key, edition.lang)):
        publishing.remember(db, edition, at=at)
        changes.carried(db, edition.key, edition.lang, edition.revision, at=at)


def _corrected(edition: Edition, channel: Configured, editor: Editor) -> Correction | None:
    """What became of an edition on one channel; None where nothing of it is out or to go out."""
    with editor.engine.connect() as db:
        out = corrections.out(db, edition.key, edition.lang, channel.name)
    if out is not None:
        return _correct(edition, channel, out, editor)
    if isinstance(channel.channel, Mailing):
        return None
    with editor.engine.begin() as db:
        unsent = corrections.unsent(db, edition.key, edition.lang, channel.name)
        return _rewritten(db, edition, channel, unsent, at=editor.now()) if unsent else None


def _rewritten(
    db: Connection, edition: Edition, channel: Configured, unsent: Unsent, *, at: datetime
) -> Correction | None:
    """Have a post that waits say it as it is now; None where it does."""
    post, why = publishing.written(edition, channel)
    known = {"channel": channel.name, "lang": edition.lang}
    if not why and _says(post) == _says(unsent.post):
        return None
    if why or not unsent.is_certain:
        return Correction(**known, outcome=Outcome.FAILED, words=why or ON_ITS_WAY)
    posts.replace_body(db, unsent.post_id, post)
    if isinstance(channel.channel, HandingOn):
        deliveries.again(db, [unsent.delivery], at=at, reason=telling.CHANGED)
    return Correction(**known, outcome=Outcome.CORRECTED, words="it goes out as it is now")


def _correct(edition: Edition, channel: Configured, out: Out, editor: Editor) -> Correction:
    post, why = publishing.written(edition, channel)
    post = replace(post, key=out.post.key)
    known = {"channel": channel.name, "lang": edition.lang, "url": out.receipt.url}
    if why:
        return Correction(**known, outcome=Outcome.FAILED, words=why)
    if _says(post) == _says(out.post):
        return Correction(**known, outcome=Outcome.SAME)
    if isinstance(channel.channel, Mailing):
        return Correction(**known, outcome=Outcome.LEFT, words=f"{out.copies} mails are out")
    try:
        receipt = _edited(channel, post, out, editor)
    except (NotImplementedError, Refused) as error:
        return Correction(**known, outcome=Outcome.LEFT, words=secrecy.removed(str(error)))
    except ChannelError as error:
        return Correction(**known, outcome=Outcome.FAILED, words=secrecy.removed(str(error)))
    with editor.engine.begin() as db:
        note = f"corrected: {secrecy.removed(receipt.note)}" if receipt.note else "corrected"
        corrections.note(db, out, post, receipt, reason=note, at=editor.now(), by=editor.by)
    words = secrecy.removed(receipt.note)
    return Correction(
        **known | {"url": receipt.url or out.receipt.url}, outcome=Outcome.CORRECTED, words=words
    )


def _edited(channel: Configured, post: Post, out: Out, editor: Editor) -> Receipt:
    """What proves the edit, or that a person was asked for it."""
    try:
        return channel.channel.update(out.receipt, post)
    except Handed as handed:
        return replace(out.receipt, note=telling.tell(handed.note, editor.channels))


def _says(post: Post) -> Post:
    """What of a post the outside can see."""
    return replace(post, to=None, warnings=())


# --- by itself


def go_on(site: Site) -> int:
    """Carry the changes whose time has come to where they can be edited in silence; how many.

    Any number may do so at once: a change is claimed first. One that cannot be carried is tried
    again later, and in the end left to a person.
    """
    with reading(site.engine) as db:
        found = changes.due(db, at=site.now())
    return sum(_go_on(noted, site) for noted in found)


def _go_on(noted: Noted, site: Site) -> bool:
    at = site.now()
    with site.engine.begin() as db:
        ours = changes.claim(db, noted, at=at, until=at + LEASE)
    if not ours:
        return False
    edition = site.edition(noted.issue, noted.lang)
    if edition is None:
        return _ask(noted, GONE, site)
    if errors := site.errors(edition):
        return _ask(noted, f"was changed after it went out, and has errors: {errors}", site)
    if why := _not_yet(noted, edition, site):
        return _put_off(noted, why, site)
    return _carry(noted, edition, site)


def _not_yet(noted: Noted, edition: Edition, site: Site) -> str:
    """Why a change is not to be carried now, "" if it is."""
    if edition.revision != noted.revision:
        return "it is changing still"
    return site.unproven(edition) if site.rules.proof else ""


def _carry(noted: Noted, edition: Edition, site: Site) -> bool:
    found = list(
        correct([edition], engine=site.engine, channels=site.channels, now=site.now, by=BY_ITSELF)
    )
    for one in found:
        words = one.words or one.url
        log.info("%s (%s) on %s: %s %s", noted.issue, noted.lang, one.channel, one.outcome, words)
    failed = [f"{one.channel}: {one.words}" for one in found if one.outcome is Outcome.FAILED]
    if failed:
        return _put_off(noted, "; ".join(failed), site)
    return _offer(edition, site) if corrigenda.says(edition) else True


def _offer(edition: Edition, site: Site) -> bool:
    """Have a person asked whether readers are to be told what was wrong."""
    told = f"was corrected; `publisher correct {edition.key} --tell` mails what was wrong to those"
    words = f"{told} who were sent it, without --tell nobody is told"
    noted = Noted(issue=edition.key, lang=edition.lang, revision=edition.revision)
    with site.engine.begin() as db:
        if corrigenda.has_readers(db, edition, site.channels):
            changes.ask_on(db, noted, words)
    return True


def _put_off(noted: Noted, why: str, site: Site) -> bool:
    if noted.tries >= TRIES:
        words = f"was changed after it went out, and that cannot be carried: {why}"
        return _ask(noted, words, site)
    pause = min(LONGEST, FIRST * 2 ** min(noted.tries, 20))
    with site.engine.begin() as db:
        changes.put_off(db, noted, until=site.now() + pause, trouble=why)
    return False


def _ask(noted: Noted, words: str, site: Site) -> bool:
    log.warning("%s (%s) %s", noted.issue, noted.lang, words)
    with site.engine.begin() as db:
        changes.ask(db, noted, words)
    return False
