"""The pretend outside of a WebSub channel: a feed on this machine, and a hub that reads it."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from channels.atom import Atom
from channels.websub import WebSub
from publisher.domain.channel import Post, Receipt
from publisher.domain.issue import Edition
from publisher.sandbox.networks.websub import app
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving
from publisher.testing.sample import EDITION
from publisher.testing.worlds import EXPECTED


class World:
    """One hub and one feed, whose channel has always had the edition first."""

    faults: ClassVar[list[str]] = [fault for fault in EXPECTED if fault != "malformed"]

    def __init__(self, folder: Path) -> None:
        self.outside = Outside()
        self._running = ExitStack()
        topic = self._running.enter_context(serving(_web(folder))) + "/all.atom.xml"
        self.feed = Atom(path=folder / "all.atom.xml", url=topic)
        self._hub = ExitStack()
        hub = self._hub.enter_context(serving(app(self.outside)))
        self.channel = WebSub(hub=f"{hub}/", topic=topic, timeout=0.5)
        self._put_before(self.channel)

    def _put_before(self, channel: WebSub) -> None:
        """Have the feed published before the hub is told, as a release's order has it."""
        deliver, update = channel.deliver, channel.update

        def delivering(post: Post) -> Receipt:
            self._put(post)
            return deliver(post)

        def updating(receipt: Receipt, post: Post) -> Receipt:
            self._put(post)
            return update(receipt, post)

        object.__setattr__(channel, "deliver", delivering)
        object.__setattr__(channel, "update", updating)

    def _put(self, post: Post) -> None:
        key, title = post.key.split(".")[0], post.title
        self.put(replace(EDITION, key=key, title=title, url=post.url, lang=post.lang))

    def put(self, edition: Edition) -> None:
        """Publish an edition in the feed."""
        self.feed.deliver(self.feed.render(edition))

    def visible(self) -> list[str]:
        posts = [kept.fields for kept in self.outside.posts("websub")]
        return [f"{post['title']}\n{post['text']}" for post in posts]

    def fail(self, do: str, *, seconds: int = 1) -> None:
        self.outside.fail_next("websub", do, seconds=seconds)

    def unplug(self) -> None:
        self._hub.close()

    def stop(self) -> None:
        self._hub.close()
        self._running.close()


def _web(folder: Path) -> Starlette:
    async def feed(_: Request) -> Response:
        file = folder / "all.atom.xml"
        return FileResponse(file) if file.exists() else Response(status_code=404)

    return Starlette(routes=[Route("/all.atom.xml", feed)])
