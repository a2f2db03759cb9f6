"""The use case of forgetting: a reader's data goes, the proof of what was agreed stays hashed."""

from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from publisher.addresses import parse
from publisher.domain.subscriber import Event
from publisher.storage import forgetting, reader_log, subscribers
from publisher.storage.engine import reading
from publisher.storage.forgetting import Erased


class NobodyKnown(Exception):
    """No reader has the address."""


class StillSending(Exception):
    """A mail to the reader is under way. Nothing new is; once that has ended, say it again."""


def forget(address: str, *, engine: Engine, at: datetime) -> Erased:
    """Erase a reader, in two steps: send them nothing more, then remove what is known.

    Raises BadAddress, NobodyKnown, and StillSending after the first step: whoever holds a mail
    to them could write down the server's words about it after everything else is gone.
    """
    key = parse(address).key
    with engine.begin() as db:
        reader = subscribers.by_key(db, key)
        if reader is None:
            raise NobodyKnown(f"{address}: nobody of this address is known")
        if subscribers.leave(db, address_key=key, at=at):
            reader_log.note(db, reader.id, Event.LEFT, at=at, how="operator")
        under_way = forgetting.withhold(db, key, at=at)
    if under_way:
        raise StillSending(f"{address}: a mail is on its way; nothing more is sent")
    return _erase(reader, engine, at=at)


def _erase(reader: Any, engine: Engine, *, at: datetime) -> Erased:
    spellings = _spellings(reader)
    with reading(engine) as db:  # a long look, in nobody's way
        mentioned = forgetting.mentions(db, spellings)
    with engine.begin() as db:
        return forgetting.erase(db, reader, spellings, mentioned, at=at)


def _spellings(reader: Any) -> list[str]:
    """The address as typed, as compared, and with the domain in either form."""
    local, _, domain = reader.address.rpartition("@")
    plain, _, ascii_domain = reader.address_key.rpartition("@")
    return sorted({f"{who}@{where}" for who in (local, plain) for where in (domain, ascii_domain)})
