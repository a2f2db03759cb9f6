"""A word to those who were told something wrong: a short mail or an answer of its own, once."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from html import escape

from sqlalchemy import Connection

from publisher import publishing
from publisher.domain.channel import ORIGINAL, Answering, Mailing
from publisher.domain.correction import OF_AN_ISSUE
from publisher.domain.issue import NOT_CARRIED, Edition
from publisher.registry import Configured
from publisher.storage import copies, corrections, deliveries, posts
from publisher.storage.posts import Place

CALLED = {
    "en": "Correction",
    "de": "Korrektur",
    "es": "Corrección",
    "fr": "Correctif",
    "it": "Correzione",
    "nl": "Correctie",
    "pl": "Sprostowanie",
    "pt": "Correção",
    "ro": "Erată",
    "sv": "Rättelse",
}


def says(edition: Edition) -> str:
    """What an edition's head says of what was wrong, "" where it has nothing for readers."""
    return "" if edition.correction == NOT_CARRIED else edition.correction


def corrigendum(edition: Edition) -> Edition:
    """The word as an edition of its own; another word is another. No other has its address."""
    called = CALLED.get(edition.lang.partition("-")[0], CALLED["en"])
    words, link = escape(edition.correction), escape(edition.url)
    mark = hashlib.sha256(edition.correction.encode()).hexdigest()[:8]
    return replace(
        edition,
        key=f"{edition.key}{OF_AN_ISSUE}{mark}",
        url=f"{edition.url}#correction-{mark}",
        title=f"{called}: {edition.title}",
        summary=edition.correction,
        html=f'<p>{words}</p>\n<p><a href="{link}">{escape(edition.title)}</a></p>\n',
        text=f"{edition.correction}\n\n{edition.title}:\n{edition.url}\n",
        links=(edition.url,),
        images=(),
        image=None,
        fences=(),
        warnings=(),
        correction="",
    )


def has_readers(db: Connection, edition: Edition, channels: Mapping[str, Configured]) -> bool:
    """Whether anybody was sent an edition by mail, and can be told."""
    names = [n for n, channel in channels.items() if isinstance(channel.channel, Mailing)]
    told = (corrections.readers(edition.key, edition.lang, name).limit(1) for name in names)
    return any(db.execute(one).first() for one in told)


def plan(
    editions: Sequence[Edition],
    *,
    db: Connection,
    channels: Mapping[str, Configured],
    at: datetime,
    answers: Collection[str] = (),
) -> dict[tuple[str, str, str], int]:
    """Plan the word to each reader who was sent the edition; how many are new, by its place.

    On the channels that `answers` names, if they can, it is an answer to what is out there. Said
    again, it plans nothing more. Readers who left since are left out.
    """
    new: dict[tuple[str, str, str], int] = {}
    for edition in filter(says, editions):
        word = corrigendum(edition)
        publishing.remember(db, word, at=at)
        for channel in channels.values():
            place = (word.key, word.lang, channel.name)
            if not channel.takes(edition.key, edition.lang):
                continue
            if isinstance(channel.channel, Mailing):
                new[place] = _plan_mail(db, edition, word, channel, at=at)
            elif channel.name in answers and isinstance(channel.channel, Answering):
                new[place] = _plan_answer(db, edition, word, channel, at=at)
    return new


def _plan_mail(
    db: Connection, edition: Edition, word: Edition, channel: Configured, *, at: datetime
) -> int:
    post, why = publishing.written(word, channel)
    if why:
        raise ValueError(why)
    place = Place(issue=word.key, lang=word.lang, channel=channel.name, kind=channel.kind)
    id = posts.add(db, place, post, at=at) or posts.number(db, place)
    told = corrections.readers(edition.key, edition.lang, channel.name)
    return copies.plan(db, id, told, at=at)


def _plan_answer(
    db: Connection, edition: Edition, word: Edition, channel: Configured, *, at: datetime
) -> int:
    if corrections.out(db, edition.key, edition.lang, channel.name) is None:
        return 0
    post, why = publishing.written(word, channel)
    post = replace(post, details={**post.details, ORIGINAL: edition.lang})
    place = Place(issue=word.key, lang=word.lang, channel=channel.name, kind=channel.kind)
    id = posts.add(db, place, post, at=at)
    if id:
        deliveries.plan(db, id, at=at, refused=why)
    return 1 if id else 0
