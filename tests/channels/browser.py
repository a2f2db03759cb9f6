"""Chromium without a window, spoken to over a pipe: what a page looks like and how wide it is.

The protocol: https://chromedevtools.github.io/devtools-protocol/, messages end in NUL.
"""

import base64
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
PATIENCE = 60.0  # seconds for an answer, on a machine that does other things too
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
    "--font-render-hinting=none",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--remote-debugging-pipe",
]


@dataclass(kw_only=True)
class Browser:
    """One page of a running Chromium."""

    commands: int
    answers: int
    session: str = ""
    asked: int = 0
    heard: bytearray = field(default_factory=bytearray)

    def say(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and wait for its answer. Raises TimeoutError, RuntimeError."""
        self.asked += 1
        message = {"id": self.asked, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + PATIENCE
        while (answer := self._next(until)).get("id") != self.asked:
            pass
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        result: dict[str, Any] = answer["result"]
        return result

    def _next(self, until: float) -> dict[str, Any]:
        while (end := self.heard.find(b"\0")) < 0:
            ready, _, _ = select.select([self.answers], [], [], max(0, until - time.monotonic()))
            read = os.read(self.answers, 1 << 16) if ready else b""
            if not read:
                raise TimeoutError("Chromium does not answer")
            self.heard += read
        message: dict[str, Any] = json.loads(self.heard[:end])
        del self.heard[: end + 1]
        return message

    def show(self, html: str, *, width: int, scheme: str = "light") -> None:
        """Open a page `width` CSS pixels wide; `scheme` is light or dark."""
        self.say(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=800,
            deviceScaleFactor=1,
            mobile=False,
        )
        preferred = {"name": "prefers-color-scheme", "value": scheme}
        self.say("Emulation.setEmulatedMedia", features=[preferred])
        frame = self.say("Page.getFrameTree")["frameTree"]["frame"]["id"]
        self.say("Page.setDocumentContent", frameId=frame, html=html)
        loaded = "Promise.all([...document.images].map(image => image.decode().catch(() => 0)))"
        self.say("Runtime.evaluate", expression=loaded, awaitPromise=True)

    def measure(self, expression: str) -> Any:
        """The value of a JavaScript expression on the page."""
        said = self.say("Runtime.evaluate", expression=expression, returnByValue=True)
        return said["result"]["value"]

    def picture(self) -> bytes:
        """The whole page, as PNG."""
        shot = self.say("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(shot["data"])


@contextmanager
def browsing(profile: Path) -> Iterator[Browser]:
    """A Chromium with nothing in it. `profile`: a folder for its files."""
    (commands_in, commands), (answers, answers_out) = os.pipe(), os.pipe()
    running = subprocess.Popen(
        [
            *(
                "bash",
                "-c",
                'from=$0 to=$1; shift; exec "$@" 3<&"$from" 4>&"$to"',
            ),  # where Chromium looks for its pipes
            *(str(commands_in), str(answers_out)),
            *(str(CHROMIUM), *QUIET, f"--user-data-dir={profile}"),
        ],
        pass_fds=(commands_in, answers_out),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(commands_in)
    os.close(answers_out)
    browser = Browser(commands=commands, answers=answers)
    try:
        page = browser.say("Target.createTarget", url="about:blank")["targetId"]
        attached = browser.say("Target.attachToTarget", targetId=page, flatten=True)
        browser.session = attached["sessionId"]
        yield browser
    finally:
        running.kill()
        running.wait()
        os.close(commands)
        os.close(answers)
