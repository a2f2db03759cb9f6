"""Pages in memory for as long as what they are made of has not changed."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Generic, TypeVar

from publisher.publishing import Clock
from publisher.web.conditional import Content

FRESH = 0.5  # seconds between two looks at the store, at least
SECOND = timedelta(seconds=1)

Key = TypeVar("Key", bound=Hashable)
Made = TypeVar("Made")


@dataclass(frozen=True, kw_only=True)
class _Page(Generic[Made]):
    made_of: Made
    content: Content
    looked: float


@dataclass(kw_only=True)
class Kept(Generic[Key, Made]):
    """Some pages, each by its key, the least asked for thrown away first.

    `look(key)` gets all that a page is made of, as values that can be compared, and `make` makes
    the page of them. So what another process changed in the store is seen here, too, after
    `FRESH` seconds at most. Several threads may use it.
    """

    look: Callable[[Key], Made]
    make: Callable[[Key, Made], str]
    now: Clock
    most: int = 64
    _pages: "OrderedDict[Key, _Page[Made]]" = field(default_factory=OrderedDict)
    _turn: Lock = field(default_factory=Lock)

    def fresh(self, key: Key) -> Content | None:
        """The page, if the store was looked at just now; never waits."""
        page = self._pages.get(key)
        return page.content if page and time.monotonic() - page.looked < FRESH else None

    def get(self, key: Key) -> Content:
        """The page as it is to be now. What `look` and `make` raise comes through."""
        with self._turn:
            if found := self.fresh(key):  # another thread was first
                return found
            looked, before = time.monotonic(), self._pages.get(key)
            made_of = self.look(key)
            if before and before.made_of == made_of:
                content = before.content
            else:
                content = self._content(key, made_of, before.content if before else None)
            self._keep(key, _Page(made_of=made_of, content=content, looked=looked))
            return content

    def _content(self, key: Key, made_of: Made, before: Content | None) -> Content:
        body = self.make(key, made_of).encode()
        if before and before.body == body:
            return before
        changed = _whole(self.now())
        if before:  # a date alone must tell two pages of one second apart
            changed = max(changed, before.changed + SECOND)
        return Content(body=body, media_type="text/html; charset=utf-8", changed=changed)

    def _keep(self, key: Key, page: _Page[Made]) -> None:
        self._pages[key] = page
        self._pages.move_to_end(key)
        while len(self._pages) > self.most:
            self._pages.popitem(last=False)


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
