"""The values a channel is made with, checked at once and named where they are wrong."""

from collections.abc import Iterable


def require(channel: object, rules: Iterable[tuple[str, object, str]]) -> None:
    """Raise one ValueError with a line for every rule (field, whether right, what it must be)."""
    broken = [
        f"{name} must be {must}, not {str(getattr(channel, name)) or 'empty'!r}"
        for name, right, must in rules
        if not right
    ]
    if broken:
        raise ValueError(*broken)
