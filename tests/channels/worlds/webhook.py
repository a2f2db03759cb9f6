"""The pretend outside of a webhook: a receiver on this machine that verifies what it gets."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar

from channels.webhook import Webhook
from publisher.sandbox.networks.webhook import SECRET as SIGNING
from publisher.sandbox.networks.webhook import app
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving
from publisher.testing.worlds import EXPECTED, SECRET


class World:
    """One receiver. Its answer's body says nothing, so none can be malformed."""

    faults: ClassVar[list[str]] = [fault for fault in EXPECTED if fault != "malformed"]

    def __init__(self, _folder: Path, **settings: Any) -> None:
        self.outside = Outside()
        self._running = ExitStack()
        self.url = self._running.enter_context(serving(app(self.outside)))
        told = {"url": f"{self.url}/hooks/{SECRET}", "secret": SIGNING, "internal": True}
        self.channel = Webhook(**{**told, "timeout": 0.5, **settings})

    def visible(self) -> list[str]:
        posts = [kept.fields for kept in self.outside.posts("webhook")]
        return [f"{post['title']}\n{post['summary']}" for post in posts]

    def fail(self, do: str, *, seconds: int = 1) -> None:
        self.outside.fail_next("webhook", do, seconds=seconds)

    def unplug(self) -> None:
        self._running.close()

    def stop(self) -> None:
        self._running.close()
