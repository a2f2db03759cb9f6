"""The pretend outside of messages to readers: the stand-in server, on this machine."""

from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from channels.xmpp_message import XmppMessage
from publisher.domain.channel import ChannelError, Refused
from publisher.sandbox.networks.xmpp import DOMAIN, serving_xmpp
from publisher.sandbox.outside import Outside
from publisher.testing.worlds import SECRET


class World:
    """One account that writes to people."""

    def __init__(self, _folder: Path) -> None:
        self.outside = Outside()
        # who is written to may want no messages; that says nothing about the account
        self.expects: dict[str, tuple[type[ChannelError], int]] = {"unauthorized": (Refused, 0)}
        self._running = ExitStack()
        place = urlsplit(self._running.enter_context(serving_xmpp(self.outside)))
        self.channel = XmppMessage(
            jid=f"quay@{DOMAIN}",
            password=SECRET,
            host=place.hostname or "",
            port=place.port or 0,
            tls="none",
            timeout=0.5,
        )

    def visible(self) -> list[str]:
        posts = [kept.fields for kept in self.outside.posts("xmpp")]
        return [post["text"] for post in posts]

    def fail(self, do: str, *, seconds: int = 1) -> None:
        self.outside.fail_next("xmpp", do, seconds=seconds)

    def unplug(self) -> None:
        self._running.close()

    def stop(self) -> None:
        self._running.close()
