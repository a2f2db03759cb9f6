"""The use case of a correction: what changed at the source is carried to what is already out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Engine

from publisher import publishing, secrecy
from publisher.domain.channel import ChannelError, Mailing, Post, Receipt, Refused
from publisher.domain.issue import Edition
from publisher.publishing import Clock, utcnow
from publisher.registry import Configured
from publisher.storage import corrections, posts
from publisher.storage.corrections import Out


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


def correct(
    editions: Sequence[Edition],
    *,
    engine: Engine,
    channels: Mapping[str, Configured],
    now: Clock = utcnow,
) -> Iterator[Correction]:
    """Edit each post that is out and whose edition says something else by now, where that can be.

    Nothing new is sent. An edit says what a post shall be, so saying it again, after a crash or by
    two at once, changes nothing more. No transaction is open while the outside is spoken to.
    """
    for edition in editions:
        for channel in channels.values():
            with engine.connect() as db:
                out = corrections.out(db, edition.key, edition.lang, channel.name)
            if out is not None:
                yield _correct(edition, channel, out, engine, now)
        with engine.begin() as db:
            if posts.edition_of(db, edition.key, edition.lang):
                publishing.remember(db, edition, at=now())


def _correct(
    edition: Edition, channel: Configured, out: Out, engine: Engine, now: Clock
) -> Correction:
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
        receipt = channel.channel.update(out.receipt, post)
    except (NotImplementedError, Refused) as error:
        return Correction(**known, outcome=Outcome.LEFT, words=secrecy.removed(str(error)))
    except ChannelError as error:
        return Correction(**known, outcome=Outcome.FAILED, words=secrecy.removed(str(error)))
    with engine.begin() as db:
        _write_down(db, out, post, receipt, at=now())
    words = secrecy.removed(receipt.note)
    return Correction(
        **known | {"url": receipt.url or out.receipt.url}, outcome=Outcome.CORRECTED, words=words
    )


def _write_down(db: Connection, out: Out, post: Post, receipt: Receipt, *, at: datetime) -> None:
    note = f"corrected: {secrecy.removed(receipt.note)}" if receipt.note else "corrected"
    corrections.note(db, out, post, receipt, reason=note, at=at)


def _says(post: Post) -> Post:
    """What of a post the outside can see."""
    return replace(post, to=None, warnings=())
