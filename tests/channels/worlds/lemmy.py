"""The pretend outside of a Lemmy channel: the stand-in server, on this machine."""

from contextlib import ExitStack
from pathlib import Path

from channels.lemmy import Lemmy
from publisher.sandbox.networks.lemmy import app
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving
from publisher.testing.worlds import SECRET


class World:
    """One community on one instance, of Lemmy 0.19 or 1.0."""

    def __init__(self, _folder: Path, *, version: str = "0.19") -> None:
        self.outside = Outside()
        self._running = ExitStack()
        url = self._running.enter_context(serving(app(self.outside, version)))
        self.channel = Lemmy(
            instance=url, community="harbour", username="quay", password=SECRET, timeout=1
        )

    def visible(self) -> list[str]:
        kept = [one.fields for one in self.outside.posts("lemmy")]
        posts = [fields for fields in kept if not fields["deleted"]]
        return [f"{post['name']}\n{post['url']}\n{post['body']}" for post in posts]

    def fail(self, do: str, *, seconds: int = 1) -> None:
        self.outside.fail_next("lemmy", do, seconds=seconds)

    def unplug(self) -> None:
        self._running.close()

    def stop(self) -> None:
        self._running.close()
