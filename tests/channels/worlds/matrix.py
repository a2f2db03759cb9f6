"""The pretend outside of a Matrix channel: the stand-in server, on this machine."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from channels.matrix import Matrix
from publisher.sandbox.networks.matrix import SERVER, app
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving
from publisher.testing.worlds import SECRET


class World:
    """One account and one public room; the rest is the stand-in's."""

    def __init__(self, _folder: Path, **rooms: Any) -> None:
        self.outside = Outside()
        self._running = ExitStack()
        url = self._running.enter_context(serving(app(self.outside, **rooms)))
        room = f"#harbour:{SERVER}"
        self.channel = Matrix(homeserver=url, access_token=SECRET, room=room, timeout=0.5)

    def visible(self) -> list[str]:
        return [kept.fields["content"]["body"] for kept in self.outside.posts("matrix")]

    def fail(self, do: str, *, seconds: int = 1) -> None:
        self.outside.fail_next("matrix", do, seconds=seconds)

    def unplug(self) -> None:
        self._running.close()

    def stop(self) -> None:
        self._running.close()
