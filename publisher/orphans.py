"""What networks hold that the store does not know of: asked about what it has not delivered."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from publisher import publishing
from publisher.domain.channel import Mailing, Post, Receipt
from publisher.domain.delivery import State
from publisher.domain.issue import Edition
from publisher.domain.oddity import Oddity
from publisher.registry import Configured
from publisher.storage import audits
from publisher.storage.engine import reading
from publisher.storage.posts import from_json

MOST = 50  # posts that are asked about, newest first
LONGEST = 60.0  # seconds after which nobody is asked any more
RULE = "stray"


@dataclass(frozen=True, kw_only=True)
class Question:
    """A post that the store does not know to be out there, and what helps where it is."""

    channel: Configured
    post: Post
    place: str
    known: str
    remedy: str


def undelivered(engine: Engine, channels: Mapping[str, Configured]) -> list[Question]:
    """What the store has planned, and does not know to be out there; newest first.

    Of a mailing nobody can be asked. A post that cannot be read is left out: the audit names it.
    """
    with reading(engine) as db:
        rows = db.execute(audits.unproven_posts(MOST)).all()
    return [
        question
        for row in rows
        if row.channel in channels and (question := _planned(row, channels[row.channel]))
    ]


def _planned(row: Any, channel: Configured) -> Question | None:
    try:
        post = from_json(row.body)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    settle = f"publisher settle {row.issue} --channel {row.channel}"
    skip = row.state == State.PENDING  # which nobody may call delivered
    return Question(
        channel=channel,
        post=post,
        place=f"{row.issue} ({row.lang}) on {row.channel}",
        known=f"which the store calls {row.state}",
        remedy=f"`{settle} --skip`" if skip else f"`{settle} --delivered {{url}}`",
    )


def unplanned(
    engine: Engine, channels: Mapping[str, Configured], editions: Iterable[Edition]
) -> list[Question]:
    """What the store never planned of these editions."""
    found: list[Question] = []
    with reading(engine) as db:
        for edition in editions:
            for channel in channels.values():
                planned = audits.is_planned(edition.key, edition.lang, channel.name)
                if channel.takes(edition.key, edition.lang) and db.scalar(planned) is None:
                    found += _never_planned(edition, channel)
    return found[:MOST]


def _never_planned(edition: Edition, channel: Configured) -> Iterator[Question]:
    post, refused = publishing.written(edition, channel)
    if not refused:
        yield Question(
            channel=channel,
            post=post,
            place=f"{edition.key} ({edition.lang}) on {channel.name}",
            known="which this store never planned",
            remedy="do not publish it there: it would be there twice",
        )


def asked(
    questions: Iterable[Question],
    *,
    trouble: Callable[[str], object],
    clock: Callable[[], float] = time.monotonic,
) -> list[Oddity]:
    """Ask networks about posts, for a minute at most; what is out there all the same.

    A channel that fails to answer is told to `trouble`, and not asked again.
    """
    end, silent = clock() + LONGEST, set[str]()
    found: list[Oddity] = []
    for question in questions:
        name = question.channel.name
        if name in silent or isinstance(question.channel.channel, Mailing):
            continue
        if clock() > end:
            trouble(f"a minute is over: {name} and others were not asked about everything")
            break
        try:
            receipt = question.channel.channel.find_existing(question.post)
        except NotImplementedError:
            silent.add(name)
        except Exception as error:  # noqa: BLE001  whatever it is, the others are still asked
            silent.add(name)
            trouble(f"{name} cannot be asked now: {error}")
        else:
            found += [_odd(question, receipt)] if receipt else []
    return found


def _odd(question: Question, receipt: Receipt) -> Oddity:
    url = receipt.url or receipt.id
    return Oddity(
        rule=RULE,
        place=question.place,
        words=f"it is out there, {question.known}: {url}",
        remedy=question.remedy.replace("{url}", url),
    )
