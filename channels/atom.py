"""Atom (RFC 4287): one entry an edition, in a feed file that a web server hands out.

feedgen writes the head and the entry, lxml puts them among what the file already holds.
"""

from dataclasses import dataclass
from typing import ClassVar

from channels._feedgen import atom_of
from channels._feednotation import Notation, rfc3339
from channels._feeds import FeedFiles
from channels._feedtree import ATOM, Dialect


@dataclass(frozen=True, kw_only=True)
class Atom(FeedFiles):
    """Feed files in Atom."""

    media_type = "application/atom+xml"
    notation: ClassVar[Notation] = Dialect(
        name="Atom feed",
        write=atom_of,
        root=f"{ATOM}feed",
        holder=".",
        entry=f"{ATOM}entry",
        id=f"{ATOM}id",
        published=f"{ATOM}published",
        updated=f"{ATOM}updated",
        dated=f"{ATOM}updated",
        stamp=rfc3339,
    )
