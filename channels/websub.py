"""WebSub (https://www.w3.org/TR/websub/): tell a feed's hub that there is something new in it.

The hub fetches the feed and passes the news on. Telling it twice does no harm: it passes on what
it has not passed on before.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from html import unescape

import httpx

from channels._feedplaces import LANG, is_web
from channels._http import call, nothing_posted, trust
from channels._settings import require
from channels._text import post_key
from publisher.domain.channel import ChannelError, Disconnected, Post, Receipt, Refused, TryLater
from publisher.domain.issue import Edition

NO_HUB = (404, 405, 410, 501)


@dataclass(frozen=True, kw_only=True)
class WebSub:
    """`topic` is the address of the feed, with `{lang}` in it where each language has one.

    `timeout` is in seconds for each step of a request.
    """

    hub: str
    topic: str
    timeout: float = 15

    def __post_init__(self) -> None:
        rules = [
            ("hub", is_web(self.hub), "an http(s) URL"),
            ("topic", is_web(self.topic), "an http(s) URL"),
            ("timeout", self.timeout > 0, "more than 0 seconds"),
        ]
        require(self, rules)

    def render(self, edition: Edition) -> Post:
        title = " ".join(edition.title.split())
        whole = f"{edition.summary}\n{edition.html}"
        return Post(
            key=post_key(edition, title, edition.summary, edition.html),
            lang=edition.lang,
            title=title,
            text="There is something new in the feed.",
            url=edition.url,
            details={"digest": sha256(whole.encode()).hexdigest()[:16]},  # a correction is news
        )

    def deliver(self, post: Post) -> Receipt:
        """Tell the hub, as soon as the feed links to the edition: before, it would find nothing.

        Raises TryLater while the feed does not.
        """
        with self._client() as client:
            if not self._has(client, post):
                raise TryLater(f"{self._topic(post.lang)} does not link to {post.url} yet")
            return self._tell(client, post)

    def find_existing(self, post: Post) -> Receipt | None:
        """No hub says what it was told, so one in doubt is told again, which does no harm.

        None while the feed does not link to the edition: there was nothing to pass on.
        """
        with self._client() as client, nothing_posted():
            return self._tell(client, post) if self._has(client, post) else None

    def update(self, receipt: Receipt, post: Post) -> Receipt:
        """Tell the hub that the feed has changed; the entry is the same to it by its id."""
        told = self.deliver(post)
        return Receipt(id=receipt.id, url=told.url, note=told.note)

    def check(self) -> list[str]:
        """Look at the feed and the hub, and whether the feed names that hub."""
        if LANG in self.topic:
            return [f"{self.topic} has an address for each language, so it is not looked at"]
        with self._client() as client, nothing_posted():
            feed, headers = self._read(client, self.topic)
            with suppress(Refused, Disconnected):  # most hubs have nothing to say to that
                call(client, "GET", self.hub)
        named = self.hub in feed + headers.get("Link", "")
        found = [f"{self.topic} can be read", f"{self.hub} answers"]
        if not feed:
            return [f"{self.topic} is not there yet", found[1]]
        if not named:
            found.append(
                f"warning: {self.topic} does not name the hub, so nobody asks it for news: "
                "set hub on the feed's channel too"
            )
        return found

    def _topic(self, lang: str) -> str:
        return self.topic.replace(LANG, lang)

    def _client(self) -> httpx.Client:
        return httpx.Client(timeout=self.timeout, verify=trust())

    def _has(self, client: httpx.Client, post: Post) -> bool:
        with nothing_posted():
            feed, _ = self._read(client, self._topic(post.lang))
        return bool(re.search(rf"{re.escape(post.url)}(?![\w/?#&=%.~-])", feed))

    def _read(self, client: httpx.Client, topic: str) -> tuple[str, httpx.Headers]:
        """A feed, its addresses as they are and not as XML or JSON spells them; "" for none yet."""
        try:
            answer = call(client, "GET", topic, named=_not_yet)
        except _NotYet:
            return "", httpx.Headers()
        return unescape(answer.text).replace("\\/", "/"), answer.headers

    def _tell(self, client: httpx.Client, post: Post) -> Receipt:
        topic = self._topic(post.lang)
        told = {"hub.mode": "publish", "hub.url": topic, "hub.topic": topic}
        answer = call(client, "POST", self.hub, data=told, named=_no_hub)
        return Receipt(id=topic, url=topic, note=f"{self.hub} says {answer.status_code}")


class _NotYet(TryLater):
    """Nothing was published to the feed so far."""


def _not_yet(response: httpx.Response) -> ChannelError | None:
    return _NotYet("404") if response.status_code == 404 else None


def _no_hub(response: httpx.Response) -> ChannelError | None:
    if response.status_code in NO_HUB:
        reason = f"{response.status_code}: {response.url} takes no news"
        return Disconnected(f"{reason}; set hub to the address that your hub documents")
    return None
