"""The use case of the original in place of a translation that did not come in time."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from publisher import publishing
from publisher.domain.channel import Mailing, scheme_of
from publisher.registry import Configured
from publisher.storage import copies, posts, standins
from publisher.storage.engine import reading
from publisher.storage.posts import Unreadable
from publisher.storage.standins import Original

log = logging.getLogger(__name__)

BATCH = 2000  # copies that are planned in one transaction


@dataclass(frozen=True, kw_only=True)
class Lists:
    """The lists that take several languages, and the store that they are kept in."""

    engine: Engine
    channels: Mapping[str, Configured]


def stand_in(
    *,
    engine: Engine,
    channels: Mapping[str, Configured],
    language: Callable[[str], str],
    at: datetime,
) -> int:
    """Plan the original for each reader whose days are over; how many copies.

    `language(issue)` is that of an issue's site. Any number may do so at once, and at any moment:
    one reader gets one edition.
    """
    lists = Lists(engine=engine, channels={n: c for n, c in channels.items() if _has_several(c)})
    with reading(engine) as db:
        found = standins.due(db, channels=[*lists.channels], at=at)
    originals = [one for one in found if one.lang == language(one.issue)]
    return sum(_stand_in(one, lists, at=at) for one in originals)


def _has_several(channel: Configured) -> bool:
    return isinstance(channel.channel, Mailing) and len(channel.languages) > 1


def _stand_in(one: Original, lists: Lists, *, at: datetime) -> int:
    planned = 0
    try:
        while added := _some(one, lists, at=at):
            planned += added
    except Unreadable as error:
        log.warning("%s on %s stands in for nothing: %s", one.issue, one.channel, error)
    if planned:
        log.info("%s goes to %d more readers of %s", one.issue, planned, one.channel)
    return planned


def _some(one: Original, lists: Lists, *, at: datetime) -> int:
    """Plan one batch; how many that was. The last, with nobody in it, notes that all is done."""
    with lists.engine.begin() as db:
        posts.one_at_a_time(db, one.issue)
        if publishing.UNWRITTEN in posts.stored(db, one.post_id).details:
            return 0
        on = lists.channels[one.channel]
        scheme, taken = scheme_of(on.channel), on.languages
        readers = standins.readers(db, one, scheme=scheme, taken=taken, at=at, limit=BATCH)
        edition = posts.edition_of(db, one.issue, one.lang)
        doubt = publishing.forgotten(db, edition.dated) if edition else ""
        added = copies.plan(db, one.post_id, readers, at=at, doubt=doubt)
        if added:
            copies.rest(db, one.post_id)
        else:
            standins.looked(db, one, at=at)
        return added
