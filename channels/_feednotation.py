"""How feed files are read and written, and when their entries say that they changed."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any, Protocol

from publisher.domain.channel import Post

LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Notation(Protocol):
    """How a file is read and written. `parsed` raises ValueError for what is no such feed."""

    @property
    def name(self) -> str: ...

    def parsed(self, content: bytes) -> Any: ...

    def ids(self, feed: Any | None) -> list[str | None]: ...

    def merged(self, old: Any | None, post: Post, url: str, keep: int) -> Any:
        """Put a post's entry into a feed, in the place of the one with its id."""

    def without(self, feed: Any, id: str) -> Any: ...

    def document(self, feed: Any) -> bytes: ...


def rfc3339(when: datetime) -> str:
    return when.astimezone(UTC).isoformat()


def rfc5322(when: datetime) -> str:
    """As RSS dates things, with a zone in digits."""
    return format_datetime(when.astimezone(UTC).replace(microsecond=0))


def instant(said: str) -> datetime:
    """When; long ago, if it does not say so in a way to be understood."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        with suppress(ValueError):
            when = read(said.strip())
            return when if when.tzinfo else when.replace(tzinfo=UTC)
    return LONG_AGO


def dated_anew(before: datetime, *, changed: bool) -> str:
    """When an entry was changed that was last changed `before`: now, if it was (RFC 4287 §4.2.15).

    Always later than before, so that two changes in one second have two dates.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    return rfc3339(max(now, before + timedelta(seconds=1)) if changed else before)
