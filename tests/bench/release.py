"""`make bench`: how long a release takes, against the same posts made by hand in the same run.

With `all` it goes to every network there is a stand-in for, else to the five of the beginning.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import product
from pathlib import Path

from markdown_it import MarkdownIt

from publisher import embedded, publishing, subscribing, wiring
from publisher.domain.channel import Post, Reader, scheme_of
from publisher.domain.issue import Edition, Site
from publisher.publishing import utcnow
from publisher.rendering.reading import read_edition
from publisher.sandbox.joining import FIRST, stand_ins
from publisher.sandbox.running import Sandbox, sandbox
from publisher.storage import reports
from publisher.storage.engine import reading
from tests.cli.home import Home, furnish

ROUNDS = 12
SLOW = ("handoff", "websub")  # a person, and a hub that is told once the feed is out
CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "xmpp"
READER = Reader(
    address="ann@example.org", token="token", unsubscribe_url="https://news.example/leave/token"
)


@contextmanager
def warm_worker(home: Home) -> Iterator[None]:
    settings = wiring.settings()
    settings.state.mkdir(parents=True, exist_ok=True)
    with (home.folder / "worker.log").open("ab") as log:
        processes = [
            embedded.broker_process(settings.state, log),
            embedded.worker_process(settings.file, concurrency=wiring.concurrency(), output=log),
        ]
        with embedded.running(processes, settings.state):
            yield
            for process in processes:
                process.grace = 0


def edition(home: Home, number: int) -> Edition:
    path = home.write(f"2026-{number:02}-05-newsletter.md", f"month {number}")
    return read_edition(path, root=home.content, site=wiring.settings().site, static=None)


def last_accepted(outside: Sandbox, key: str) -> float:
    """When the last of them had it, by the stand-ins' own records and the feed's attempt."""
    found = [outside.outside.posts(network)[-1].at for network in outside.urls]
    with reading(wiring.engine()) as db:
        [feed] = reports.attempts(db, key, channel="feed")
    assert feed.finished_at
    return max(
        *(datetime.fromisoformat(at).timestamp() for at in found), feed.finished_at.timestamp()
    )


def delivered(key: str) -> bool:
    with reading(wiring.engine()) as db:
        standings = reports.standings(db, key)
    return all(s.finished for s in standings)


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        if time.monotonic() > end:
            sys.exit("a release did not end within a minute")
        time.sleep(0.01)


def release(home: Home, number: int) -> float:
    """Seconds from the decision to publish until the last of the channels had it."""
    one = edition(home, number)
    start = time.time()
    with wiring.engine().begin() as db:
        publishing.plan([one], db=db, channels=wiring.channels(), at=utcnow())
    wiring.sweep()
    until(lambda: delivered(one.key))
    return last_accepted(home.outside, one.key) - start


def command(home: Home, number: int) -> float:
    """The same from the start of `publisher publish`, the program's own start included."""
    one = edition(home, number)
    start = time.time()
    done = home.run("publish", one.key, "--no-wait")
    assert done.code == 0, done.err
    until(lambda: delivered(one.key))
    return last_accepted(home.outside, one.key) - start


def by_hand(home: Home, number: int) -> float:
    """The same posts one after the other: no queue, no store, no log."""
    one = edition(home, number)
    posts: list[tuple[Callable[[Post], object], Post]] = []
    for channel in wiring.channels().values():
        post = channel.channel.render(one)
        address = ":".join(filter(None, (scheme_of(channel.channel), READER.address)))
        to = replace(READER, address=address)
        posts.append((channel.channel.deliver, replace(post, to=to)))
    start = time.time()
    for deliver, post in posts:
        deliver(post)
    return time.time() - start


def show(name: str, times: list[float], base: float) -> None:
    median = statistics.median(times)
    low, high = min(times), max(times)
    print(f"{name:<44} {median:6.3f} s  ({low:.3f} to {high:.3f})  {median / base:5.2f} x by hand")


def archive() -> None:
    """Read the archive of real issues and write each for every channel, on one core."""
    paths = sorted(CORPUS.glob("*.md"))
    site = Site(name="x", base_url="https://xmpp.org/")
    channels = [configured.channel for configured in wiring.channels().values()]
    bare = MarkdownIt("commonmark").enable("table")
    start = time.process_time()
    for path in paths:
        bare.render(path.read_text())
    base = time.process_time() - start
    start = time.process_time()
    editions = [
        read_edition(path, root=CORPUS, site=site, static=CORPUS.parent / "static")
        for path in paths
    ]
    read = time.process_time() - start
    for one, channel in product(editions, channels):
        channel.render(one)
    written = time.process_time() - start
    print(f"{len(paths)} real issues, seconds of one core:")
    print(f"{'bare markdown-it, nothing else':<44} {base:6.3f} s")
    print(f"{'read':<44} {read:6.3f} s  {read / base:5.2f} x bare")
    print(f"{f'read, and written for {len(channels)} channels':<44} {written:6.3f} s", end="")
    print(f"  {written / base:5.2f} x bare")


def main(networks: Sequence[str]) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="publisher-bench-")))
        outside = stack.enter_context(sandbox(networks=networks))
        home = furnish(folder, outside)
        os.environ["PUBLISHER_CONFIG"] = str(folder / "publisher.toml")
        readers = [READER.address, f"xmpp:{READER.address}"]
        subscribing.add(readers, engine=wiring.engine())
        stack.enter_context(warm_worker(home))
        release(home, 1)  # the worker's first is not warm
        numbers = iter(range(2, 99))
        hands = [by_hand(home, next(numbers)) for _ in range(ROUNDS)]
        releases = [release(home, next(numbers)) for _ in range(ROUNDS)]
        commands = [command(home, next(numbers)) for _ in range(ROUNDS // 2)]
        if CORPUS.is_dir() and networks:
            archive()
        total = len(wiring.channels())
    base = statistics.median(hands)
    print(
        f"{total} channels against stand-ins on this machine, median of {ROUNDS} (least to most):"
    )
    show("by hand, one after the other, nothing logged", hands, base)
    show("publish to the last accepted, warm worker", releases, base)
    show("the same, from the start of the command", commands, base)


if __name__ == "__main__":
    networks = [name for name in stand_ins() if name not in SLOW]
    main(networks if "all" in sys.argv else FIRST)
