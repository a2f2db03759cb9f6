"""The values a channel is made with, checked at once and named where they are wrong."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any


def require(channel: Any, rules: Iterable[tuple[str, object, str]]) -> None:
    """Raise one ValueError with a line for every rule (field, whether right, what it must be)."""
    secrets = {one.name for one in fields(channel) if not one.repr}
    broken = [
        f"{name} must be {must}, not {_shown(getattr(channel, name), secret=name in secrets)}"
        for name, right, must in rules
        if not right
    ]
    if broken:
        raise ValueError(*broken)


def web_rules(channel: Any, *names: str) -> list[tuple[str, object, str]]:
    """That these settings are addresses of the web."""
    web = ("https://", "http://")
    return [(name, getattr(channel, name).startswith(web), "an http(s) address") for name in names]


def hashtag_rules(channel: Any) -> list[tuple[str, object, str]]:
    """What hashtags, and their number out of an issue's tags, must be."""
    return [
        ("hashtags", all(tag.isidentifier() for tag in channel.hashtags), "words without #"),
        ("tags_as_hashtags", channel.tags_as_hashtags >= 0, "0 or more"),
    ]


def _shown(value: object, *, secret: bool) -> str:
    words = str(value) or "empty"
    return "what is there" if secret and value else repr(words)
