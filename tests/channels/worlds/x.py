"""The pretend outside of an X channel: the stand-in server, on this machine."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from channels.x import X
from publisher.sandbox.networks import x as stand_in
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving
from publisher.testing.worlds import SECRET


class World:
    """One account, and an app that may write, or only read; `credits` posts are paid for."""

    def __init__(
        self,
        folder: Path,
        *,
        writes: bool = True,
        credits: int | None = None,
        **settings: Any,
    ) -> None:
        self.outside = Outside()
        self._running = ExitStack()
        served = stand_in.app(self.outside, secret=SECRET, writes=writes, credits=credits)
        self.url = self._running.enter_context(serving(served))
        self.ledger = folder / "x-posts.json"
        usual = {
            "consumer_key": "harbour-key",
            "consumer_secret": SECRET,
            "access_token": f"{stand_in.USER}-{SECRET}",
            "access_token_secret": SECRET,
            "handle": stand_in.HANDLE,
            "monthly": 100,
            "ledger": self.ledger,
            "timeout": 1,
        }
        self.channel = X(api_url=self.url, site=self.url, **{**usual, **settings})

    def visible(self) -> list[str]:
        return [kept.fields["text"] for kept in self.outside.posts("x")]

    def fail(self, do: str, *, seconds: int = 1) -> None:
        self.outside.fail_next("x", do, seconds=seconds)

    def unplug(self) -> None:
        self._running.close()

    def stop(self) -> None:
        self._running.close()
