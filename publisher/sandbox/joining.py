"""Finding the stand-ins there are: whatever module is in `networks` joins."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from publisher.sandbox import networks

if TYPE_CHECKING:
    from publisher.sandbox.standing import StandIn

FIRST = ("mastodon", "reddit", "lemmy", "email")  # their ports were there before the others'


@cache
def stand_ins() -> Mapping[str, "StandIn"]:
    """Every stand-in there is, by its network, in the order of their ports."""
    names = {found.name for found in iter_modules(networks.__path__)}
    ordered = [*FIRST, *sorted(names - {*FIRST})]
    public = [name for name in ordered if not name.startswith("_")]
    return {name: import_module(f"{networks.__name__}.{name}").STAND_IN for name in public}


def names() -> dict[str, str]:
    """What people call each network."""
    return {network: one.name for network, one in stand_ins().items()}
