"""Finding the kinds of channel that are installed, and building the channels configured."""

import dataclasses
from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, get_type_hints

from publisher.domain.channel import Channel

GROUP = "publisher.channels"
Wrong = Callable[[str, str], None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Configured:
    """A channel as configured: its name, its kind, and the languages it takes."""

    name: str
    kind: str
    languages: tuple[str, ...]
    channel: Channel


def kinds() -> dict[str, EntryPoint]:
    """The kinds of channel that installed packages offer, by name."""
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def build(
    name: str, table: Mapping[str, Any], *, folder: Path, language: str, wrong: Wrong
) -> Configured | None:
    """Build one channel from its table, or tell `wrong(key, why)` all that is wrong with it.

    The `kind` defaults to the channel's name, `languages` to the site's language. A key that is
    a Python keyword, such as `from`, becomes the field `from_`. Paths are relative to `folder`.
    """
    options = dict(table)
    kind = options.pop("kind", name)
    languages = options.pop("languages", [language])
    found = kinds()
    if kind not in found:
        wrong("kind", f"there is no kind {kind!r}; installed are {', '.join(sorted(found))}")
        return None
    if not isinstance(languages, list) or not all(isinstance(lang, str) for lang in languages):
        wrong("languages", f'expected a list such as ["en", "de"], found {languages!r}')
        return None
    channel = _instance(found[kind].load(), options, folder=folder, wrong=wrong)
    if channel is None:
        return None
    tongues = tuple(lang.lower() for lang in languages)
    return Configured(name=name, kind=kind, languages=tongues, channel=channel)


def _instance(
    factory: Any, options: Mapping[str, Any], *, folder: Path, wrong: Wrong
) -> Channel | None:
    fields = {f.name.rstrip("_"): f for f in dataclasses.fields(factory) if f.init}
    hints = get_type_hints(factory)
    missed = _unusable(fields, options, wrong)
    values: dict[str, Any] = {}
    for key in options.keys() & fields.keys():
        try:
            values[fields[key].name] = _fit(options[key], hints[fields[key].name], folder)
        except TypeError as error:
            missed = True
            wrong(key, str(error))
    if missed:
        return None
    try:
        channel: Channel = factory(**values)
    except ValueError as error:
        wrong("", str(error))
        return None
    return channel


def _unusable(
    fields: Mapping[str, dataclasses.Field[Any]], options: Mapping[str, Any], wrong: Wrong
) -> bool:
    known = ["kind", "languages", *sorted(fields)]
    unknown = options.keys() - fields.keys()
    for key in sorted(unknown):
        wrong(key, f"is not known; expected one of {', '.join(known)}")
    missing = [key for key, f in fields.items() if _required(f) and key not in options]
    for key in missing:
        wrong(key, "is missing")
    return bool(unknown or missing)


def _required(field: dataclasses.Field[Any]) -> bool:
    unset = dataclasses.MISSING
    return field.default is unset and field.default_factory is unset


WORDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


def _fit(value: Any, hint: Any, folder: Path) -> Any:
    if hint is Path and isinstance(value, str):
        return folder / value
    if hint == tuple[str, ...] and isinstance(value, list):
        return tuple(str(item) for item in value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint in WORDS and type(value) is hint:
        return value
    expected = WORDS.get(hint, "a path" if hint is Path else "a list of texts")
    raise TypeError(f"expected {expected}, found {type(value).__name__}")
