"""The fixture of the command-line tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher import subscribing
from publisher.sandbox.joining import FIRST
from publisher.sandbox.running import sandbox
from publisher.storage.engine import connect, migrate
from tests.cli.home import Home, furnish


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A newsletter with two readers and all five channels, against stand-ins."""
    with sandbox(
        feeds=[tmp_path / "feeds"], networks=FIRST, journal=tmp_path / "journal.jsonl"
    ) as outside:
        home = furnish(tmp_path, outside)
        store = connect(f"sqlite:///{tmp_path}/publisher.db")
        migrate(store)
        subscribing.add(["ann@example.org", "bob@example.net"], engine=store)
        store.dispose()
        yield home
