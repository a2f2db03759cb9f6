"""The contract of channels, as questions that pytest asks: of ours, and of anybody's.

A channel brings a World, and a test file of three lines:

    from my_world import World
    from publisher.testing import each_world
    from publisher.testing.contract import *

    world = each_world(mykind=World)

Needs pytest: `pip install publisher[testing]`. Nothing in the program imports this.
"""

import pytest

for _asking in ("contract", "releases", "worlds"):
    pytest.register_assert_rewrite(f"publisher.testing.{_asking}")

from publisher.testing.worlds import SECRET, NetworkWorld, World, each_world  # noqa: E402

__all__ = ["SECRET", "NetworkWorld", "World", "each_world"]
