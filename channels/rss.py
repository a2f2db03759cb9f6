"""RSS 2.0 (https://www.rssboard.org/rss-specification): one item an edition, in a feed file.

feedgen writes the head and the item, lxml puts them among what the file already holds.
"""

from dataclasses import dataclass
from typing import ClassVar

from channels._feedgen import rss_of
from channels._feednotation import Notation, rfc5322
from channels._feeds import FeedFiles
from channels._feedtree import ATOM, Dialect


@dataclass(frozen=True, kw_only=True)
class Rss(FeedFiles):
    """Feed files in RSS."""

    media_type = "application/rss+xml"
    notation: ClassVar[Notation] = Dialect(
        name="RSS feed",
        write=rss_of,
        root="rss",
        holder="channel",
        entry="item",
        id="guid",
        published="pubDate",
        updated=f"{ATOM}updated",
        dated="lastBuildDate",
        stamp=rfc5322,
    )
