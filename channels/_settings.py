"""The values a channel is made with, checked at once and named where they are wrong."""

from collections.abc import Iterable


def require(channel: object, rules: Iterable[tuple[str, object, str]]) -> None:
    """Raise ValueError for the first rule (field, whether it is right, what it must be) broken."""
    for name, right, must in rules:
        if not right:
            value = str(getattr(channel, name)) or "empty"
            raise ValueError(f"{name} must be {must}, not {value!r}")
