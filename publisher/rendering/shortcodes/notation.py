"""What a notation of shortcodes is, and the arguments that several share."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from publisher.rendering.shortcodes.uses import Tag

ARGUMENT = re.compile(
    r"""[\s,]*(?:(?P<name>[\w-]+)\s*[=:]\s*)?
        (?:"(?P<double>[^"\\]*(?:\\.[^"\\]*)*)"|`(?P<raw>[^`]*)`|'(?P<single>[^']*)'
          |(?P<bare>(?!/?[>%]\}\}|-?%\}|\)|["`'])[^\s"`,)]+?(?=[\s,)]|/?[>%]\}\}|-?%\})))""",
    re.VERBOSE | re.DOTALL,
)
LONGEST = 20_000  # characters: of one tag


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """Values by position and by name, and where the last one ended."""

    positional: tuple[str, ...]
    named: Mapping[str, str]
    end: int


@dataclass(frozen=True, kw_only=True)
class Notation:
    """How one family of generators writes shortcodes.

    `read` makes a tag of a match of `start` and says where it ends; it is given the path of the
    source, its body, and the line, and raises BadSource for one that cannot be read. None means
    that it is no shortcode. With `in_code` it is one between backticks too.
    """

    start: re.Pattern[str]
    read: Callable[[str, str, re.Match[str], int], tuple[Tag, int] | None]
    in_code: bool


def arguments(body: str, position: int) -> Arguments:
    positional: list[str] = []
    named: dict[str, str] = {}
    stop = position + LONGEST
    while match := ARGUMENT.match(body, position, stop):
        value = next(v for v in match.group("double", "raw", "single", "bare") if v is not None)
        if match["double"] is not None:
            value = re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)
        if match["name"]:
            named[match["name"]] = value
        else:
            positional.append(value)
        position = match.end()
    return Arguments(positional=tuple(positional), named=named, end=position)
