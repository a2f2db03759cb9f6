"""Where people can answer an edition: its posts that are out on networks for that."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Row

from publisher import config, registry
from publisher.config import Settings

SCHEMES = ("http", "https", "xmpp")  # of links that programs of readers open


@dataclass(frozen=True, kw_only=True)
class Discussion:
    """One post that can be answered; `label` tells it from the others of its edition."""

    label: str
    url: str


def discussions(settings: Settings, rows: Sequence[Row[Any]]) -> tuple[Discussion, ...]:
    """Where posts can be answered, from (channel, kind, url) of what is out there."""
    named = [(network_of(settings, row.channel, row.kind), row) for row in rows]
    found = [(name, row) for name, row in named if name and _is_link(row.url)]
    ways = (
        [name for name, _ in found],
        [f"{name} ({_place(row.url)})" for name, row in found],
        [f"{name} ({row.channel})" for name, row in found],
    )
    often = [Counter(labels) for labels in ways]
    return tuple(
        Discussion(label=_first_alone([labels[at] for labels in ways], often), url=row.url)
        for at, (_, row) in enumerate(found)
    )


def _first_alone(labels: Sequence[str], often: Sequence[Counter[str]]) -> str:
    apart = (label for label, times in zip(labels, often, strict=True) if times[label] == 1)
    return next(apart, labels[-1])


def network_of(settings: Settings, channel: str, kind: str) -> str:
    """What people call the network where a channel's posts are answered, "" where nobody can.

    The kind says so itself, or has a setting for it.
    """
    told = settings.channels.get(channel, {}).get("network")
    if isinstance(told, str) and "network" in _keys(kind):
        values = config.resolve_all(
            {"network": told}, folder=settings.file.parent, wrong=lambda *_: None
        )
        return str(values.get("network", ""))
    return str(getattr(_factory(kind), "network", "") or "")


@cache
def _factory(kind: str) -> Any:
    return registry.factory_of(kind, lambda *_: None)


@cache
def _keys(kind: str) -> frozenset[str]:
    factory = _factory(kind)
    return frozenset(one.key for one in registry.settings_of(factory)) if factory else frozenset()


def _is_link(url: str) -> bool:
    try:
        return urlsplit(url).scheme in SCHEMES
    except ValueError:
        return False


def _place(url: str) -> str:
    """The host of a link, or the account of an xmpp: one."""
    parts = urlsplit(url)
    return parts.hostname or parts.path
