"""[source]: where issues come from, and how git lets us in."""

from dataclasses import dataclass, field, fields
from pathlib import Path

from publisher.config.tables import Table, is_local, is_web, unknown
from publisher.domain.habits import GENERATORS

SOURCE_KINDS = ("folder", "git", "feed")
SHORTEST_SECRET = 16


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


def source_of(table: Table, folder: Path) -> Source:
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
    if kind == "feed" and source.url and not is_web(source.url):
        table.wrong("url", f"expected the address of a feed, found {source.url!r}")
    if source.token and not source.url.startswith("https://") and not is_local(source.url):
        table.wrong("token", "expected an address that begins with https://; it would be overheard")
    if source.hook_secret and len(source.hook_secret) < SHORTEST_SECRET:
        expected = f"expected at least {SHORTEST_SECRET} characters that nobody can guess"
        table.wrong("hook_secret", expected)
    if source.generator and source.generator not in GENERATORS:
        table.wrong("generator", unknown(source.generator, GENERATORS))
    table.done([f.name for f in fields(Source)])
    return source


def _file(table: Table, key: str, folder: Path) -> Path | None:
    """A file that must be there."""
    given = table.text(key, "")
    if given and not (folder / given).is_file():
        table.wrong(key, f"expected a file; there is no {folder / given}")
    return (folder / given).absolute() if given else None
