"""`python -m tests.bench.pages`: the operators' pages of 500 issues on 12 channels, and watchers.

One issue more was mailed to 100,000 readers.

One web process on this machine, asked over loopback. The yardstick is a bare Starlette application
in the same kind of process that answers with the very bytes of the matrix.
"""

import argparse
import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
from playwright.sync_api import sync_playwright
from sqlalchemy import Connection, Engine

from publisher import accounts, publishing
from publisher.domain.channel import Receipt
from publisher.domain.delivery import Outcome, State
from publisher.publishing import utcnow
from publisher.storage import deliveries, reports
from publisher.storage.engine import connect, migrate
from tests.bench import backups
from tests.channels.browser import CHROMIUM
from tests.publisher.fakes import FakeChannel, configured, edition

ISSUES, CHANNELS, READERS = 500, 12, 100_000
NAME, PASSWORD = "bench", "only-for-measuring"
PLAIN = "the matrix's bytes, bare Starlette"
TICKS = os.sysconf("SC_CLK_TCK")
BARE = """
import sys, uvicorn
from pathlib import Path
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route
text = Path(sys.argv[1]).read_text()
app = Starlette(routes=[Route("/", lambda request: HTMLResponse(text))])
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="error", access_log=False)
"""


def fill(engine: Engine, issues: int) -> None:
    """So many issues that are out on every channel, each an hour after the other."""
    channels = {
        f"channel-{n:02}": configured(f"channel-{n:02}", FakeChannel()) for n in range(CHANNELS)
    }
    at = utcnow() - timedelta(hours=issues)
    for number in range(issues):
        at += timedelta(hours=1)
        one = edition(f"issue-{number:04}", title=f"The Newsletter, number {number}", date=at)
        with engine.begin() as db:
            publishing.plan([one], db=db, channels=channels, at=at)
    with engine.begin() as db:
        for number in range(issues * CHANNELS):
            _deliver(db, READERS + 1 + number)


def _deliver(db: Connection, id: int) -> None:
    found = deliveries.claim(db, id, at=utcnow(), owner="bench")
    if found:
        receipt = Receipt(id=f"{id}", url=f"https://network.example/posts/{id}")
        done = Outcome(state=State.DELIVERED)
        deliveries.settle(db, found, done, at=utcnow(), worker="bench", receipt=receipt)


@contextmanager
def process(*words: str, address: str, **env: str) -> Iterator[int]:
    """A server in a process of its own, once it answers; its number."""
    running = subprocess.Popen(
        [sys.executable, *words], env={**os.environ, **env}, stdout=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                httpx.get(address, trust_env=False)
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield running.pid
    finally:
        running.terminate()
        running.wait(10)


@dataclass(frozen=True, kw_only=True)
class Took:
    """Some requests one after the other: milliseconds until the answer, CPU of each, and bytes."""

    median: float
    most: float
    cpu: float
    size: int


def took(client: httpx.Client, path: str, times: int, pid: int) -> Took:
    size = len(client.get(path).content)  # the first one warms up
    found, before = [], cpu(pid)
    for _ in range(times):
        began = time.perf_counter()
        answer = client.get(path)
        found.append((time.perf_counter() - began) * 1000)
        if answer.status_code != 200:
            raise SystemExit(f"{path}: {answer.status_code}")
    used = (cpu(pid) - before) * 1000 / times
    return Took(median=statistics.median(found), most=max(found), cpu=used, size=size)


def cpu(pid: int) -> float:
    """Seconds of CPU of a process until now, by proc(5)."""
    numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(numbers[11]) + int(numbers[12])) / TICKS


@dataclass(frozen=True, kw_only=True)
class Service:
    """The web process that is measured, its store, and who is signed in."""

    base: str
    pid: int
    engine: Engine
    cookies: dict[str, str]


async def watched(service: Service, watchers: int, seconds: int) -> tuple[float, int]:
    """(share of a core, events heard) while so many watch and a delivery settles every second."""
    heard = 0

    async def watch(client: httpx.AsyncClient) -> None:
        nonlocal heard
        path = "/admin/live/matrix?from=0&most=40"
        async with client.stream("GET", path) as answer:
            async for line in answer.aiter_lines():
                heard += line.startswith("id:")

    limits = httpx.Limits(max_connections=watchers + 5)
    given = {"base_url": service.base, "cookies": service.cookies, "limits": limits}
    async with httpx.AsyncClient(**given, timeout=120, trust_env=False) as client:  # type: ignore[arg-type]
        tasks = [asyncio.create_task(watch(client)) for _ in range(watchers)]
        await asyncio.sleep(4)
        before, began, first = cpu(service.pid), time.monotonic(), heard
        for number in range(seconds):
            await asyncio.to_thread(_one_more, service.engine, number)
            await asyncio.sleep(max(0, began + number + 1 - time.monotonic()))
        used, lasted = cpu(service.pid) - before, time.monotonic() - began
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return used / lasted, heard - first


def _one_more(engine: Engine, number: int) -> None:
    """A delivery that settles now."""
    one = edition(f"now-{time.time_ns()}", title=f"Now, number {number}", date=utcnow())
    channels = {"channel-00": configured("channel-00", FakeChannel())}
    with engine.begin() as db:
        publishing.plan([one], db=db, channels=channels, at=utcnow())
    with engine.begin() as db:
        for id in reports.delivery_ids(db, one.key):
            _deliver(db, id)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def service(folder: Path) -> Iterator[Service]:
    """`publisher web` over a store of many issues, and somebody signed in."""
    port = _free_port()
    base = f"http://127.0.0.1:{port}"
    (folder / "publisher.toml").write_text(
        '[site]\nname = "Bench"\nbase_url = "https://news.example/"\n'
        f'[web]\nbind = "127.0.0.1:{port}"\npublic_url = "{base}/"\n'
    )
    engine = connect(f"sqlite:///{folder}/publisher.db")
    migrate(engine)
    backups.fill(engine, READERS)  # takes the first ids
    with engine.begin() as db:
        mailed = edition("2026-11", title="The mailing", date=utcnow())
        publishing.plan([mailed], db=db, channels={}, at=utcnow())
    fill(engine, ISSUES)
    with engine.begin() as db:
        accounts.add(db, NAME, PASSWORD, role="admin", at=utcnow())
    config = {"PUBLISHER_CONFIG": str(folder / "publisher.toml")}
    words = ("-m", "publisher.cli.main", "web")
    with process(*words, address=f"{base}/healthz", **config) as pid:
        with httpx.Client(base_url=base, trust_env=False) as client:
            client.post("/admin/sign-in", data={"name": NAME, "password": PASSWORD})
            cookies = dict(client.cookies)
        yield Service(base=base, pid=pid, engine=engine, cookies=cookies)
    engine.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--watchers", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=30)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="publisher-bench-") as place, ExitStack() as stack:
        ours = stack.enter_context(service(Path(place)))
        _show_pages(ours, Path(place), wanted.times)
        _show_paint(ours, max(3, wanted.times // 4))
        print(f"\n{'watchers, a delivery a second':<34}{'of a core':>12}{'events':>10}")
        for number in (1, wanted.watchers):
            share, heard = asyncio.run(watched(ours, number, wanted.seconds))
            print(f"{number:<34}{share:>12.1%}{heard:>10,}")


PAINTED = """() => new Promise(told => {
  const look = () => {
    const [paint] = performance.getEntriesByName("first-contentful-paint");
    if (!paint) return setTimeout(look, 10);
    const weight = ["navigation", "resource"].flatMap(kind => performance.getEntriesByType(kind))
      .reduce((sum, one) => sum + one.transferSize, 0);
    told({ paint: paint.startTime, weight });
  };
  look();
})"""


def _show_paint(ours: Service, times: int) -> None:
    """How soon a browser shows something, each time with nothing kept, and what it had to load."""
    if CHROMIUM is None:
        print("\nfirst paint: needs Chromium")
        return
    print(f"\n{'in Chromium, nothing kept':<34}{'paint ms':>12}{'max ms':>10}{'bytes':>22}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for path in ("/admin/sign-in", "/admin", "/admin/issues/issue-0042", "/"):
            found = []
            for _ in range(times):
                context = browser.new_context()
                for name, value in ours.cookies.items():
                    if path != "/admin/sign-in":
                        context.add_cookies([{"name": name, "value": value, "url": ours.base}])
                page = context.new_page()
                page.goto(f"{ours.base}{path}")
                found.append(page.evaluate(PAINTED))
                context.close()
            paints = [one["paint"] for one in found]
            weight = max(one["weight"] for one in found)
            print(f"{path:<34}{statistics.median(paints):>12.0f}{max(paints):>10.0f}{weight:>22,}")
        browser.close()


def _show_pages(ours: Service, folder: Path, times: int) -> None:
    asked = {
        f"matrix, {ISSUES} issues x {CHANNELS}": f"/admin?most={ISSUES + 1}",
        "matrix, the first page": "/admin",
        "one issue": "/admin/issues/issue-0042",
        f"one issue, {READERS:,} copies": "/admin/issues/2026-11",
        "to do": "/admin/tasks",
        "figures": "/admin/figures",
        "readers": "/admin/readers",
    }
    with httpx.Client(base_url=ours.base, cookies=ours.cookies, trust_env=False) as client:
        whole = client.get(f"/admin?most={ISSUES + 1}").text
        if whole.count('class="cell') != ISSUES * CHANNELS + 1:
            raise SystemExit("the matrix is not whole")
        found = {name: took(client, path, times, ours.pid) for name, path in asked.items()}
    port = _free_port()
    (folder / "matrix.html").write_text(whole)
    (folder / "bare.py").write_text(BARE)
    script = (str(folder / "bare.py"), str(folder / "matrix.html"), str(port))
    bare = f"http://127.0.0.1:{port}"
    with (
        process(*script, address=bare) as pid,
        httpx.Client(base_url=bare, trust_env=False) as client,
    ):
        found[PLAIN] = took(client, "/", times, pid)
    print(f"{'':<34}{'median ms':>12}{'max ms':>10}{'CPU ms':>10}{'bytes':>12}")
    for name, one in found.items():
        print(f"{name:<34}{one.median:>12.1f}{one.most:>10.1f}{one.cpu:>10.1f}{one.size:>12,}")
    ratio = next(iter(found.values())).median / found[PLAIN].median
    print(f"{'the matrix / its bytes, bare':<34}{ratio:>12.1f}")


if __name__ == "__main__":
    main()
