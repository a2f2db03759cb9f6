"""[store], [web], [bounces] and [log]: what the service itself runs on."""

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from publisher.config.tables import Table, scheme, unknown, url

LOOPBACK = ("127.0.0.0/8", "::1")
PLAIN_FIRST = ("starttls", "none")
STYLE, TEMPLATES = "theme.css", "templates"  # what a theme may have
LOG_FORMATS = ("auto", "json", "text")
LOG_LEVELS = ("debug", "info", "warning", "error")
IMAP_TLS = ("implicit", *PLAIN_FIRST)


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
class Provider:
    """Where operators may sign in by OpenID Connect, and as what this program is known there."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Log:
    """How the lines of a log look, which are worth one, and whether readers' addresses stand in."""

    format: str = "auto"
    level: str = "info"
    readers: bool = False


def store_of(table: Table, folder: Path) -> tuple[URL, str]:
    database = _database(table, folder)
    broker = table.text("broker", "")
    if broker and not _is_broker(broker):
        table.wrong("broker", "expected an address such as redis://127.0.0.1:6379/0, or nothing")
    table.done(["database", "broker"])
    return database, broker


def _database(table: Table, folder: Path) -> URL:
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
    return scheme(address) in {"redis", "rediss", "redis+socket", "amqp", "amqps"}


def state_folder(database: URL, folder: Path) -> Path:
    if database.drivername == "sqlite" and database.database:
        return Path(database.database).with_suffix(".state")
    return folder / "publisher.state"


def web_of(table: Table, folder: Path) -> dict[str, Any]:
    bind = table.text("bind", "127.0.0.1:8080")
    host, _, port = bind.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        table.wrong("bind", f"expected HOST:PORT, such as 127.0.0.1:8080, found {bind!r}")
        host, port = "127.0.0.1", "8080"
    web = {
        "bind": (host.strip("[]"), int(port)),
        "public_url": url(table, "public_url", f"http://{host}:{port}/"),
        "proxies": table.networks("trusted_proxies"),
        "confirmations_an_hour": table.number("confirmations_an_hour", 1000),
        "metrics_from": table.networks("metrics_from", LOOPBACK),
        "theme": _theme(table, folder),
    }
    keys = ["bind", "public_url", "trusted_proxies", "confirmations_an_hour", "metrics_from"]
    table.done([*keys, "theme"])
    return web


def _theme(table: Table, folder: Path) -> Path | None:
    """The folder that changes how pages look, if there is one."""
    written = table.text("theme", "")
    if not written:
        return None
    theme = folder / written
    if not theme.is_dir():
        table.wrong("theme", f"there is no folder {theme}")
        return None
    if not (theme / STYLE).is_file() and not (theme / TEMPLATES).is_dir():
        table.wrong("theme", f"expected {STYLE} or a folder {TEMPLATES} in {theme}")
        return None
    return theme


def provider_of(table: Table) -> Provider:
    """[sign_in]: an OpenID provider."""
    issuer = table.text("issuer")
    parts = urlsplit(issuer)
    here = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if issuer and (not parts.hostname or parts.scheme not in ("https", *(["http"] * here))):
        table.wrong("issuer", "expected the https address of an OpenID provider")
    found = Provider(
        issuer=issuer,
        client_id=table.text("client_id"),
        client_secret=table.text("client_secret"),
        label=table.text("label", parts.hostname or "OpenID"),
    )
    table.done([f.name for f in fields(Provider)])
    return found


def bounces_of(table: Table, folder: Path) -> Bounces:
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


def log_of(table: Table) -> Log:
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
