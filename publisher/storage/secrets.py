"""Keys that the store makes for itself, and what is hashed with them."""

import hmac
import secrets as random
from collections.abc import Callable

from sqlalchemy import Connection, select

from publisher.storage.posts import upsert
from publisher.storage.schema import BadRow, secrets


def key(db: Connection, name: str) -> bytes:
    """The store's secret of this name, 32 bytes; made when first asked for."""
    value = db.scalar(select(secrets.c.value).where(secrets.c.name == name))
    if value is None:
        row = upsert(db, secrets).values(name=name, value=random.token_hex(32))
        db.execute(row.on_conflict_do_nothing())
        value = db.scalars(select(secrets.c.value).where(secrets.c.name == name)).one()
    try:
        return bytes.fromhex(value)
    except ValueError as error:
        told = f"the secret {name!r} is no key; restore a backup"
        raise BadRow(f"a row of the store cannot be read: {told}") from error


def digest(db: Connection, address_key: str) -> str:
    """What stands for an address where the address itself must not: HMAC-SHA256, in hex."""
    return digester(db)(address_key)


def digester(db: Connection) -> Callable[[str], str]:
    """What makes such a digest of an address key, for many of them."""
    secret = key(db, "addresses")

    def digest(address_key: str) -> str:
        return hmac.digest(secret, address_key.encode(), "sha256").hex()

    return digest
