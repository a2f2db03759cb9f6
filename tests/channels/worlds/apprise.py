"""The pretend outside of an Apprise channel: a service that takes JSON, on this machine."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from channels.apprise import Apprise
from publisher.domain.channel import Unsure
from publisher.sandbox.networks.apprise import app
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving
from publisher.testing.worlds import EXPECTED, SECRET, Expected

TELLING_NOTHING = ("refuse", "rate_limit", "unauthorized", "revoked", "unplugged")


class World:
    """One service. Apprise tells only yes, by the status, or that it does not know."""

    expects: ClassVar[dict[str, Expected]] = dict.fromkeys(TELLING_NOTHING, (Unsure, 0))
    faults: ClassVar[list[str]] = [fault for fault in EXPECTED if fault != "malformed"]

    def __init__(self, _folder: Path, **settings: Any) -> None:
        self.outside = Outside()
        self._running = ExitStack()
        self.host = urlsplit(self._running.enter_context(serving(app(self.outside)))).netloc
        url = f"json://quay:{SECRET}@{self.host}/harbour"
        self.channel = Apprise(**{"url": url, "timeout": 0.5, **settings})

    def visible(self) -> list[str]:
        posts = [kept.fields for kept in self.outside.posts("apprise")]
        return [f"{post['title']}\n{post['message']}" for post in posts]

    def fail(self, do: str, *, seconds: int = 1) -> None:
        self.outside.fail_next("apprise", do, seconds=seconds)

    def unplug(self) -> None:
        self._running.close()

    def stop(self) -> None:
        self._running.close()
