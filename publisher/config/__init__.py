"""The configuration: one frozen Settings from `publisher.toml`, or every mistake in it at once."""

from publisher.config.loading import Settings, find, load, parse
from publisher.config.releases import Release
from publisher.config.service import Bounces, Log, Provider
from publisher.config.sources import Source
from publisher.config.tables import (
    LANGUAGE,
    BadConfig,
    Mistake,
    Network,
    resolve,
    resolve_all,
    unknown,
)

__all__ = [
    "LANGUAGE",
    "BadConfig",
    "Bounces",
    "Log",
    "Mistake",
    "Network",
    "Provider",
    "Release",
    "Settings",
    "Source",
    "find",
    "load",
    "parse",
    "resolve",
    "resolve_all",
    "unknown",
]
