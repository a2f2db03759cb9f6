"""The pretend outside of a LinkedIn channel: the stand-in server, on this machine."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from channels.linkedin import LinkedIn
from publisher.sandbox.networks.linkedin import MEMBER, app
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving
from publisher.testing.worlds import SECRET


class World:
    """One member, and a token that may post for them."""

    def __init__(self, _folder: Path, **settings: Any) -> None:
        self.outside = Outside()
        self._running = ExitStack()
        self.url = self._running.enter_context(serving(app(self.outside)))
        usual = {"author": f"urn:li:person:{MEMBER}", "access_token": SECRET, "timeout": 1}
        self.channel = LinkedIn(api_url=self.url, site=self.url, **{**usual, **settings})

    def visible(self) -> list[str]:
        """The words, as LinkedIn shows them; a card keeps its title whatever is corrected."""
        return [kept.fields["text"] for kept in self.outside.posts("linkedin")]

    def fail(self, do: str, *, seconds: int = 1) -> None:
        self.outside.fail_next("linkedin", do, seconds=seconds)

    def unplug(self) -> None:
        self._running.close()

    def stop(self) -> None:
        self._running.close()
