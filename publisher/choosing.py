"""What readers want to receive, as they say by the token that is in each of their mails."""

from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row

from publisher.domain.subscriber import Event, Standing
from publisher.storage import reader_log, subscribers
from publisher.storage.engine import reading


def found(token: str, *, engine: Engine) -> Row[Any] | None:
    """The reader whom a token belongs to, or None."""
    with reading(engine) as db:
        return subscribers.by_token(db, token)


def choose(
    token: str,
    *,
    engine: Engine,
    languages: tuple[str, ...],
    lists: tuple[str, ...],
    place: str,
    at: datetime,
    else_after: int | None = None,
) -> None:
    """Give a reader who is on the list other languages and lists.

    After `else_after` days without an edition in one of these languages the site's will do.
    """
    with engine.begin() as db:
        reader = subscribers.by_token(db, token)
        if reader is None or reader.state != Standing.CONFIRMED:
            return
        choice = {"languages": languages, "lists": lists, "else_after": else_after}
        if subscribers.change(db, reader.id, at=at, **choice):
            words = f"languages {_told(languages)}{_else(else_after)}; lists {_told(lists)}"
            reader_log.note(
                db, reader.id, Event.CHANGED, at=at, how="page", place=place, words=words
            )


def _else(days: int | None) -> str:
    return f", else the site's after {days} days" if days else ""


def _told(choice: tuple[str, ...]) -> str:
    return ", ".join(choice) or "by default"
