"""All stand-ins together: started, named in a configuration, stopped."""

import errno
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from starlette.types import ASGIApp

from publisher.sandbox import lemmy, mastodon, page, reddit
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving
from publisher.sandbox.smtp import serving_smtp

PORTS = ("the page", "Mastodon", "Reddit", "Lemmy", "mail")  # in this order, from `port` upwards
Running = TypeVar("Running")
DEFAULT_FEED = Path("public/feeds/packet.atom.xml")


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """Where each stand-in listens, and what they hold. URLs end without a slash."""

    page_url: str
    mastodon_url: str
    reddit_url: str
    lemmy_url: str
    smtp_host: str
    smtp_port: int
    outside: Outside


@contextmanager
def sandbox(
    *, port: int = 0, journal: Path | None = None, feeds: Sequence[Path] = ()
) -> Iterator[Sandbox]:
    """Run every stand-in on this machine, and the page that shows what they hold.

    With `port` 0 each finds a free port; else the page has `port` and Mastodon, Reddit, Lemmy
    and mail the four above it. `journal` gets a JSON line for every post; `feeds` are feed files
    or folders of them, which the page shows as soon as they exist.
    Raises OSError, naming the port, when one is taken, and ValueError when there is no such port.
    """
    numbers = _ports(port)
    outside = Outside(journal=journal)
    with ExitStack() as stack:

        def web(what: str, app: ASGIApp) -> str:
            number = numbers[what]
            return stack.enter_context(_started(what, number, lambda: serving(app, port=number)))

        mastodon_url = web("Mastodon", mastodon.app(outside))
        reddit_url = web("Reddit", reddit.app(outside))
        lemmy_url = web("Lemmy", lemmy.app(outside))
        number = numbers["mail"]
        smtp_host, smtp_port = stack.enter_context(
            _started("mail", number, lambda: serving_smtp(outside, port=number))
        )
        addresses = {
            "mastodon": mastodon_url,
            "reddit": reddit_url,
            "lemmy": lemmy_url,
            "email": f"smtp://{smtp_host}:{smtp_port}",
        }
        shown = page.app(
            outside, addresses=addresses, feeds=tuple(feeds), static=sample_folder() / "static"
        )
        yield Sandbox(
            page_url=web("the page", shown),
            mastodon_url=mastodon_url,
            reddit_url=reddit_url,
            lemmy_url=lemmy_url,
            smtp_host=smtp_host,
            smtp_port=smtp_port,
            outside=outside,
        )


def _ports(first: int) -> dict[str, int]:
    if first == 0:
        return dict.fromkeys(PORTS, 0)
    last = first + len(PORTS) - 1
    if not 0 < first <= last <= 65535:
        raise ValueError(f"no ports {first} to {last}; the first may be 1 to {65536 - len(PORTS)}")
    return dict(zip(PORTS, range(first, last + 1), strict=True))


@contextmanager
def _started(
    what: str, port: int, start: Callable[[], AbstractContextManager[Running]]
) -> Iterator[Running]:
    with ExitStack() as stack:
        try:
            started = stack.enter_context(start())
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            reason = f"port {port} on this machine, meant for {what}, is taken by another program"
            raise OSError(errno.EADDRINUSE, reason) from error
        yield started


def sample_folder() -> Path:
    """The sample newsletter: a folder like a Hugo site's, with `content/` and `static/`."""
    return Path(str(files("publisher.sandbox"))) / "sample"


def sample_settings(folder: Path | None = None) -> str:
    """The `[site]` and `[source]` tables for the sample newsletter, or a copy of it, as TOML."""
    sample = folder or sample_folder()
    site = {
        "name": "The Towpath Packet",
        "base_url": "https://towpath.example/",
        "language": "en",
        "license": "CC BY-SA 4.0",
        "license_url": "https://creativecommons.org/licenses/by-sa/4.0/",
    }
    source = {
        "kind": "folder",
        "path": str(sample / "content" / "newsletter"),
        "include": "*newsletter*.md",
        "static": str(sample / "static"),
    }
    return _table("site", site) + "\n" + _table("source", source)


def settings(sandbox: Sandbox, *, feed: Path = DEFAULT_FEED, languages: Sequence[str] = ()) -> str:
    """One `[channels.…]` table a kind, as TOML, so that everything goes to the stand-ins.

    `feed` is the file that the feed channel writes; `languages` what each channel takes, by
    default what the site speaks. The secrets are plain: the stand-ins' are pretend.
    """
    only = {"languages": list(languages)} if languages else {}
    return "\n".join(
        _table(f"channels.{name}", {**fields, **only})
        for name, fields in _channels(sandbox, feed).items()
    )


def _channels(sandbox: Sandbox, feed: Path) -> dict[str, dict[str, object]]:
    return {
        "readers": {
            "kind": "email",
            "host": sandbox.smtp_host,
            "port": sandbox.smtp_port,
            "tls": "none",
            "from": "The Towpath Packet <packet@towpath.example>",
            "list_id": "packet.towpath.example",
            "bounce_address": "bounces@towpath.example",
            "connections": 2,
        },
        "feed": {
            "kind": "atom",
            "path": str(feed),
            "url": f"{sandbox.page_url}/feeds/{feed.name}",
        },
        "mastodon": {
            "kind": "mastodon",
            "instance": sandbox.mastodon_url,
            "access_token": "pretend-token",
            "visibility": "public",
        },
        "reddit": {
            "kind": "reddit",
            "subreddit": "towpath",
            "client_id": "pretend-id",
            "client_secret": "pretend-secret",
            "refresh_token": "pretend-token",
            "post": "link",
            "flair": "Newsletter",
            "site": sandbox.reddit_url,
            "oauth": sandbox.reddit_url,
        },
        "lemmy": {
            "kind": "lemmy",
            "instance": sandbox.lemmy_url,
            "community": "towpath",
            "username": "packet",
            "password": "pretend-password",
        },
    }


def _table(name: str, fields: dict[str, object] | dict[str, str]) -> str:
    # JSON's strings, numbers and lists of strings are TOML's, too
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items()]
    return f"[{name}]\n" + "\n".join(lines) + "\n"
