"""Connecting a channel: what is known of it, what has to be asked, and where each secret goes."""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from publisher import config, registry, replacing
from publisher.config import BadConfig, Mistake, Settings
from publisher.domain.channel import Connecting, Talk
from publisher.registry import Configured, Setting

SECRETS = "secrets"  # the folder beside the configuration for secrets that have no place yet
NAME = re.compile(r"[\w-]+")


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A channel while it is being connected, and its table as written.

    `known` are the values that can be read, by key; `settings` those that its kind has.
    """

    file: Path
    name: str
    kind: str
    language: str
    is_new: bool  # there is no such table yet
    table: Mapping[str, Any] = field(repr=False)
    known: Mapping[str, Any] = field(repr=False)
    settings: tuple[Setting, ...]

    @property
    def open(self) -> list[str]:
        """What a person may have to tell: what is required, secret, or named and not there."""
        return [one.key for one in self.settings if one.secret or self.lacks(one)]

    def lacks(self, setting: Setting) -> bool:
        """Whether a value is needed, or was meant to be somewhere, that cannot be read."""
        key = setting.key
        return key not in self.known and (setting.required or bool(self.table.get(key)))


def draft(settings: Settings, kind: str, name: str = "") -> Draft:
    """The channel of a kind, which need not be named where there is one, or none yet.

    Raises BadConfig where it is not clear which is meant, or where the kind cannot be had.
    """
    place = {"file": str(settings.file)}

    def wrong(_key: str, why: str) -> None:
        raise BadConfig([Mistake(**place, expected=why)])

    tables = settings.channels
    found = [one for one, table in tables.items() if table.get("kind", one) == kind]
    if not name and len(found) > 1:
        which = ", ".join(sorted(found))
        wrong("", f"there are several channels of the kind {kind}: {which}; say --channel")
    name = name or (found[0] if found else kind)
    if name in tables and name not in found:
        wrong("", f"[channels.{name}] is of another kind; say --channel and a new name")
    if not NAME.fullmatch(name):
        wrong("", f"--channel {name}: expected a name of letters, digits, - and _")
    table = tables.get(name, {})
    return Draft(
        file=settings.file,
        name=name,
        kind=kind,
        language=settings.site.language,
        is_new=name not in tables,
        table=table,
        known=_readable(table, settings.file.parent),
        settings=registry.settings_of(registry.factory_of(kind, wrong)),
    )


def _readable(table: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    unread: set[str] = set()
    values = config.resolve_all(table, folder=folder, wrong=lambda key, _: unread.add(key))
    ours = {"kind", "languages", "drop", "sources"}
    return {key: value for key, value in values.items() if key not in unread | ours and value}


def ask(draft: Draft, talk: Talk) -> dict[str, Any]:
    """Get what is missing, as the kind knows how, or setting by setting. Raises ChannelError."""
    factory = registry.factory_of(draft.kind, _unsaid)
    knows_how = isinstance(factory, Connecting)
    found = factory.connect(draft.known, talk) if knows_how else {}
    got = {key.rstrip("_"): value for key, value in found.items() if value}
    for one in draft.settings:
        if one.key in got:
            continue
        if one.secret and not knows_how:
            got[one.key] = talk.secret(_question(one), str(draft.known.get(one.key, "")))
        elif draft.lacks(one):
            got[one.key] = read_as(one.type, _told(one, talk))
    return {key: value for key, value in got.items() if value}


def _question(setting: Setting) -> str:
    return setting.key if setting.required else f"{setting.key} (Enter for none)"


def _told(setting: Setting, talk: Talk) -> str:
    return talk.secret(setting.key) if setting.secret else talk.ask(setting.key)


READ: dict[Any, Callable[[str], Any]] = {
    int: int,
    float: float,
    bool: lambda text: text.lower() in ("true", "yes", "y"),
    tuple[str, ...]: lambda text: text.replace(",", " ").split(),
}


def read_as(type: Any, text: str) -> Any:
    """A typed text as TOML would have it; what cannot be read stays, and is refused as it is."""
    with suppress(ValueError):
        return READ.get(type, str)(text)
    return text


def build(draft: Draft, got: Mapping[str, Any]) -> tuple[Configured | None, list[Mistake]]:
    """The channel with what was got, or all that is wrong with its settings."""
    mistakes: list[Mistake] = []

    def wrong(key: str, expected: str) -> None:
        place = {"file": str(draft.file), "table": f"channels.{draft.name}"}
        mistakes.append(Mistake(**place, key=key, expected=expected))

    folder = draft.file.parent
    others = {key: value for key, value in draft.table.items() if key not in got}
    options = config.resolve_all(others, folder=folder, wrong=wrong) | {**got, "kind": draft.kind}
    built = registry.build(draft.name, options, folder=folder, language=draft.language, wrong=wrong)
    return built, mistakes


def secrets_in(draft: Draft, got: Mapping[str, Any]) -> set[str]:
    """The values that nobody may see."""
    return {str(got[one.key]) for one in draft.settings if one.secret and one.key in got}


@dataclass(frozen=True, kw_only=True)
class Stored:
    """Where a new value went: into `path`, or nowhere, and a person has to put it somewhere.

    `before` holds what was in the file, `variable` is the environment's name for it, `line` is
    what the channel's table must say; `trouble` is why the file could not be written.
    """

    key: str
    value: str = field(repr=False)
    path: Path | None = None
    before: Path | None = None
    variable: str = ""
    line: str = ""
    trouble: str = ""


def store(draft: Draft, got: Mapping[str, Any]) -> Iterator[Stored]:
    """Put each new value where the table says, a secret never into the table itself."""
    secrets = {setting.key for setting in draft.settings if setting.secret}
    for key, value in got.items():
        written = draft.table.get(key, "")
        written = written if isinstance(written, str) else ""
        if draft.known.get(key) == value:
            continue
        if written.startswith("env:"):
            yield Stored(key=key, value=str(value), variable=written.removeprefix("env:"))
        elif written.startswith("file:"):
            yield _filed(key, str(value), draft.file.parent / written.removeprefix("file:"))
        elif key in secrets:
            yield _filed(key, str(value), *_new_place(draft, key))
        else:
            yield Stored(key=key, value=str(value), line=f"{key} = {in_toml(value)}")


def _new_place(draft: Draft, key: str) -> tuple[Path, str]:
    name = f"{SECRETS}/{draft.name}.{key}"
    return draft.file.parent / name, f'{key} = "file:{name}"'


def _filed(key: str, value: str, path: Path, line: str = "") -> Stored:
    try:
        before = write_secret(path, value)
    except OSError as error:
        words = error.strerror or str(error)
        return Stored(key=key, value=value, path=path, line=line, trouble=words)
    return Stored(key=key, value=value, path=path, line=line, before=before)


def write_secret(path: Path, value: str) -> Path | None:
    """Write a file for its owner's eyes, in one step. Returns where the earlier one is kept.

    Folders that are missing are made for the owner alone, and kept out of git. The group and
    owner of a file that was there stay, and so does a right to read that is the group's alone.
    """
    path = path.resolve()
    _make_private(path.parent)
    if not path.exists():
        _write(path, value)
        return None
    before = path.with_name(f"{path.name}.before")
    _write(before, path.read_text(encoding="utf-8", errors="replace"))
    was = path.stat()
    _write(path, value)
    with suppress(PermissionError):
        os.chown(path, was.st_uid, was.st_gid)
        path.chmod(0o640 if was.st_mode & 0o044 == 0o040 else 0o600)
    return before


def _write(path: Path, text: str) -> None:
    with replacing.privately(path) as out:
        out.write(f"{text.strip()}\n")


def _make_private(folder: Path) -> None:
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    for place in reversed(missing):
        place.mkdir(mode=0o700)
    if missing:
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")


def new_table(draft: Draft, stored: Iterable[Stored]) -> str:
    """The text of a table that is not there yet."""
    lines = [one.line for one in stored if one.line]
    return "\n".join([f"[channels.{draft.name}]", f"kind = {in_toml(draft.kind)}", *lines, ""])


def append(file: Path, table: str) -> None:
    """Add a table at the file's end. Raises BadConfig where it cannot stand there."""
    text = file.read_text(encoding="utf-8-sig")
    gap = "\n" if text.endswith("\n") else "\n\n"
    added = f"{gap if text else ''}{table}"
    config.parse(text + added, file)
    with file.open("a", encoding="utf-8") as out:
        out.write(added)


def in_toml(value: Any) -> str:
    """A value as TOML writes it: a text, number, flag, or list of texts."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _unsaid(_key: str, _why: str) -> None:
    """It was said when the draft was made."""
