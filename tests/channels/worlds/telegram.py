"""The pretend outside of a Telegram channel: the stand-in server, on this machine."""

from contextlib import ExitStack
from pathlib import Path

from channels.telegram import Telegram
from publisher.sandbox.networks.telegram import app
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving
from publisher.testing.worlds import SECRET


class World:
    """One bot in one public channel. `closed` are chats in which it may not post."""

    def __init__(self, _folder: Path, *, closed: tuple[str, ...] = ()) -> None:
        self.outside = Outside()
        self._running = ExitStack()
        url = self._running.enter_context(serving(app(self.outside, closed=closed)))
        self.channel = Telegram(token=SECRET, chat="@harbour", api=url, site=url, timeout=0.5)

    def visible(self) -> list[str]:
        return [kept.fields["text"] for kept in self.outside.posts("telegram")]

    def fail(self, do: str, *, seconds: int = 1) -> None:
        self.outside.fail_next("telegram", do, seconds=seconds)

    def unplug(self) -> None:
        self._running.close()

    def stop(self) -> None:
        self._running.close()
