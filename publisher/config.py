"""One frozen Settings from `publisher.toml`; every mistake in it found at once."""

import math
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import time, timedelta
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from publisher.config_receipts import Receipts, receipts
from publisher.domain.correction import Rules as CorrectionRules
from publisher.domain.habits import GENERATORS, UNTOLD, WAYS, Habits
from publisher.domain.issue import Site
from publisher.domain.lint import KINDS
from publisher.domain.lint import Rules as LintRules
from publisher.domain.plan import DAYS, Rules

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}  # in seconds
FILE_NAME = "publisher.toml"
SOURCE_KINDS = ("folder", "git", "feed")
Network = IPv4Network | IPv6Network
LOOPBACK = ("127.0.0.0/8", "::1")
PLAIN_FIRST = ("starttls", "none")
SHORTEST_SECRET = 16
LOG_FORMATS = ("auto", "json", "text")
LOG_LEVELS = ("debug", "info", "warning", "error")
IMAP_TLS = ("implicit", *PLAIN_FIRST)
OF_A_CHANNEL = ("hold", "approval", "timezone", "earliest", "quiet_days", "most_a_day")
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


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where issues come from, and how many seconds pass between two looks.

    `path` is the folder of issues; for git, inside the repository, which `key` and `known_hosts`
    (ssh) or `user` and `token` (https) open. A feed may be on a `private` address.
    Calls to /hooks/ are signed with `hook_secret`; without one there are none.
    """

    kind: str
    path: Path
    include: str = "*.md"
    static: Path | None = None
    url: str = ""
    branch: str = ""
    every: float = 60.0
    generator: str = ""
    hook_secret: str = field(default="", repr=False)
    key: Path | None = None
    known_hosts: Path | None = None
    user: str = "git"
    token: str = field(default="", repr=False)
    private: bool = False


@dataclass(frozen=True, kw_only=True)
class Bounces:
    """The mailbox that bounces come back to, a Maildir or an IMAP account, if there is one.

    `every` is how many seconds pass between two looks into it.
    """

    maildir: Path | None = None
    imap: str = ""
    port: int = 993
    tls: str = "implicit"
    username: str = ""
    password: str = field(default="", repr=False)
    folder: str = "INBOX"
    every: float = 300.0


@dataclass(frozen=True, kw_only=True)
class Log:
    """How the lines of a log look, which are worth one, and whether readers' addresses stand in."""

    format: str = "auto"
    level: str = "info"
    readers: bool = False


@dataclass(frozen=True, kw_only=True)
class Release:
    """What comes between an issue's being seen and its being sent: without it, nothing."""

    rules: Rules
    private_pages: bool = False  # pages may be on private addresses


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


@dataclass
class _Table:
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
        "sources",
    )
    for name, value in document.items():
        if name not in tables:
            mistakes.append(Mistake(file=str(path), table=name, expected=unknown(name, tables)))
        elif not isinstance(value, dict):
            mistakes.append(Mistake(file=str(path), key=name, expected="expected a table"))

    def table(name: str) -> _Table:
        values = document.get(name)
        return _Table(str(path), name, dict(values) if isinstance(values, dict) else {}, mistakes)

    database, broker = _store(table("store"), path.parent)
    web = _web(table("web"))
    site = _site(table("site"))
    source = _source(table("source"), path.parent) if "source" in document else None
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
        state=_state_folder(database, path.parent),
        **web,
        bounces=_bounces(table("bounces"), path.parent),
        log=_log(table("log")),
        channels=channels,
        release=_release(table("release"), channels) if "release" in document else None,
        corrections=_corrections(table("corrections")),
        receipts=receipts(table("receipts"), path.parent),
    )
    found = replace(settings, newsletters=_newsletters(table("sources"), settings, markup))
    _refuse_unknown_sources(found, mistakes)
    return found, mistakes


def _newsletters(
    table: _Table, settings: Settings, markup: Mapping[str, Any]
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
        its = _Table(
            table.file,
            f"sources.{name}.site",
            {**_as_written(settings.site), **site},
            table.mistakes,
        )
        source = _source(
            _Table(table.file, f"sources.{name}", own, table.mistakes), settings.file.parent
        )
        ways = WAYS.get(source.generator, UNTOLD)
        its_site = _site(its)
        marked = _Table(table.file, "markup", dict(markup), [])
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
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise bad("there is no such file; `publisher init` writes one") from error
    except OSError as error:
        raise bad(f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise bad(f"is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise bad(f"is not valid TOML: {error}") from error


def _site(table: _Table) -> Site:
    language = table.text("language", "en").lower()
    if not re.fullmatch(LANGUAGE, language):
        table.wrong("language", f"expected a code such as en or pt-br, found {language!r}")
    site = Site(
        name=table.text("name"),
        base_url=_url(table, "base_url", None),
        language=language,
        permalink=table.text("permalink", ""),
        license=table.text("license", ""),
        license_url=table.text("license_url", ""),
    )
    table.done(["name", "base_url", "language", "permalink", "license", "license_url"])
    return site


def _source(table: _Table, folder: Path) -> Source:
    kind = table.text("kind", "folder")
    if kind not in SOURCE_KINDS:
        table.wrong("kind", unknown(kind, SOURCE_KINDS))
    away = kind in {"git", "feed"}
    root = Path() if away else folder
    static = table.text("static", "")
    source = Source(
        kind=kind,
        path=root / table.text("path", "." if away else None),
        include=table.text("include", "*.html" if kind == "feed" else "*.md"),
        static=root / static if static else None,
        url=table.text("url", None if away else ""),
        branch=table.text("branch", ""),
        every=table.seconds("every", 60.0),
        generator=table.text("generator", ""),
        hook_secret=table.text("hook_secret", ""),
        key=_file(table, "key", folder),
        known_hosts=_file(table, "known_hosts", folder),
        user=table.text("user", "git"),
        token=table.text("token", ""),
        private=table.flag("private", default=False),
    )
    if kind == "feed" and source.url and not _is_web(source.url):
        table.wrong("url", f"expected the address of a feed, found {source.url!r}")
    if source.token and not source.url.startswith("https://") and not _is_local(source.url):
        table.wrong("token", "expected an address that begins with https://; it would be overheard")
    if source.hook_secret and len(source.hook_secret) < SHORTEST_SECRET:
        expected = f"expected at least {SHORTEST_SECRET} characters that nobody can guess"
        table.wrong("hook_secret", expected)
    if source.generator and source.generator not in GENERATORS:
        table.wrong("generator", unknown(source.generator, GENERATORS))
    table.done([f.name for f in fields(Source)])
    return source


def _file(table: _Table, key: str, folder: Path) -> Path | None:
    """A file that must be there."""
    given = table.text(key, "")
    if given and not (folder / given).is_file():
        table.wrong(key, f"expected a file; there is no {folder / given}")
    return (folder / given).absolute() if given else None


def _is_local(address: str) -> bool:
    return urlsplit(address).hostname in {"127.0.0.1", "::1", "localhost"}


def _habits(table: _Table, folder: Path, generator: str) -> Habits:
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


def _lint(table: _Table) -> LintRules:
    lists = {key: table.words(key, KINDS) for key in ("errors", "warnings", "ignore")}
    seen: set[str] = set()
    for key, words in lists.items():
        for word in sorted(words & seen):
            table.wrong(key, f"{word} is in more than one list; keep it in one")
        seen |= words
    table.done(list(lists))
    return LintRules(**lists)


def _store(table: _Table, folder: Path) -> tuple[URL, str]:
    database = _database(table, folder)
    broker = table.text("broker", "")
    if broker and not _is_broker(broker):
        table.wrong("broker", "expected an address such as redis://127.0.0.1:6379/0, or nothing")
    table.done(["database", "broker"])
    return database, broker


def _database(table: _Table, folder: Path) -> URL:
    """The database's address; a file's path is absolute, whatever characters are in it."""
    default = URL.create("sqlite", database=str(folder / "publisher.db"))
    written = table.text("database", "sqlite:///publisher.db")
    prefix = "sqlite:///"
    if written.startswith(prefix) and "\0" not in written and written != prefix:
        path = (folder / written.removeprefix(prefix)).absolute()
        return URL.create("sqlite", database=str(path))
    try:
        address = make_url(written)
    except (ArgumentError, ValueError):
        address = default
    if address.drivername not in {"postgresql", "postgresql+psycopg"} or not address.database:
        table.wrong(
            "database", "expected sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME"
        )
        return default
    return address.set(drivername="postgresql+psycopg")


def _is_broker(address: str) -> bool:
    return _scheme(address) in {"redis", "rediss", "redis+socket", "amqp", "amqps"}


def _scheme(address: str) -> str:
    """An address's scheme; "" for one that is broken, in its host or port."""
    try:
        parts = urlsplit(address)
        usable = parts.port != 0
    except ValueError:
        usable = False
    return parts.scheme if usable else ""


def _state_folder(database: URL, folder: Path) -> Path:
    if database.drivername == "sqlite" and database.database:
        return Path(database.database).with_suffix(".state")
    return folder / "publisher.state"


def _web(table: _Table) -> dict[str, Any]:
    bind = table.text("bind", "127.0.0.1:8080")
    host, _, port = bind.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        table.wrong("bind", f"expected HOST:PORT, such as 127.0.0.1:8080, found {bind!r}")
        host, port = "127.0.0.1", "8080"
    web = {
        "bind": (host.strip("[]"), int(port)),
        "public_url": _url(table, "public_url", f"http://{host}:{port}/"),
        "proxies": table.networks("trusted_proxies"),
        "confirmations_an_hour": table.number("confirmations_an_hour", 1000),
        "metrics_from": table.networks("metrics_from", LOOPBACK),
    }
    table.done(["bind", "public_url", "trusted_proxies", "confirmations_an_hour", "metrics_from"])
    return web


def _url(table: _Table, key: str, default: str | None) -> str:
    value = table.text(key, default)
    if value and not _is_web(value):
        table.wrong(key, f"expected a URL such as https://example.org/, found {value!r}")
    return value.rstrip("/") + "/"


def _bounces(table: _Table, folder: Path) -> Bounces:
    given = set(table.values)
    maildir, tls = table.text("maildir", ""), table.text("tls", "implicit")
    found = Bounces(
        maildir=folder / maildir if maildir else None,
        imap=table.text("imap", ""),
        tls=tls,
        port=table.port("port", 143 if tls in PLAIN_FIRST else 993),
        username=table.text("username", ""),
        password=table.text("password", ""),
        folder=table.text("folder", "INBOX"),
        every=table.seconds("every", 300.0),
    )
    table.done([f.name for f in fields(Bounces)])
    if found.maildir and found.imap:
        table.wrong("imap", "there is a maildir, too; keep one of them")
    if found.tls not in IMAP_TLS:
        table.wrong("tls", unknown(found.tls, IMAP_TLS))
    if not found.folder.isascii() or not found.folder.isprintable():
        table.wrong("folder", f"expected a name in ASCII, found {found.folder!r}")
    for key in ("username", "password"):
        if found.imap and key not in given:
            table.wrong(key, "is missing; the mailbox cannot be read without")
    return found


def _log(table: _Table) -> Log:
    found = Log(
        format=table.text("format", "auto"),
        level=table.text("level", "info"),
        readers=table.flag("readers", default=False),
    )
    if found.format not in LOG_FORMATS:
        table.wrong("format", unknown(found.format, LOG_FORMATS))
    if found.level not in LOG_LEVELS:
        table.wrong("level", unknown(found.level, LOG_LEVELS))
    table.done([f.name for f in fields(Log)])
    return found


def _release(table: _Table, channels: Iterable[str]) -> Release:
    own = {name: value for name, value in table.values.items() if isinstance(value, dict)}
    for name in own:
        del table.values[name]
    usual = _rules(table, Rules())
    rules = replace(
        usual,
        proof=table.flag("proof", default=usual.proof),
        order=table.list_of_texts("order", usual.order),
        gate=table.length("gate", usual.gate),
        too_late=table.length("too_late", usual.too_late),
    )
    found = Release(rules=rules, private_pages=table.flag("private_pages", default=False))
    table.done([*OF_A_CHANNEL, "proof", "order", "gate", "too_late", "private_pages"])
    differing = {}
    for name, values in own.items():
        its = _Table(table.file, f"release.{name}", dict(values), table.mistakes)
        if name not in channels:
            table.wrong(name, unknown(name, [*channels, *OF_A_CHANNEL]))
        differing[name] = _rules(its, rules)
        its.done(OF_A_CHANNEL)
    return replace(found, rules=replace(rules, own=differing))


def _rules(table: _Table, usual: Rules) -> Rules:
    """The rules that a channel can have of its own."""
    days = [DAYS[day] for day in sorted(usual.quiet_days)]
    quiet = table.words("quiet_days", DAYS) if "quiet_days" in table.values else days
    if len(quiet) == len(DAYS):
        table.wrong("quiet_days", "all days are quiet; leave out at least one")
    return replace(
        usual,
        hold=table.length("hold", usual.hold),
        approval=table.flag("approval", default=usual.approval),
        zone=_zone(table, usual.zone),
        earliest=_clock(table, usual.earliest),
        quiet_days=frozenset(DAYS.index(day) for day in quiet),
        most_a_day=table.number("most_a_day", usual.most_a_day),
    )


def _corrections(table: _Table) -> CorrectionRules:
    usual = CorrectionRules()
    found = CorrectionRules(
        automatic=table.flag("automatic", default=usual.automatic),
        after=table.length("after", usual.after),
        within=table.length("within", usual.within),
        largest=table.share("largest", usual.largest),
    )
    table.done([f.name for f in fields(CorrectionRules)])
    return found


def _zone(table: _Table, usual: ZoneInfo) -> ZoneInfo:
    name = table.text("timezone", usual.key)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        table.wrong("timezone", f"expected a zone such as Europe/Berlin, found {name!r}")
        return usual


def _clock(table: _Table, usual: time | None) -> time | None:
    """A time of day, without a zone of its own; "" for none."""
    if "earliest" not in table.values:
        return usual
    value = table.text("earliest", "")
    found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", value)
    if value and not found:
        table.wrong("earliest", f"expected a time of day such as 09:00, found {value!r}")
    return time(int(found[1]), int(found[2])) if found else None


def _is_web(address: str) -> bool:
    return _scheme(address) in {"http", "https"} and bool(urlsplit(address).hostname)


def _channel_tables(table: _Table) -> dict[str, dict[str, Any]]:
    channels: dict[str, dict[str, Any]] = {}
    for name, values in table.values.items():
        if not re.fullmatch(r"[\w-]+", name):
            table.wrong(name, "expected a name of letters, digits, - and _")
        elif isinstance(values, dict):
            channels[name] = values
        else:
            table.wrong(name, f"expected a table [channels.{name}], found {values!r}")
    return channels


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
