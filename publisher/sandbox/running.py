"""All stand-ins together: started, named in a configuration, stopped."""

import errno
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from publisher.sandbox import page
from publisher.sandbox.joining import stand_ins
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving
from publisher.sandbox.standing import FEED_URL

PAGE = "the page"
Running = TypeVar("Running")
Starting = AbstractContextManager[str]
DEFAULT_FEED = Path("public/feeds/packet.atom.xml")
FEEDS = {"feed": ("atom", ".atom.xml"), "rss": ("rss", ".rss.xml"), "json": ("jsonfeed", ".json")}


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """Where each stand-in listens, by its network, and what they hold.

    URLs end without a slash. `notations` are the names in FEEDS whose files the page shows.
    """

    page_url: str
    urls: Mapping[str, str]
    outside: Outside
    notations: tuple[str, ...] = ("feed",)

    def at(self, network: str) -> tuple[str, int]:
        """The host and the port of a stand-in."""
        place = urlsplit(self.urls[network])
        return place.hostname or "", place.port or 0


@contextmanager
def sandbox(
    *,
    port: int = 0,
    journal: Path | None = None,
    feeds: Sequence[Path] = (),
    networks: Collection[str] = (),
) -> Iterator[Sandbox]:
    """Run stand-ins on this machine, and the page that shows what they hold.

    `networks` are all there are, and all notations of feeds, unless it names some. With `port` 0
    each finds a free port; else the page has `port`, and they those above it, in the order of
    `stand_ins`. `journal` gets a JSON line for every post; `feeds` are feed files or folders of
    them, which the page shows as soon as they exist.
    Raises OSError, naming the port, when one is taken, and ValueError when there is no such port.
    """
    wanted = {name: one for name, one in stand_ins().items() if not networks or name in networks}
    numbers = _ports(port, [PAGE, *wanted])
    outside = Outside(journal=journal)
    with ExitStack() as stack:

        def started(what: str, name: str, start: Callable[[int], Starting]) -> str:
            number = numbers[what]
            return stack.enter_context(_started(name, number, lambda: start(number)))

        urls = {
            network: started(network, one.name, partial(one.serve, outside))
            for network, one in wanted.items()
        }
        shown = page.app(
            outside, addresses=urls, feeds=tuple(feeds), static=sample_folder() / "static"
        )
        page_url = started(PAGE, PAGE, lambda number: serving(shown, port=number))
        notations = ("feed",) if networks else tuple(FEEDS)
        yield Sandbox(page_url=page_url, urls=urls, outside=outside, notations=notations)


def most_port() -> int:
    """The highest first port that leaves one for each stand-in."""
    return 65535 - len(stand_ins())


def _ports(first: int, what: Sequence[str]) -> dict[str, int]:
    if first == 0:
        return dict.fromkeys(what, 0)
    last = first + len(what) - 1
    if not 0 < first <= last <= 65535:
        raise ValueError(f"no ports {first} to {last}; the first may be 1 to {65536 - len(what)}")
    return dict(zip(what, range(first, last + 1), strict=True))


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

    `feed` is the file that the Atom channel writes, the other feeds are beside it; `languages`
    what each channel takes, by default what the site speaks. The secrets are plain: the
    stand-ins' are pretend.
    """
    only = {"languages": list(languages)} if languages else {}
    return "\n".join(
        _table(f"channels.{name}", {**fields, **only})
        for name, fields in _channels(sandbox, feed).items()
    )


def _channels(sandbox: Sandbox, feed: Path) -> dict[str, dict[str, Any]]:
    paths = dict(zip(FEEDS, feed_files(feed), strict=True))
    found: dict[str, dict[str, Any]] = {
        name: {
            "kind": FEEDS[name][0],
            "path": str(paths[name]),
            "url": f"{sandbox.page_url}/feeds/{paths[name].name}",
        }
        for name in sandbox.notations
    }
    feed_url = found["feed"]["url"]
    for network, url in sandbox.urls.items():
        for name, fields in stand_ins()[network].channels(url).items():
            found[name] = {
                key: feed_url if value == FEED_URL else value for key, value in fields.items()
            }
    for fields in found.values():
        if fields.get("topic") == feed_url:
            found["feed"]["hub"] = fields["hub"]  # or nobody would ask it
    return found


def feed_files(feed: Path) -> list[Path]:
    """The Atom file and those in other notations, which have its name and lie beside it."""
    stem = feed.name.removesuffix(".xml").removesuffix(".atom")
    others = [feed.with_name(stem + suffix) for _, suffix in FEEDS.values()]
    return [feed, *others[1:]]


def _table(name: str, fields: Mapping[str, Any]) -> str:
    # JSON's strings, numbers and lists of strings are TOML's, too
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items()]
    return f"[{name}]\n" + "\n".join(lines) + "\n"
