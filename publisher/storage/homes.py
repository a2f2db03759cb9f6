"""Where a store lies, and whether that is where it lay before."""

import json
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

CARDS = Path("/sys/class/net")
KERNEL = Path("/proc/sys/kernel/osrelease")
PERMANENT = "0"  # sysfs-class-net, addr_assign_type: not made up, nor set by a program


@dataclass(frozen=True, kw_only=True)
class Home:
    """Where a store lies. What could not be told is empty, and agrees with anything.

    In a file: its path, its inode, and the hardware addresses of the machine's wired network
    cards. On a server: the cluster's identifier, the database's oid and the timeline.
    """

    path: str = ""
    inode: int = 0
    machine: tuple[str, ...] = ()
    cluster: str = ""
    database: int = 0
    timeline: int = 0

    def __str__(self) -> str:
        return json.dumps({key: value for key, value in asdict(self).items() if value})


def read(words: str) -> Home:
    """A home as it was written with str()."""
    known = json.loads(words or "{}")
    machine = tuple(known.pop("machine", ()))
    return Home(**known, machine=machine)


def of(db: Connection) -> Home:
    """Where the store on this connection lies."""
    if db.dialect.name == "postgresql":
        return _on_a_server(db)
    path = db.engine.url.database
    if not path or not Path(path).exists():
        return Home()
    return Home(path=str(Path(path).resolve()), inode=Path(path).stat().st_ino, machine=machine())


def _on_a_server(db: Connection) -> Home:
    """Source: https://www.postgresql.org/docs/15/functions-info.html#FUNCTIONS-INFO-CONTROLDATA"""
    oid = db.scalar(text("select oid from pg_database where datname = current_database()"))
    try:
        with db.begin_nested():
            cluster = db.scalar(text("select system_identifier from pg_control_system()"))
            segment = db.scalar(text("select pg_walfile_name(pg_current_wal_lsn())"))
    except DBAPIError:  # a service that is only like PostgreSQL, or one that keeps this to itself
        return Home(database=oid)
    return Home(cluster=str(cluster), database=oid, timeline=int(segment[:8], 16))


@cache
def machine() -> tuple[str, ...]:
    """The hardware addresses of this machine's wired cards: another machine has others.

    None in a container with a network of its own, whose addresses change with it; none under
    WSL, where each start makes new ones.
    """
    if not CARDS.is_dir() or "microsoft" in _said(KERNEL).lower():
        return ()
    cards = [card for card in CARDS.iterdir() if _is_built_in(card)]
    return tuple(sorted(_said(card / "address") for card in cards))


def _is_built_in(card: Path) -> bool:
    device = card / "device"
    loose = (card / "wireless").exists() or "/usb" in str(device.resolve())
    return device.exists() and not loose and _said(card / "addr_assign_type") == PERMANENT


def _said(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def strange(known: Home, found: Home) -> str:
    """Why a store found here is not, or may not be, the one that lay there; "" where it is."""
    for part, words in REASONS.items():
        was, now = getattr(known, part), getattr(found, part)
        if was and now and not _agree(was, now):
            return words.format(was=_shown(was), now=_shown(now))
    if known.path and found.path and _are_two(Path(known.path), Path(found.path)):
        return f"{found.path} is a copy of {known.path}, which is still there"
    return ""


REASONS = {
    "inode": "its file was copied, or another was put in its place (inode {now}, not {was})",
    "machine": "it lies on another machine (network card {now}, not {was})",
    "cluster": "it lies on another database server, or one restored from a dump ({now}, not {was})",
    "database": "it is a copy in another database of the server (number {now}, not {was})",
    "timeline": "its server went on from a backup or a standby (timeline {now}, not {was}),"
    " and may have lost what was written last",
}


def _agree(was: object, now: object) -> bool:
    if isinstance(was, tuple) and isinstance(now, tuple):
        return bool(set(was) & set(now))
    return was == now


def _shown(part: object) -> object:
    return ", ".join(part) if isinstance(part, tuple) else part


def _are_two(was: Path, now: Path) -> bool:
    """Whether two paths with the same inode number are two files, as after a disk's snapshot."""
    try:
        return was.stat().st_dev != now.stat().st_dev
    except OSError:
        return False  # it was moved, or is seen from a container


def merged(known: Home, found: Home) -> Home:
    """What is known of a home that was found again."""
    parts = {part.name: getattr(found, part.name) for part in fields(Home)}
    told = {name: value for name, value in parts.items() if value}
    told["machine"] = tuple(sorted({*known.machine, *found.machine}))
    return Home(**{**asdict(known), **told})
