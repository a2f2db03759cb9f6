"""The pictures of the pages in the documentation, taken of the demo by Chromium.

`python -m tests.pictures` runs `publisher demo`, has a further issue refused by one stand-in and
its answer lost by another, and writes `docs/pictures/*.png`. Everything in them is pretend.
"""

import os
import pty
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import httpx
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.channels.browser import CHROMIUM

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
PATIENCE = 120.0  # seconds for the demo
SIZE = {"width": 1200, "height": 780}
COLOURS = 128
ISSUE = "2026-12-05-newsletter"
TEXT = """---
title: "The Towpath Packet, December 2026: Ice on the basin"
date: 2026-11-20
summary: "The basin froze for two nights. The heron stayed, the ferry did not, and the mesh did."
tags: ["Winter", "Mesh"]
---

The basin froze for two nights. [Pictures of the ice](/ice/) are in the reading room.
"""


@dataclass(frozen=True, kw_only=True)
class Demo:
    """Where a running demo is to be found."""

    pages: str
    networks: str
    config: Path

    def publish(self) -> None:
        """One issue more, which not every place takes."""
        for network, do in (("lemmy", "refuse"), ("x", "lose_answer"), ("reddit", "unauthorized")):
            httpx.post(f"{self.networks}faults", json={"network": network, "do": do, "times": 9})
        source = next(self.config.parent.rglob("2026-11-05-newsletter.md")).parent
        path = source / f"{ISSUE}.md"
        path.write_text(TEXT, encoding="utf-8")
        old = time.time() - 60
        os.utime(path, (old, old))
        words = [
            sys.executable,
            "-m",
            "publisher.cli.main",
            "publish",
            str(path),
            "--timeout",
            "40s",
        ]
        env = {**os.environ, "PUBLISHER_CONFIG": str(self.config)}
        subprocess.run(words, env=env, check=False, stdout=subprocess.DEVNULL)


@contextmanager
def demo() -> Iterator[Demo]:
    """The demo, which stays up as on a terminal, until the block ends."""
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        [sys.executable, "-m", "publisher.cli.main", "demo"], stdout=theirs, stderr=theirs
    )
    heard = bytearray()

    def listen() -> None:
        while True:
            try:
                heard.extend(os.read(ours, 4096))
            except OSError:
                return

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield _found(heard)
    finally:
        running.terminate()
        running.wait(60)
        os.close(theirs)
        os.close(ours)


def _found(heard: bytearray) -> Demo:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        text = heard.decode(errors="replace")
        pages = re.search(r"The readers' pages\s+(\S+)", text)
        networks = re.search(r"What the networks show\s+(\S+)", text)
        config = re.search(r"PUBLISHER_CONFIG=(\S+)", text)
        if pages and networks and config and "Ctrl-C" in text:
            return Demo(pages=pages[1], networks=networks[1], config=Path(config[1]))
        time.sleep(0.2)
    raise TimeoutError(heard.decode(errors="replace")[-2000:])


def take(page: Page, folder: Path, name: str) -> None:
    """Write what the page shows to a folder, in few colours."""
    shown = Image.open(BytesIO(page.screenshot()))
    few = shown.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(folder / f"{name}.png", optimize=True)


def take_all(folder: Path) -> None:
    """Write every picture there. Needs Chromium."""
    with demo() as there, sync_playwright() as playwright:
        there.publish()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE, locale="en-GB")  # type: ignore[arg-type]
        page.goto(f"{there.pages}admin")
        page.get_by_label("Name").fill("demo")
        page.get_by_label("Password").fill("only-pretending")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_selector("table.matrix")
        take(page, folder, "matrix")
        page.goto(f"{there.pages}admin/issues/{ISSUE}")
        take(page, folder, "issue")
        page.goto(f"{there.pages}admin/do/settle?issue={ISSUE}&channel=x&lang=en")
        take(page, folder, "settle")
        page.goto(f"{there.pages}admin/preview/2026-11-05-newsletter")
        take(page, folder, "preview")
        page.goto(there.pages)
        take(page, folder, "archive")
        page.emulate_media(color_scheme="dark")
        page.goto(f"{there.pages}admin/tasks")
        take(page, folder, "tasks-dark")
        browser.close()


if __name__ == "__main__":
    if CHROMIUM is None:
        raise SystemExit("needs Chromium: apt-get install chromium")
    take_all(FOLDER)
