"""Finding the kinds of channel that are installed, and building the channels configured."""

import dataclasses
from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, get_type_hints

from publisher.config import unknown
from publisher.domain.channel import Channel, scheme_of

GROUP = "publisher.channels"
Wrong = Callable[[str, str], None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Configured:
    """A channel as configured: its name and kind, the languages it takes, the headings it drops.

    Of several newsletters it takes those whose `sources` it names, or all.
    """

    name: str
    kind: str
    languages: tuple[str, ...]
    channel: Channel
    drop: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    def takes(self, issue: str, lang: str) -> bool:
        """Whether an edition is for this channel, by its issue's key and its language."""
        ours = not self.sources or issue.partition("/")[0] in self.sources
        return ours and lang in self.languages


@dataclasses.dataclass(frozen=True, kw_only=True)
class Setting:
    """A key of a kind's table. `type` is what its value is made into; secrets are shown nowhere."""

    key: str
    type: Any
    required: bool
    secret: bool


def settings_of(factory: Any) -> tuple[Setting, ...]:
    """The settings of a kind of channel, in their order."""
    hints = get_type_hints(factory)
    return tuple(
        Setting(
            key=f.name.rstrip("_"), type=hints[f.name], required=_required(f), secret=not f.repr
        )
        for f in dataclasses.fields(factory)
        if f.init
    )


def kinds() -> dict[str, EntryPoint]:
    """The kinds of channel that installed packages offer, by name."""
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def lists(
    tables: Mapping[str, Mapping[str, Any]], *, language: str, scheme: str | None = None
) -> dict[str, tuple[str, ...]]:
    """The channels that bring each reader a copy of their own, with the languages they take.

    With a `scheme` those whose readers' addresses begin with it, with "" those of mail. Only the
    tables are looked at, so no secret is needed; what is wrong with them others say.
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, table in tables.items():
        languages = _languages(table.get("languages", [language]), _unsaid)
        factory = factory_of(table.get("kind", name), _unsaid)
        fits = scheme is None or scheme_of(factory) == scheme
        if languages and fits and hasattr(factory, "deliver_each"):
            found[name] = languages
    return found


def _unsaid(_key: str, _why: str) -> None:
    """Let somebody else say it."""


def build(
    name: str, table: Mapping[str, Any], *, folder: Path, language: str, wrong: Wrong
) -> Configured | None:
    """Build one channel from its table, or tell `wrong(key, why)` all that is wrong with it.

    The `kind` defaults to the channel's name, `languages` to the site's language. A key that is
    a Python keyword, such as `from`, becomes the field `from_`. Paths are relative to `folder`.
    """
    options = dict(table)
    kind = options.pop("kind", name)
    languages = _languages(options.pop("languages", [language]), wrong)
    drop = _headings(options.pop("drop", []), wrong)
    sources = _names(options.pop("sources", []), wrong)
    factory = factory_of(kind, wrong)
    channel = factory and _instance(factory, options, folder=folder, wrong=wrong)
    if not channel or not languages or drop is None:
        return None
    return Configured(
        name=name, kind=kind, languages=languages, channel=channel, drop=drop, sources=sources
    )


def _languages(value: Any, wrong: Wrong) -> tuple[str, ...]:
    right = isinstance(value, list) and value and all(isinstance(lang, str) for lang in value)
    if not right:
        wrong("languages", f'expected a list such as ["en", "de"], found {value!r}')
        return ()
    return tuple(lang.lower() for lang in value)


def _headings(value: Any, wrong: Wrong) -> tuple[str, ...] | None:
    if not isinstance(value, list) or not all(isinstance(h, str) and h.strip() for h in value):
        wrong("drop", f'expected a list of headings such as ["Unsubscribe"], found {value!r}')
        return None
    return tuple(value)


def _names(value: Any, wrong: Wrong) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        wrong("sources", f'expected a list of names such as ["news"], found {value!r}')
        return ()
    return tuple(value)


def factory_of(kind: Any, wrong: Wrong) -> Any:
    """The class of a kind, None where it cannot be had; `wrong("kind", why)` hears why."""
    found = kinds()
    if not isinstance(kind, str) or kind not in found:
        wrong("kind", f"there is no kind {kind!r}; installed are {', '.join(sorted(found))}")
        return None
    try:
        return found[kind].load()
    except Exception as error:  # noqa: BLE001  another package's module, and its own troubles
        wrong("kind", f"the package that brings {kind!r} cannot be loaded: {error!r}")
        return None


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
        for words in error.args:
            key, _, why = str(words).partition(" ")
            wrong(*(key.rstrip("_"), why) if key.rstrip("_") in fields else ("", str(words)))
        return None
    return channel


def _unusable(
    fields: Mapping[str, dataclasses.Field[Any]], options: Mapping[str, Any], wrong: Wrong
) -> bool:
    known = ["kind", "languages", "drop", *sorted(fields)]
    unknown_ones = options.keys() - fields.keys()
    for key in sorted(unknown_ones):
        wrong(key, unknown(key, known))
    missing = [key for key, f in fields.items() if _required(f) and key not in options]
    for key in missing:
        wrong(key, "is missing")
    return bool(unknown_ones or missing)


def _required(field: dataclasses.Field[Any]) -> bool:
    unset = dataclasses.MISSING
    return field.default is unset and field.default_factory is unset


WORDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


def _fit(value: Any, hint: Any, folder: Path) -> Any:
    if hint in (Path, Path | None) and isinstance(value, str):
        return folder / value
    if hint == tuple[str, ...] and isinstance(value, list):
        return tuple(str(item) for item in value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint in WORDS and type(value) is hint:
        return value
    expected = WORDS.get(hint, "a path" if hint in (Path, Path | None) else "a list of texts")
    raise TypeError(f"expected {expected}, found {type(value).__name__}")
