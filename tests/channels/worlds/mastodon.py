"""The pretend outside of a Mastodon channel: the stand-in server, on this machine."""

from contextlib import ExitStack
from pathlib import Path

from channels.mastodon import Mastodon
from publisher.sandbox.networks.mastodon import app
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving
from publisher.testing.worlds import SECRET


class World:
    """One account on one instance."""

    def __init__(self, _folder: Path) -> None:
        self.outside = Outside()
        self._running = ExitStack()
        url = self._running.enter_context(serving(app(self.outside)))
        self.channel = Mastodon(instance=url, access_token=SECRET, timeout=1)

    def visible(self) -> list[str]:
        return [kept.fields["text"] for kept in self.outside.posts("mastodon")]

    def fail(self, do: str, *, seconds: int = 1) -> None:
        self.outside.fail_next("mastodon", do, seconds=seconds)

    def unplug(self) -> None:
        self._running.close()

    def stop(self) -> None:
        self._running.close()
