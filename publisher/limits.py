"""What networks say they take: asked once an hour, and remembered in a file for everybody else."""

import json
import logging
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from publisher.domain.channel import Channel, ChannelError, Measured
from publisher.registry import Configured

log = logging.getLogger(__name__)

FILE = "limits.json"
HOUR = timedelta(hours=1)
UNUSABLE = (
    OSError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What a channel's network said of itself. `of` tells one configuration from another."""

    of: str
    at: datetime
    limits: Mapping[str, int]


Tried = dict[str, datetime]  # when each channel was last asked by this process, answer or not


def remembered(channels: Mapping[str, Configured], folder: Path) -> dict[str, Configured]:
    """The channels, with the limits that were last heard. Asks nobody."""
    heard = _read(folder / FILE)
    return {name: _within(one, heard.get(name)) for name, one in channels.items()}


def asked(
    channels: Mapping[str, Configured],
    folder: Path,
    *,
    tried: Tried,
    at: datetime,
    oldest: timedelta = HOUR,
) -> dict[str, Configured]:
    """The channels, with limits no older than `oldest`, where their networks can be asked.

    All are asked at the same time. One that does not answer keeps what it said before.
    """
    heard = _read(folder / FILE)
    due = [
        one
        for one in channels.values()
        if isinstance(one.channel, Measured)
        and not _since(one, heard, tried) <= at < _since(one, heard, tried) + oldest
    ]
    if due:
        tried |= dict.fromkeys((one.name for one in due), at)
        heard |= _ask(due, at)
        _write(folder / FILE, heard)
    return {name: _within(one, heard.get(name)) for name, one in channels.items()}


def _since(one: Configured, heard: Mapping[str, Heard], tried: Tried) -> datetime:
    """When a channel was last asked, by anybody who heard or by this process."""
    known = heard.get(one.name)
    at = known.at if known and known.of == _print(one.channel) else NEVER
    return max(at, tried.get(one.name, NEVER))


def _ask(due: Iterable[Configured], at: datetime) -> dict[str, Heard]:
    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = pool.map(_answer, due)
        found = {one.name: (one, limits) for one, limits in zip(due, answers, strict=True)}
    return {
        name: Heard(of=_print(one.channel), at=at, limits=limits)
        for name, (one, limits) in found.items()
        if limits is not None
    }


def _answer(one: Configured) -> Mapping[str, int] | None:
    try:
        return cast(Measured, one.channel).limits()
    except ChannelError as error:
        words = "%s does not say how much it takes, so what it said before, or the default, counts"
        log.warning(words + ": %s", one.name, error)
    except Exception:
        log.exception("%s cannot be asked how much it takes", one.name)
    return None


def _within(one: Configured, heard: Heard | None) -> Configured:
    if heard is None or heard.of != _print(one.channel) or not heard.limits:
        return one
    try:
        limited: Any = replace(cast(Any, one.channel), **heard.limits)
    except (TypeError, ValueError) as error:
        log.warning("what %s said it takes is not used: %s", one.name, error)
        return one
    return replace(one, channel=limited)


def _print(channel: Channel) -> str:
    """Another one for another server, account or setting. No secret is in it."""
    return sha256(repr(channel).encode()).hexdigest()[:16]


def _read(path: Path) -> dict[str, Heard]:
    """What the file says; nothing where it says nothing that can be used."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return {name: _heard(one) for name, one in said.items()}
    except FileNotFoundError:
        return {}
    except UNUSABLE as error:
        log.warning("%s is not used: %r", path, error)
        return {}


def _heard(said: Mapping[str, Any]) -> Heard:
    at = datetime.fromisoformat(said["at"]).astimezone(UTC)
    limits = {str(name): int(value) for name, value in said["limits"].items()}
    return Heard(of=str(said["of"]), at=at, limits=limits)


def _write(path: Path, heard: Mapping[str, Heard]) -> None:
    said = {
        name: {"of": one.of, "at": one.at.isoformat(), "limits": dict(one.limits)}
        for name, one in heard.items()
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=path.parent) as aside:
            whole = Path(aside) / path.name
            whole.write_text(json.dumps(said, indent=2), encoding="utf-8")
            whole.replace(path)
    except OSError as error:
        log.warning("%s cannot be written: %s", path, error)
