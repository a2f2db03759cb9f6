"""Where the members of a JSON object stand in a text."""

import json
import re
from dataclasses import dataclass

LEAD = re.compile(r"[ \t\r\n]*,?[ \t\r\n]*")
COLON = re.compile(r"[ \t\r\n]*:[ \t\r\n]*")


@dataclass(frozen=True, kw_only=True)
class Member:
    """One member by offsets: its comma and the space before it, its name, its value, its end."""

    name: str
    before: int
    name_at: int
    value: int
    end: int


def members(text: str, start: int) -> list[Member]:
    """The members of the object that begins at `start`. Raises ValueError where it is none."""
    found: list[Member] = []
    at = start + 1
    while text[name_at := _after(LEAD, text, at)] != "}":
        name, end = DECODER.raw_decode(text, name_at)
        value = _after(COLON, text, end)
        _, end = DECODER.raw_decode(text, value)
        found.append(Member(name=name, before=at, name_at=name_at, value=value, end=end))
        at = end
    return found


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    if found is None:
        raise ValueError(f"no member of an object at {at}")
    return found.end()


DECODER = json.JSONDecoder()
