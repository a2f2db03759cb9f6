"""The pretend outside of a Slack channel: the stand-in server, on this machine."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from channels.slack import Slack
from publisher.sandbox.networks import slack as stand_in
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving
from publisher.testing.worlds import SECRET


class World:
    """One channel of one workspace, and an app with `scopes`."""

    def __init__(
        self, _folder: Path, *, scopes: tuple[str, ...] = stand_in.SCOPES, **settings: Any
    ) -> None:
        self.outside = Outside()
        self._running = ExitStack()
        self.url = self._running.enter_context(serving(stand_in.app(self.outside, scopes)))
        usual = {"token": SECRET, "channel": "C0HARBOUR", "timeout": 1}
        self.channel = Slack(api=f"{self.url}/api", **{**usual, **settings})

    def visible(self) -> list[str]:
        return [kept.fields["text"] for kept in self.outside.posts("slack")]

    def fail(self, do: str, *, seconds: int = 1) -> None:
        self.outside.fail_next("slack", do, seconds=seconds)

    def unplug(self) -> None:
        self._running.close()

    def stop(self) -> None:
        self._running.close()
