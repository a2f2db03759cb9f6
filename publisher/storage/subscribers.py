"""Readers in the database."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    String,
    and_,
    cast,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    type_coerce,
)

from publisher.domain.subscriber import Standing, gets_the_rest
from publisher.storage import notices
from publisher.storage.posts import upsert
from publisher.storage.schema import Moment, subscribers


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which readers: those with all that is not empty here.

    Who chose no list is on all; who chose no language reads the `default` one, the site's.
    """

    state: str = ""
    list: str = ""
    language: str = ""
    default: str = ""


def add(
    db: Connection,
    *,
    address: str,
    key: str,
    languages: tuple[str, ...] = (),
    lists: tuple[str, ...] = (),
    name: str = "",
    else_after: int | None = None,
    state: Standing,
    token: str,
    origin: str,
    at: datetime,
) -> bool:
    """Add a reader, or bring one back who had left; False when they are on the list already.

    Who was asked and has not answered counts as not on the list yet.
    """
    row = {
        "address": address,
        "address_key": key,
        "name": name,
        "languages": languages,
        "lists": lists,
        "state": state,
        "token": token,
        "origin": origin,
        "added_at": at,
        "changed_at": at,
        "else_after": else_after,
        "else_from": at if else_after else None,
    }
    insert = upsert(db, subscribers).values(row).on_conflict_do_nothing()
    if db.execute(insert.returning(subscribers.c.id)).scalar() is not None:
        return True
    absent = {Standing.LEFT, Standing.UNCONFIRMED} - {state}
    back = subscribers.update().where(
        subscribers.c.address_key == key, subscribers.c.state.in_(sorted(absent))
    )
    again = {name: row[name] for name in row.keys() - {"address_key", "token", "added_at"}}
    return db.execute(back.values(again)).rowcount == 1


def leave(db: Connection, *, at: datetime, **who: str) -> bool:
    """Take the reader with this `address_key` or `token` off the list; False if nobody was on."""
    update = subscribers.update().filter_by(**who).where(subscribers.c.state != Standing.LEFT)
    left = update.values(state=Standing.LEFT, changed_at=at).returning(subscribers.c.id)
    reader = db.scalar(left)
    if reader is not None:
        notices.note_leaving(db, reader, at=at)
    return reader is not None


def unstop(db: Connection, key: str, *, at: datetime) -> None:
    """Let a reader who was stopped count as one who has left."""
    c = subscribers.c
    stopped = subscribers.update().where(c.address_key == key, c.state == Standing.STOPPED)
    db.execute(stopped.values(state=Standing.LEFT, changed_at=at))


def change(db: Connection, id: int, *, at: datetime, **values: Any) -> bool:
    """Give a reader other `languages`, `lists`, `state` …; False when that changes nothing.

    Who chooses `else_after`, and had not, is given no issue whose days were over by then.
    """
    c = subscribers.c
    told = ((c[name], type_coerce(value, c[name].type)) for name, value in values.items())
    update = subscribers.update().where(
        c.id == id, or_(*(column.is_distinct_from(value) for column, value in told))
    )
    if "else_after" in values:
        values["else_from"] = _else_from(values["else_after"], at)
    return db.execute(update.values(changed_at=at, **values)).rowcount == 1


def _else_from(days: int | None, at: datetime) -> Any:
    if days is None:
        return None
    return func.coalesce(subscribers.c.else_from, literal(at - timedelta(days=days), Moment()))


def by_token(db: Connection, token: str) -> Row[Any] | None:
    """The reader whom a token belongs to, or None."""
    return db.execute(select(subscribers).where(subscribers.c.token == token)).one_or_none()


def by_key(db: Connection, key: str) -> Row[Any] | None:
    """The reader with an address key, or None."""
    return db.execute(select(subscribers).where(subscribers.c.address_key == key)).one_or_none()


def by_id(db: Connection, id: int) -> Row[Any] | None:
    """The reader with a number, or None."""
    return db.execute(select(subscribers).where(subscribers.c.id == id)).one_or_none()


def find(db: Connection, part: str, *, most: int) -> Sequence[Row[Any]]:
    """Readers in whose address key or name a part stands, by address: so many at most."""
    c = subscribers.c
    part = part.lower()
    met = or_(
        c.address_key.contains(part, autoescape=True),
        func.lower(c.name).contains(part, autoescape=True),
    )
    return db.execute(select(subscribers).where(met).order_by(c.address_key).limit(most)).all()


def numbers(db: Connection) -> tuple[dict[str, int], dict[str, int]]:
    """How many readers stand how, and how many who are on the list read which language.

    Who chose several counts for each; who chose none counts for "".
    """
    c, copies = subscribers.c, func.count()
    states = db.execute(select(c.state, copies).group_by(c.state))
    chosen = select(c.languages, copies).where(c.state == Standing.CONFIRMED)
    read: dict[str, int] = {}
    for languages, number in db.execute(chosen.group_by(c.languages)):
        for lang in languages or ("",):
            read[lang] = read.get(lang, 0) + number
    return {state: number for state, number in states}, read


def page(db: Connection, wanted: Wanted, *, after: int, limit: int) -> Sequence[Row[Any]]:
    """Up to `limit` readers whose numbers come after one, oldest first."""
    c = subscribers.c
    chosen = select(subscribers).where(c.id > after, *_asked_for(wanted))
    return db.execute(chosen.order_by(c.id).limit(limit)).all()


def _asked_for(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    c = subscribers.c
    if wanted.state:
        yield c.state == wanted.state
    if wanted.list:
        yield or_(c.lists == "", has(c.lists, wanted.list))
    if wanted.language:
        unsaid = (c.languages == "",) if wanted.language == wanted.default else ()
        yield or_(has(c.languages, wanted.language), *unsaid)


def everyone(db: Connection) -> Sequence[Row[Any]]:
    """All readers, oldest first."""
    return db.execute(select(subscribers).order_by(subscribers.c.id)).all()


def readers_of(
    lang: str, *, channel: str, scheme: str, taken: tuple[str, ...], default: str
) -> Select[Any]:
    """The address keys of the readers who get the edition in `lang` from the list `channel`.

    They have addresses of this `scheme`, "" for those of mail.

    Who named no language, or only such as the channel has no edition in, gets the site's.
    """
    c = subscribers.c
    theirs = [has(c.languages, lang)]
    if gets_the_rest(lang, taken=taken, default=default):
        theirs.append(and_(*(not_(has(c.languages, other)) for other in taken)))
    at_once = cast(null(), Integer).label("else_after")
    readers = select(c.address_key, at_once).where(c.state == Standing.CONFIRMED)
    return readers.where(or_(*theirs), wants(channel), reached_by(scheme))


def reached_by(scheme: str) -> ColumnElement[bool]:
    """Whether a reader's address begins with a scheme, or for "" with none."""
    key = subscribers.c.address_key
    return key.startswith(f"{scheme}:", autoescape=True) if scheme else key.not_like("%:%")


def wants(channel: str) -> ColumnElement[bool]:
    """Whether a reader chose the list of a channel, or none."""
    c = subscribers.c
    return or_(c.lists == "", has(c.lists, channel))


def has(choice: Column[Any], word: str) -> ColumnElement[bool]:
    """Whether a word is among the chosen. (LIKE would not tell `Readers` from `readers`.)"""
    return func.replace(choice, f" {word} ", "", type_=String()) != type_coerce(choice, String())
