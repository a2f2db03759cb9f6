"""Double opt-in: the owner of an address is asked by mail, and joins by the link in it."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine

from publisher import floods
from publisher.domain.subscriber import Event, Standing
from publisher.storage import asks, reader_log, subscribers, suppressions
from publisher.storage.engine import reading

VALID = timedelta(days=7)  # that a question may be answered
KEPT = timedelta(days=30)  # after that, in case its mail is complained of


@dataclass(frozen=True, kw_only=True)
class Invitation:
    """What a link in such a mail stands for. `done` once it was followed to the end."""

    address: str
    lang: str
    languages: tuple[str, ...]
    lists: tuple[str, ...]
    done: bool


def ask(
    db: Connection,
    address: str,
    key: str,
    *,
    languages: tuple[str, ...] = (),
    lists: tuple[str, ...] = (),
    how: str,
    place: str = "",
    channel: str,
    lang: str,
    at: datetime,
) -> int | None:
    """Ask the owner of an address whether they want the newsletter, by a mail in `lang`.

    `key` is what spellings of the address share. `languages` and `lists` are taken over once
    they say yes; until then nothing changes for who is on the list already. `channel` carries
    the mail. Returns the question's number, to be hinted at after the commit (Hint(ask=…)), or
    None for a suppressed address, to which nothing is sent.
    """
    if suppressions.reason(db, key):
        return None
    reader = _reader(db, address, key, how=how, at=at)
    reader_log.note(db, reader, Event.ASKED, at=at, how=how, place=place)
    return asks.add(
        db,
        reader,
        token=secrets.token_urlsafe(24),
        channel=channel,
        lang=lang,
        languages=languages,
        lists=lists,
        at=at,
        expires_at=at + VALID,
    )


def ask_stranger(
    db: Connection,
    address: str,
    key: str,
    *,
    network: str,
    everybody: int,
    at: datetime,
    **wish: Any,
) -> int | None:
    """Ask as above, for somebody from `network` whom nobody knows.

    None also when the address was written to in the last day. At most `everybody` such mails an
    hour are sent in all. Raises floods.TooMany.
    """
    if not floods.admit(db, key, network=network, everybody=everybody, at=at):
        return None
    return ask(db, address, key, how="form", place=network, at=at, **wish)


def _reader(db: Connection, address: str, key: str, *, how: str, at: datetime) -> int:
    """The reader's number. Who is known stays as they are: anybody may have asked for them."""
    known: Any = subscribers.by_key(db, key)
    if known is None:
        subscribers.add(
            db,
            address=address,
            key=key,
            state=Standing.UNCONFIRMED,
            token=secrets.token_urlsafe(24),
            origin=how,
            at=at,
        )
        known = subscribers.by_key(db, key)
    return int(known.id)


def invitation(token: str, *, engine: Engine, at: datetime) -> Invitation | None:
    """What a token stands for; None when it is unknown, too old, or used and of no effect now."""
    with reading(engine) as db:
        return _invitation(db, token, at=at)


def confirm(token: str, *, engine: Engine, place: str, at: datetime) -> Invitation | None:
    """Join, from `place`, with what was asked for. Twice is as good as once; None as above."""
    with engine.begin() as db:
        found = _invitation(db, token, at=at)
        if found and asks.confirm(db, token, at=at):
            _join(db, token, place=place, at=at)
        return _invitation(db, token, at=at)


def _join(db: Connection, token: str, *, place: str, at: datetime) -> None:
    row: Any = asks.by_token(db, token)
    choice = {"languages": row.languages, "lists": row.lists}
    subscribers.change(db, row.subscriber_id, at=at, state=Standing.CONFIRMED, **choice)
    reader_log.note(db, row.subscriber_id, Event.JOINED, at=at, how="link", place=place)


def _invitation(db: Connection, token: str, *, at: datetime) -> Invitation | None:
    row = asks.by_token(db, token)
    if row is None:
        return None
    done = row.confirmed_at is not None
    over = row.standing != Standing.CONFIRMED if done else row.expires_at <= at
    if over or suppressions.reason(db, row.address_key):
        return None
    return Invitation(
        address=row.address, lang=row.lang, languages=row.languages, lists=row.lists, done=done
    )


def forget_unanswered(*, engine: Engine, at: datetime) -> int:
    """Forget everybody who was asked, and has not answered for a month; how many that were."""
    gone = 0
    while True:
        with engine.begin() as db:
            dropped = asks.drop_unanswered(db, before=at - KEPT)
        gone += dropped
        if not dropped:
            return gone
