"""One frozen Settings from `publisher.toml`; every mistake in it found at once."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from publisher.config.receipts import Receipts, receipts
from publisher.config.releases import Release, corrections_of, release_of
from publisher.config.service import (
    Bounces,
    Log,
    Provider,
    bounces_of,
    log_of,
    provider_of,
    state_folder,
    store_of,
    web_of,
)
from publisher.config.sources import Source, source_of
from publisher.config.tables import LANGUAGE, BadConfig, Mistake, Network, Table, unknown, url
from publisher.domain.correction import Rules as CorrectionRules
from publisher.domain.habits import UNTOLD, WAYS, Habits
from publisher.domain.issue import Site
from publisher.domain.lint import KINDS
from publisher.domain.lint import Rules as LintRules

FILE_NAME = "publisher.toml"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All that one `publisher.toml` says. Channel tables stay as written until they are built.

    Several `newsletters` in one service are settings each, with a `name`, that differ in source
    and site; then there is no `source` here.
    """

    file: Path
    site: Site
    source: Source | None
    database: URL
    broker: str
    state: Path
    bind: tuple[str, int]
    public_url: str
    proxies: tuple[Network, ...] = ()
    confirmations_an_hour: int = 1000
    metrics_from: tuple[Network, ...] = ()
    theme: Path | None = None
    sign_in: Provider | None = None
    channels: Mapping[str, Mapping[str, Any]] = field(repr=False)
    habits: Habits = field(default_factory=Habits)
    lint: LintRules = field(default_factory=LintRules)
    bounces: Bounces = field(default_factory=Bounces)
    log: Log = field(default_factory=Log)
    release: Release | None = None
    corrections: CorrectionRules = field(default_factory=CorrectionRules)
    receipts: Receipts = field(default_factory=Receipts)
    name: str = ""
    newsletters: tuple["Settings", ...] = ()

    @property
    def each(self) -> tuple["Settings", ...]:
        """The settings of each newsletter: often only these."""
        return self.newsletters or (self,)

    def of(self, issue: str) -> "Settings":
        """The settings of the newsletter that an issue is of, by its key."""
        name = issue.partition("/")[0]
        return next((one for one in self.newsletters if one.name == name), self)


def find(path: str | None) -> Path:
    """The configuration file: the one named, else $PUBLISHER_CONFIG, else ./publisher.toml."""
    return Path(path or os.environ.get("PUBLISHER_CONFIG") or FILE_NAME).absolute()


def load(path: Path) -> tuple[Settings, list[Mistake]]:
    """Read a configuration file: the settings as far as they go, and every mistake.

    Raises BadConfig when the file cannot be read as TOML at all.
    """
    document = _parse(path)
    mistakes: list[Mistake] = []
    tables = (
        "site",
        "source",
        "markup",
        "lint",
        "store",
        "web",
        "bounces",
        "log",
        "channels",
        "release",
        "corrections",
        "receipts",
        "sign_in",
        "sources",
    )
    for name, value in document.items():
        if name not in tables:
            mistakes.append(Mistake(file=str(path), table=name, expected=unknown(name, tables)))
        elif not isinstance(value, dict):
            mistakes.append(Mistake(file=str(path), key=name, expected="expected a table"))

    def table(name: str) -> Table:
        values = document.get(name)
        return Table(str(path), name, dict(values) if isinstance(values, dict) else {}, mistakes)

    database, broker = store_of(table("store"), path.parent)
    web = web_of(table("web"), path.parent)
    site = _site(table("site"))
    source = source_of(table("source"), path.parent) if "source" in document else None
    ways = WAYS.get(source.generator, UNTOLD) if source else UNTOLD
    channels = _channel_tables(table("channels"))
    markup = table("markup").values
    settings = Settings(
        file=path,
        site=replace(site, permalink=site.permalink or ways.permalink),
        source=source,
        habits=_habits(table("markup"), path.parent, source.generator if source else ""),
        lint=_lint(table("lint")),
        database=database,
        broker=broker,
        state=state_folder(database, path.parent),
        **web,
        bounces=bounces_of(table("bounces"), path.parent),
        log=log_of(table("log")),
        channels=channels,
        release=release_of(table("release"), channels) if "release" in document else None,
        corrections=corrections_of(table("corrections")),
        receipts=receipts(table("receipts"), path.parent),
        sign_in=provider_of(table("sign_in")) if "sign_in" in document else None,
    )
    found = replace(settings, newsletters=_newsletters(table("sources"), settings, markup))
    _refuse_unknown_sources(found, mistakes)
    return found, mistakes


def _newsletters(
    table: Table, settings: Settings, markup: Mapping[str, Any]
) -> tuple[Settings, ...]:
    """The newsletters of `[sources.NAME]`, each with what it has of its own."""
    if table.values and settings.source:
        table.wrong("", "there is a [source], too; make it one of [sources.NAME]")
    found = []
    for name, values in table.values.items():
        if not isinstance(values, dict) or not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
            table.wrong(name, f"expected a table [sources.{name}], a name in a-z, 0-9 and -")
            continue
        own = dict(values)
        site = own.pop("site", {})
        its = Table(
            table.file,
            f"sources.{name}.site",
            {**_as_written(settings.site), **site},
            table.mistakes,
        )
        source = source_of(
            Table(table.file, f"sources.{name}", own, table.mistakes), settings.file.parent
        )
        ways = WAYS.get(source.generator, UNTOLD)
        its_site = _site(its)
        marked = Table(table.file, "markup", dict(markup), [])
        found.append(
            replace(
                settings,
                name=name,
                source=source,
                site=replace(its_site, permalink=its_site.permalink or ways.permalink),
                habits=_habits(marked, settings.file.parent, source.generator),
            )
        )
    return tuple(found)


def _as_written(site: Site) -> dict[str, Any]:
    return {f.name: getattr(site, f.name) for f in fields(Site)}


def _refuse_unknown_sources(settings: Settings, mistakes: list[Mistake]) -> None:
    known = [one.name for one in settings.newsletters]
    for channel, values in settings.channels.items():
        names = values.get("sources", [])
        for name in names if isinstance(names, list) else []:
            if name not in known:
                expected = unknown(str(name), known or ["(none: there is no [sources.NAME])"])
                place = {"file": str(settings.file), "table": f"channels.{channel}"}
                mistakes.append(Mistake(**place, key="sources", expected=f"{name} {expected}"))


def _parse(path: Path) -> dict[str, Any]:
    def bad(expected: str) -> BadConfig:
        return BadConfig([Mistake(file=str(path), expected=expected)])

    try:
        return parse(path.read_text(encoding="utf-8-sig"), path)
    except FileNotFoundError as error:
        raise bad("there is no such file; `publisher init` writes one") from error
    except OSError as error:
        raise bad(f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise bad(f"is not UTF-8 text (byte {error.start}); save it as UTF-8") from error


def parse(text: str, path: Path) -> dict[str, Any]:
    """The TOML of a configuration file. Raises BadConfig."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        expected = f"is not valid TOML: {error}"
        raise BadConfig([Mistake(file=str(path), expected=expected)]) from error


def _site(table: Table) -> Site:
    language = table.text("language", "en").lower()
    if not re.fullmatch(LANGUAGE, language):
        table.wrong("language", f"expected a code such as en or pt-br, found {language!r}")
    site = Site(
        name=table.text("name"),
        base_url=url(table, "base_url", None),
        language=language,
        permalink=table.text("permalink", ""),
        license=table.text("license", ""),
        license_url=table.text("license_url", ""),
    )
    table.done(["name", "base_url", "language", "permalink", "license", "license_url"])
    return site


def _habits(table: Table, folder: Path, generator: str) -> Habits:
    shortcodes = table.text("shortcodes", "")
    habits = Habits(
        generator=generator,
        typographer=table.flag("typographer", default=True),
        emoji=table.flag("emoji", default=True),
        shortcodes=folder / shortcodes if shortcodes else None,
    )
    if habits.shortcodes and not habits.shortcodes.is_dir():
        table.wrong("shortcodes", f"expected a folder of templates; {habits.shortcodes} is none")
    table.done(["typographer", "emoji", "shortcodes"])
    return habits


def _lint(table: Table) -> LintRules:
    lists = {key: table.words(key, KINDS) for key in ("errors", "warnings", "ignore")}
    seen: set[str] = set()
    for key, words in lists.items():
        for word in sorted(words & seen):
            table.wrong(key, f"{word} is in more than one list; keep it in one")
        seen |= words
    table.done(list(lists))
    return LintRules(**lists)


def _channel_tables(table: Table) -> dict[str, dict[str, Any]]:
    channels: dict[str, dict[str, Any]] = {}
    for name, values in table.values.items():
        if not re.fullmatch(r"[\w-]+", name):
            table.wrong(name, "expected a name of letters, digits, - and _")
        elif isinstance(values, dict):
            channels[name] = values
        else:
            table.wrong(name, f"expected a table [channels.{name}], found {values!r}")
    return channels
