"""The pretend outside of a Bluesky channel: the stand-in server, on this machine."""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from channels.bluesky import Bluesky
from publisher.sandbox.networks.bluesky import app
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving
from publisher.testing.worlds import SECRET


class World:
    """One account on one server."""

    def __init__(self, folder: Path) -> None:
        self._journal = folder / "journal.jsonl"
        self.outside = Outside(journal=self._journal)
        self._running = ExitStack()
        url = self._running.enter_context(serving(app(self.outside)))
        self.channel = Bluesky(
            handle="quay.harbour.example", app_password=SECRET, service=url, app=url, timeout=0.5
        )

    def journal(self) -> list[dict[str, Any]]:
        """Every change of what is out there, oldest first."""
        return [json.loads(line) for line in self._journal.read_text().splitlines()]

    def visible(self) -> list[str]:
        posts = [kept.fields["record"] for kept in self.outside.posts("bluesky")]
        return [f"{post['text']}\n{post['embed']['external']['title']}" for post in posts]

    def fail(self, do: str, *, seconds: int = 1) -> None:
        self.outside.fail_next("bluesky", do, seconds=seconds)

    def unplug(self) -> None:
        self._running.close()

    def stop(self) -> None:
        self._running.close()
