"""What every channel owes the publisher. A new channel brings a World, not tests of its own.

`GOLDEN=write pytest tests/channels/test_contract.py` writes the golden files anew.
"""

from functools import partial
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from publisher.sandbox.outside import FAULTS
from publisher.testing import each_world
from publisher.testing.contract import *
from publisher.testing.worlds import EXPECTED

HERE = Path(__file__).parent
PAGES = HERE.parents[1] / "docs" / "channels"
INSTALLED = {entry.name: entry for entry in entry_points(group="publisher.channels")}
KINDS = sorted(path.stem for path in (HERE / "worlds").glob("[!_]*.py"))


def build(kind: str, folder: Path) -> Any:
    """Import a kind's World only now, so that a broken one fails its own questions alone."""
    return import_module(f"tests.channels.worlds.{kind}").World(folder)


world = each_world(**{kind: partial(build, kind) for kind in KINDS})


@pytest.mark.parametrize("kind", sorted({*INSTALLED, *KINDS}))
def test_a_channel_needs_four_places(kind: str) -> None:
    places = {
        "an entry point in pyproject.toml": kind in INSTALLED,
        f"tests/channels/worlds/{kind}.py": kind in KINDS,
        f"tests/channels/golden/{kind}.json": (HERE / "golden" / f"{kind}.json").exists(),
        f"docs/channels/{kind}.md": (PAGES / f"{kind}.md").exists(),
    }
    missing = [place for place, there in places.items() if not there]
    assert not missing, f"{kind} lacks {', '.join(missing)}: a channel needs four places"


def test_the_stand_ins_can_do_every_fault_that_is_asked_about() -> None:
    assert set(EXPECTED) == set(FAULTS)
