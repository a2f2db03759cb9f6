"""The tables of a configuration while they are read: each mistake is noted, and reading goes on."""

import math
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}  # in seconds
Network = IPv4Network | IPv6Network
LANGUAGE = r"[a-z]{2,3}(-[a-z0-9]{2,8})*"  # RFC 5646, as far as newsletters use it


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One thing wrong with the configuration: where, and what was expected."""

    file: str
    table: str = ""
    key: str = ""
    expected: str

    def __str__(self) -> str:
        place = f"{self.file}: " + (f"[{self.table}] " if self.table else "")
        return place + (f"{self.key}: " if self.key else "") + self.expected


class BadConfig(Exception):
    """The configuration cannot be used. `mistakes` names every one that was found."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = tuple(mistakes)


@dataclass
class Table:
    """One table while it is read: takes keys off, and notes what is wrong with them."""

    file: str
    name: str
    values: dict[str, Any]
    mistakes: list[Mistake]

    def wrong(self, key: str, expected: str) -> None:
        self.mistakes.append(Mistake(file=self.file, table=self.name, key=key, expected=expected))

    def text(self, key: str, default: str | None = None) -> str:
        value = self.values.pop(key, None)
        if value is None:
            if default is None:
                self.wrong(key, "is missing; expected a text")
            return default or ""
        if not isinstance(value, str):
            self.wrong(key, f"expected a text, found {value!r}")
            return default or ""
        try:
            return resolve(value, folder=Path(self.file).parent)
        except LookupError as error:
            self.wrong(key, str(error.args[0]))
            return default or ""

    def seconds(self, key: str, default: float) -> float:
        value = self.values.pop(key, default)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or value <= 0:
            self.wrong(key, f"expected a number of seconds above 0, found {value!r}")
            return default
        return float(value)

    def share(self, key: str, default: float) -> float:
        value = self.values.pop(key, default)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 <= value <= 1:
            self.wrong(key, f"expected a share from 0 to 1, such as 0.5, found {value!r}")
            return default
        return float(value)

    def length(self, key: str, default: timedelta) -> timedelta:
        value = self.values.pop(key, None)
        if value is None:
            return default
        found = re.fullmatch(r"(\d{1,6})([smhd])", value) if isinstance(value, str) else None
        if not found:
            self.wrong(key, f"expected a length of time such as 15m, 2h or 0s, found {value!r}")
            return default
        return timedelta(seconds=int(found[1]) * UNITS[found[2]])

    def list_of_texts(self, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        values = self.values.pop(key, [*default])
        try:
            return tuple(_texts(values))
        except TypeError as error:
            self.wrong(key, f"expected a list of texts, {error}")
            return default

    def number(self, key: str, default: int) -> int:
        value = self.values.pop(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
            self.wrong(key, f"expected a whole number above 0, found {value!r}")
            return default
        return value

    def networks(self, key: str, default: Sequence[str] = ()) -> tuple[Network, ...]:
        values = self.values.pop(key, [*default])
        try:
            return tuple(ip_network(value) for value in _texts(values))
        except (TypeError, ValueError) as error:
            expected = 'expected a list of addresses such as ["127.0.0.1", "10.0.0.0/8"]'
            self.wrong(key, f"{expected}: {error}")
            return ()

    def port(self, key: str, default: int) -> int:
        value = self.values.pop(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 65536:
            self.wrong(key, f"expected a port from 1 to 65535, found {value!r}")
            return default
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        value = self.values.pop(key, default)
        if not isinstance(value, bool):
            self.wrong(key, f"expected true or false, found {value!r}")
            return default
        return value

    def words(self, key: str, known: Iterable[str]) -> frozenset[str]:
        values = self.values.pop(key, [])
        if not isinstance(values, list) or not all(isinstance(word, str) for word in values):
            self.wrong(key, f"expected a list of words, found {values!r}")
            return frozenset()
        for word in values:
            if word not in known:
                self.wrong(key, f"{word} {unknown(word, list(known))}")
        return frozenset(values) & frozenset(known)

    def done(self, known: Sequence[str]) -> None:
        for key in self.values:
            self.wrong(key, unknown(key, known))


def _texts(values: Any) -> list[str]:
    """A list of texts, or TypeError."""
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError(f"found {values!r}")
    return values


def unknown(word: str, known: Sequence[str]) -> str:
    """Say that a word is not known, and which was probably meant."""
    close = get_close_matches(word, known, n=1)
    meant = f"did you mean {close[0]!r}?" if close else f"expected one of {', '.join(known)}"
    return f"is not known; {meant}"


def resolve(value: str, *, folder: Path) -> str:
    """Follow `env:NAME` and `file:PATH`; any other text stands for itself.

    Raises LookupError with a message for people when what it names is not there.
    """
    if value.startswith("env:"):
        name = value.removeprefix("env:")
        if not os.environ.get(name):
            raise LookupError(f"the environment variable {name} is not set; set it and try again")
        return os.environ[name]
    if value.startswith("file:"):
        path = folder / value.removeprefix("file:")
        try:
            return path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
            raise LookupError(f"cannot read {path}: {reason}") from error
    return value


def resolve_all(
    values: Mapping[str, Any], *, folder: Path, wrong: Callable[[str, str], None]
) -> dict[str, Any]:
    """Follow `env:` and `file:` in a table, in lists too; `wrong(key, why)` hears of failures."""

    def follow(key: str, value: Any) -> Any:
        if isinstance(value, list):
            return [follow(key, item) for item in value]
        if not isinstance(value, str):
            return value
        try:
            return resolve(value, folder=folder)
        except LookupError as error:
            wrong(key, str(error.args[0]))
            return value  # stands in, so that no other rule complains of the same

    return {key: follow(key, value) for key, value in values.items()}


def url(table: Table, key: str, default: str | None) -> str:
    value = table.text(key, default)
    if value and not is_web(value):
        table.wrong(key, f"expected a URL such as https://example.org/, found {value!r}")
    return value.rstrip("/") + "/"


def is_web(address: str) -> bool:
    return scheme(address) in {"http", "https"} and bool(urlsplit(address).hostname)


def scheme(address: str) -> str:
    """An address's scheme; "" for one that is broken, in its host or port."""
    try:
        parts = urlsplit(address)
        usable = parts.port != 0
    except ValueError:
        usable = False
    return parts.scheme if usable else ""


def is_local(address: str) -> bool:
    return urlsplit(address).hostname in {"127.0.0.1", "::1", "localhost"}
