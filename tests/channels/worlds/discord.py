"""The pretend outside of a Discord channel: the stand-in server, on this machine."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from channels.discord import Discord
from publisher.sandbox.networks.discord import app
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving
from publisher.testing.worlds import SECRET


class World:
    """One webhook of one channel."""

    def __init__(self, _folder: Path, **settings: Any) -> None:
        self.outside = Outside()
        self._running = ExitStack()
        self.url = self._running.enter_context(serving(app(self.outside)))
        hook = f"{self.url}/api/webhooks/112233/{SECRET}"
        self.channel = Discord(webhook=hook, **{"timeout": 1, **settings})

    def visible(self) -> list[str]:
        posts = [kept.fields for kept in self.outside.posts("discord")]
        cards = ["".join(map(str, (post["content"], *post["embeds"]))) for post in posts]
        return [card.replace("\\", "") for card in cards]

    def fail(self, do: str, *, seconds: int = 1) -> None:
        self.outside.fail_next("discord", do, seconds=seconds)

    def unplug(self) -> None:
        self._running.close()

    def stop(self) -> None:
        self._running.close()
