"""A release through the five real channels, killed at some of its crash points: `make crashes`."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crashes import calls, five
from tests.crashes.five import Scene

EVERY = 9  # of some ninety


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Scene]:
    with five.scene(tmp_path, readers=3) as made:
        yield made


def test_a_release_killed_at_each_ninth_of_its_steps_breaks_no_promise(there: Scene) -> None:
    tried = list(five.enumerated(there, every=EVERY))
    assert [one for one in tried if one.wrong] == []
    assert len(tried) > 60 // EVERY


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_a_release_killed_at_a_system_call_breaks_no_promise(there: Scene) -> None:
    tried = calls.tried_at(there, "sendto", 8)
    assert (tried.what, tried.wrong) == ("sendto 8", ())
