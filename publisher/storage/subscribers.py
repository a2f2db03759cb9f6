"""Readers in the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Row,
    Select,
    String,
    and_,
    func,
    not_,
    or_,
    select,
    type_coerce,
)

from publisher.domain.subscriber import Standing, gets_the_rest
from publisher.storage.posts import upsert
from publisher.storage.schema import subscribers


def add(
    db: Connection,
    *,
    address: str,
    key: str,
    languages: tuple[str, ...],
    state: Standing,
    token: str,
    origin: str,
    at: datetime,
) -> bool:
    """Add a reader, or bring one back who had left; False when they are on the list already."""
    row = {
        "address": address,
        "address_key": key,
        "languages": languages,
        "state": state,
        "token": token,
        "origin": origin,
        "added_at": at,
        "changed_at": at,
    }
    insert = upsert(db, subscribers).values(row).on_conflict_do_nothing()
    if db.execute(insert.returning(subscribers.c.id)).scalar() is not None:
        return True
    back = subscribers.update().where(
        subscribers.c.address_key == key, subscribers.c.state == Standing.LEFT
    )
    again = {name: row[name] for name in ("address", "languages", "state", "origin", "changed_at")}
    return db.execute(back.values(again)).rowcount == 1


def leave(db: Connection, *, at: datetime, **who: str) -> bool:
    """Take the reader with this `address_key` or `token` off the list; False if nobody was on."""
    update = subscribers.update().filter_by(**who).where(subscribers.c.state != Standing.LEFT)
    return db.execute(update.values(state=Standing.LEFT, changed_at=at)).rowcount == 1


def by_token(db: Connection, token: str) -> Row[Any] | None:
    """The reader whom a token belongs to, or None."""
    return db.execute(select(subscribers).where(subscribers.c.token == token)).one_or_none()


def everyone(db: Connection) -> Sequence[Row[Any]]:
    """All readers, oldest first."""
    return db.execute(select(subscribers).order_by(subscribers.c.id)).all()


def readers_of(
    lang: str, *, channel: str, taken: tuple[str, ...], default: str
) -> Select[tuple[str]]:
    """The address keys of the readers who get the edition in `lang` from the list `channel`.

    Who named no language, or only such as the channel has no edition in, gets the site's.
    """
    c = subscribers.c
    theirs = [_has(c.languages, lang)]
    if gets_the_rest(lang, taken=taken, default=default):
        theirs.append(and_(*(not_(_has(c.languages, other)) for other in taken)))
    on_list = or_(c.lists == "", _has(c.lists, channel))
    return select(c.address_key).where(c.state == Standing.CONFIRMED, or_(*theirs), on_list)


def _has(choice: Column[Any], word: str) -> ColumnElement[bool]:
    """Whether a word is among the chosen. (LIKE would not tell `Readers` from `readers`.)"""
    return func.replace(choice, f" {word} ", "", type_=String()) != type_coerce(choice, String())
