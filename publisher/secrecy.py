"""What must never be read by others, and taking it out of whatever is about to be said."""

import base64
import json
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, unquote, urlsplit

from publisher import config
from publisher.config import Settings

REMOVED = "[secret]"
SHORTEST = 4  # characters: what is shorter stands in every other word
NAMES = re.compile(r"password|secret|token|dkim.*key|private|webhook", re.IGNORECASE)
LINE_OF_A_KEY = 16  # characters: a shorter line of a PEM file says nothing
USERINFO = re.compile(r"(\w://)[^/\s@'\"<>]+@")
AUTHORIZATION = re.compile(r"(?i)\b(Bearer|Basic|AUTH PLAIN|AUTH LOGIN)( +)(?!\[)[\w.~+/=-]{8,}")

_known: set[str] = set()
_any: list[re.Pattern[str]] = []


def learn(values: Collection[str]) -> None:
    """Take these values out of everything from now on, in every form that they are written in."""
    _known.update(form for value in values for form in forms(value))
    longest_first = sorted(_known, key=len, reverse=True)
    _any[:] = [re.compile("|".join(map(re.escape, longest_first)))] if _known else []


def removed(words: str) -> str:
    """A text without the secrets that are known, and without what looks like one."""
    for pattern in _any:
        words = pattern.sub(REMOVED, words)
    words = USERINFO.sub(rf"\1{REMOVED}@", words)
    return AUTHORIZATION.sub(rf"\1\2{REMOVED}", words)


def forms(value: str) -> set[str]:
    """A secret as it is, and as it stands in addresses, quoted texts, JSON and headers."""
    lines = [line.strip() for line in value.splitlines()]
    if len(lines) > 1:
        return {line for line in lines if len(line) >= LINE_OF_A_KEY and "-----" not in line}
    written = {value, quote(value, safe=""), quote(value), quote_plus(value), unquote(value)}
    written |= {repr(value)[1:-1], json.dumps(value)[1:-1], _base64(value)}
    return {form for form in written if len(form) >= SHORTEST}


def of(settings: Settings) -> set[str]:
    """Every secret value of a configuration, its channels' included, as far as they can be read."""
    tables = [*settings.channels.values()]
    found = {value for table in tables for value in _in_table(table, settings.file.parent)}
    found |= {_base64(login) for table in tables for login in _logins(table, settings.file.parent)}
    found |= {settings.bounces.password, settings.database.password or ""}
    found |= {*_in_address(settings.broker)}
    found |= {settings.sign_in.client_secret} if settings.sign_in else set()
    for source in (one.source for one in settings.each if one.source):
        found |= {source.token, source.hook_secret, *_in_address(source.url)}
    return {value for value in found if value}


def _in_table(table: Mapping[str, Any], folder: Path) -> Iterator[str]:
    values = config.resolve_all(table, folder=folder, wrong=_unsaid)
    for key, value in values.items():
        if isinstance(value, str):
            if value != table[key] or NAMES.search(key):
                yield value
            yield from _in_address(value)


def _logins(table: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """What HTTP's Basic (RFC 7617) and SMTP's PLAIN (RFC 4616) encode."""
    values = config.resolve_all(table, folder=folder, wrong=_unsaid)
    for who, what in (("username", "password"), ("client_id", "client_secret")):
        if values.get(who) and values.get(what):
            yield f"{values[who]}:{values[what]}"
            yield f"\0{values[who]}\0{values[what]}"


def _unsaid(_key: str, _why: str) -> None:
    """Let somebody else say it."""


def _in_address(address: str) -> Iterator[str]:
    try:
        password = urlsplit(address).password if "://" in address else None
    except ValueError:
        return
    if password:
        yield unquote(password)


def _base64(value: str) -> str:
    return base64.b64encode(value.encode()).decode().rstrip("=")
