"""The use cases of readers: join, leave, be listed, be known."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row

from publisher import asking
from publisher.addresses import Address, BadAddress, parse
from publisher.domain.subscriber import Event, Standing
from publisher.storage import known, reader_log, subscribers, suppressions
from publisher.storage.engine import reading
from publisher.storage.known import Known
from publisher.storage.subscribers import Wanted

__all__ = ["Address", "BadAddress", "parse"]  # known by these names to whoever has readers

PAGE = 1000  # readers that are read at once
BY_OPERATOR = "operator"


class Unwelcome(ValueError):
    """An address that a suppression stands against, or that was stopped; it says why."""


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What a reader wants: empty `languages` mean the site's, empty `lists` all of them.

    `else_after` is the days after which the site's will do; None for never.
    """

    languages: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    name: str = ""
    else_after: int | None = None


def add(
    addresses: Sequence[str],
    *,
    engine: Engine,
    choices: Choices = Choices(),
    at: datetime | None = None,
) -> list[bool]:
    """Add readers an operator vouches for: for each address, whether it is new.

    All or none: raises BadAddress or Unwelcome before anything is written.
    """
    parsed = [parse(address) for address in addresses]
    with engine.begin() as db:
        return [_join(db, address, choices, at=at or _now()) for address in parsed]


def ask(
    addresses: Sequence[str],
    *,
    engine: Engine,
    choices: Choices,
    carrier: str,
    lang: str,
    at: datetime | None = None,
) -> list[int | None]:
    """Ask those whom an operator knows to confirm: for each address, its question's number.

    That is None for who is on the list already. `carrier` is the channel of the mail, `lang` its
    language for who chose none. All or none: raises BadAddress or Unwelcome.
    """
    parsed = [parse(address) for address in addresses]
    lang = next(iter(choices.languages), lang)
    with engine.begin() as db:
        return [
            _ask(db, address, choices, channel=carrier, lang=lang, at=at or _now())
            for address in parsed
        ]


def _ask(
    db: Connection, address: Address, choices: Choices, *, channel: str, lang: str, at: datetime
) -> int | None:
    if why := _against(db, address.key):
        raise Unwelcome(f"{address.typed}: {why}")
    reader = subscribers.by_key(db, address.key)
    if reader is not None and reader.state == Standing.CONFIRMED:
        return None
    question = asking.ask(
        db,
        address.typed,
        address.key,
        languages=choices.languages,
        lists=choices.lists,
        how=BY_OPERATOR,
        channel=channel,
        lang=lang,
        at=at,
    )
    asked = subscribers.by_key(db, address.key)
    said = {"name": choices.name, "else_after": choices.else_after}
    known = {what: told for what, told in said.items() if told}
    if asked is not None and known:
        subscribers.change(db, asked.id, at=at, **known)
    return question


def _now() -> datetime:
    return datetime.now(UTC)


def _join(db: Connection, address: Address, choices: Choices, *, at: datetime) -> bool:
    if why := _against(db, address.key):
        raise Unwelcome(f"{address.typed}: {why}")
    new = subscribers.add(
        db,
        address=address.typed,
        key=address.key,
        languages=choices.languages,
        lists=choices.lists,
        name=choices.name,
        else_after=choices.else_after,
        state=Standing.CONFIRMED,
        token=secrets.token_urlsafe(24),
        origin=BY_OPERATOR,
        at=at,
    )
    if new:
        _note(db, address.key, Event.JOINED, at=at)
    return new


def _against(db: Connection, key: str) -> str:
    """Why an address cannot be put on the list, "" where nothing stands against it."""
    if reason := suppressions.reason(db, key):
        return f"nothing may be sent to it ({reason})"
    reader = subscribers.by_key(db, key)
    stopped = reader is not None and reader.state == Standing.STOPPED
    return "was stopped, because of bounces or a complaint" if stopped else ""


def _note(db: Connection, key: str, event: Event, *, at: datetime, words: str = "") -> None:
    reader = subscribers.by_key(db, key)
    if reader is not None:
        reader_log.note(db, reader.id, event, at=at, how=BY_OPERATOR, words=words)


def lift(addresses: Sequence[str], *, engine: Engine, at: datetime | None = None) -> list[bool]:
    """Let addresses be written to again: for each, whether anything stood against it.

    Who was stopped counts as having left, and can be added. Raises BadAddress.
    """
    parsed = [parse(address) for address in addresses]
    with engine.begin() as db:
        return [_lift(db, address.key, at=at or _now()) for address in parsed]


def _lift(db: Connection, key: str, *, at: datetime) -> bool:
    why = _against(db, key)
    suppressions.lift(db, key)
    subscribers.unstop(db, key, at=at)
    if why:
        _note(db, key, Event.CHANGED, at=at, words=f"lifted: {why}")
    return bool(why)


def remove(address: str, *, engine: Engine, at: datetime | None = None) -> bool:
    """Take a reader off the list; False when they were not on it. Raises BadAddress."""
    key, at = parse(address).key, at or _now()
    with engine.begin() as db:
        gone = subscribers.leave(db, address_key=key, at=at)
        if gone:
            _note(db, key, Event.LEFT, at=at)
        return gone


def leave(
    token: str, *, engine: Engine, how: str = "link", place: str = "", at: datetime | None = None
) -> bool:
    """A reader leaves by their token; True also for one who had left before."""
    at = at or _now()
    with engine.begin() as db:
        reader = subscribers.by_token(db, token)
        if reader is not None and subscribers.leave(db, token=token, at=at):
            reader_log.note(db, reader.id, Event.LEFT, at=at, how=how, place=place)
        return reader is not None


def everyone(*, engine: Engine) -> Sequence[Row[Any]]:
    """All readers, oldest first."""
    with reading(engine) as db:
        return subscribers.everyone(db)


def each(wanted: Wanted, *, engine: Engine) -> Iterator[Row[Any]]:
    """The readers who are wanted, oldest first, however many there are.

    Read page by page, so that a slow taker keeps nobody waiting: who joins meanwhile may be in.
    """
    last = 0
    while rows := _page(wanted, last, engine):
        yield from rows
        last = rows[-1].id


def _page(wanted: Wanted, after: int, engine: Engine) -> Sequence[Row[Any]]:
    with reading(engine) as db:
        return subscribers.page(db, wanted, after=after, limit=PAGE)


def about(address: str, *, engine: Engine) -> Known:
    """All that is known of an address. Raises BadAddress."""
    key = parse(address).key
    with engine.begin() as db:  # the first look at suppressions makes the key they are hashed with
        return known.of(db, key)
