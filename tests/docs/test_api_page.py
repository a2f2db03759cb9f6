"""Whether the page about the API names every operation, with its role, and every failure."""

import re
from pathlib import Path
from typing import Any

import pytest

from publisher.accounts import ROLES
from publisher.storage.answers import KEPT, LEASE
from publisher.storage.engine import connect
from publisher.tokens import GUESSES, WINDOW
from publisher.web.api.operations import LARGEST, LARGEST_FILE
from publisher.web.api.paging import MOST
from publisher.web.app import build
from tests.docs.pages import DOCS
from tests.publisher.web.conftest import LETTERS, asking_through, settings_of

PAGE = (DOCS / "api.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `([A-Z]+) (/\S*)` \| .* \| `(\w+)` \|$", PAGE, re.MULTILINE)


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("api")
    engine = connect(f"sqlite:///{folder}/none.db")
    with asking_through(build(settings_of(LETTERS, folder), engine)) as client:
        found: dict[str, Any] = client.get("/api/v1/openapi.json").json()
    engine.dispose()
    return found


def test_every_operation_is_named_with_its_role(document: dict[str, Any]) -> None:
    known = {
        (method.upper(), path.removeprefix("/v1"), operation["security"][0]["token"][0])
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert set(ROWS) == known


def test_every_role_is_explained() -> None:
    assert set(re.findall(r"^\| `(\w+)` \| ", PAGE, re.MULTILINE)) >= set(ROLES)


def test_every_code_of_a_failure_is_explained() -> None:
    sources = Path(build.__code__.co_filename).parent.joinpath("api").glob("*.py")
    text = "".join(source.read_text(encoding="utf-8") for source in sources)
    used = set(re.findall(r'Problem\(\s*\d+, "(\w+)"', text))
    assert used - {"cut_off"} <= set(re.findall(r"`(\w+)`", PAGE))
    assert len(used) > 9


def test_the_numbers_are_the_programs() -> None:
    assert (LARGEST, "64 kB" in PAGE) == (64 * 1024, True)
    assert (LARGEST_FILE, "256 MB" in PAGE) == (256 * 1024**2, True)
    assert (MOST, "(200 at most)" in PAGE) == (200, True)
    told = f"after {GUESSES} in {WINDOW.total_seconds() / 60:.0f} minutes"
    assert told in PAGE
    assert (KEPT.total_seconds() / 3600, "for 24 hours" in PAGE) == (24, True)
    assert (LEASE.total_seconds() / 60, "after ten minutes" in PAGE) == (10, True)
