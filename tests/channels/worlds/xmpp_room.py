"""The pretend outside of a room channel: the stand-in server, on this machine."""

from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from channels.xmpp_room import XmppRoom
from publisher.sandbox.networks.xmpp import DOMAIN, ROOMS, serving_xmpp
from publisher.sandbox.outside import Outside
from publisher.testing.worlds import SECRET


class World:
    """One room with an archive."""

    def __init__(self, _folder: Path) -> None:
        self.outside = Outside()
        self._running = ExitStack()
        place = urlsplit(self._running.enter_context(serving_xmpp(self.outside)))
        self.channel = XmppRoom(
            jid=f"quay@{DOMAIN}",
            password=SECRET,
            room=f"harbour@{ROOMS}",
            host=place.hostname or "",
            port=place.port or 0,
            tls="none",
            timeout=0.5,
        )

    def visible(self) -> list[str]:
        posts = [kept.fields for kept in self.outside.posts("xmpp")]
        return [f"{post['title']}\n{post['url']}\n{post['text']}" for post in posts]

    def fail(self, do: str, *, seconds: int = 1) -> None:
        self.outside.fail_next("xmpp", do, seconds=seconds)

    def unplug(self) -> None:
        self._running.close()

    def stop(self) -> None:
        self._running.close()
