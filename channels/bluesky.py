"""Bluesky: one post an issue, or a thread, in the account's own repository.

Lexicons: https://atproto.com/lexicons/app-bsky-feed · https://docs.bsky.app/docs/advanced-guides/posts
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

from channels._atproto import Login, signed_in
from channels._blueskyaccount import account_of
from channels._blueskyapp import signed_in as entered
from channels._bskypost import completed, described, embedded
from channels._bskytext import LIMIT, details, texts
from channels._facets import cost
from channels._hashtags import hashtags
from channels._http import nothing_posted
from channels._parts import BETWEEN, MOST
from channels._settings import hashtag_rules, require, web_rules
from channels._templates import Wording, wording
from channels._text import post_key
from channels._tids import later
from publisher.domain.channel import Post, Receipt, Refused, Talk
from publisher.domain.issue import Edition, telling_image

WORDS = "{{ title }}\n\n{{ summary }}\n\n{{ url }}\n\n{{ hashtags }}"
LABELS = ("sexual", "nudity", "porn", "graphic-media")
SERVICE = "https://bsky.social"
SHOWS = ("card", "image")


@dataclass(frozen=True, kw_only=True)
class Bluesky:
    """One account. `post` is a card of the page or the picture alone; `timeout` in seconds.

    `session` is a file to keep the session in: without one each process signs in anew.
    """

    handle: str
    app_password: str = field(repr=False)
    service: str = SERVICE
    app: str = "https://bsky.app"
    post: str = "card"
    template: Path | None = None
    hashtags: tuple[str, ...] = ()
    tags_as_hashtags: int = 0
    labels: tuple[str, ...] = ()
    thread: int = 1
    session: Path | None = None
    timeout: float = 15
    network: ClassVar[str] = "Bluesky"

    def __post_init__(self) -> None:
        rules = [
            ("handle", "." in self.handle and "@" not in self.handle, "a handle without @"),
            ("app_password", self.app_password, "an app password"),
            *web_rules(self, "service", "app"),
            ("post", self.post in SHOWS, " or ".join(SHOWS)),
            ("labels", set(self.labels) <= set(LABELS), f"some of {', '.join(LABELS)}"),
            ("thread", 1 <= self.thread <= MOST, f"1 to {MOST} posts"),
            *hashtag_rules(self),
            ("timeout", self.timeout > 0, "more than 0 seconds"),
        ]
        require(self, rules)
        _ = self._wording  # a broken template is a mistake in the configuration

    @classmethod
    def connect(cls, known: Mapping[str, Any], talk: Talk) -> dict[str, str]:
        """Ask for the handle and an app password, and refuse the account's own."""
        return entered(known, talk, service=str(known.get("service", SERVICE)))

    def render(self, edition: Edition) -> Post:
        """Title, as much of the summary as fits, the link, shown short, and the hashtags.

        Raises Refused where a template fails, or leaves out the link.
        """
        tags = hashtags(edition, self.hashtags, self.tags_as_hashtags)
        said = texts(edition, self._wording, hashtags=tags, most=self.thread)
        image = telling_image(edition)
        shown = () if image is None or not image.path else (described(image),)
        spoken = [part for one in shown for part in (one.src, one.alt)]
        return Post(
            key=post_key(edition, *said, *self.labels, self.post, *spoken),
            lang=edition.lang,
            title=" ".join(edition.title.split()),
            text=BETWEEN.join(said),
            url=edition.url,
            length=max(map(cost, said)),
            limit=LIMIT,
            images=shown,
            details=details(edition, said, tags=tags, labels=self.labels),
        )

    def deliver(self, post: Post) -> Receipt:
        """Put what is not there yet under its own record key, so that nothing is there twice.

        Raises Unsure for a thread that is not whole.
        """
        with self._signed_in() as repository:
            with nothing_posted():
                embed, note = embedded(repository, post, self.post)
            first, *_ = completed(repository, post, embed)
        return replace(self._receipt(first.uri), note=note)

    def find_existing(self, post: Post) -> Receipt | None:
        """Ask for the very record; of a thread for its last part, which comes after all others."""
        first, *_, last = [*post.details["keys"]] * 2
        with nothing_posted(), self._signed_in() as repository:
            found = repository.look(first)
            return self._receipt(found.uri) if found and repository.look(last) else None

    def search_url(self, post: Post) -> str:
        """The app's search for the title among the account's own posts."""
        asked = urlencode({"q": f"from:{self.handle} {post.title or post.url}"})
        return f"{self.app.rstrip('/')}/search?{asked}"

    def update(self, receipt: Receipt, post: Post) -> Receipt:  # noqa: ARG002  never done
        """Always Refused: Bluesky's app goes on showing a post as it was first."""
        raise Refused("Bluesky shows no edits: retract it, and publish what is right elsewhere")

    def retract(self, receipt: Receipt) -> None:
        """Delete the post, and before it the parts under the next record keys, the last one first.

        Broken off, it leaves the beginning, so that to say it again finds what is left.
        """
        keys = [later(receipt.id.rpartition("/")[2], number) for number in range(MOST)]
        with self._signed_in() as repository:
            there = list(takewhile(repository.look, keys[1:]))
            for key in reversed([keys[0], *there]):
                repository.remove(key)

    def check(self) -> list[str]:
        """Sign in, posting nothing."""
        with nothing_posted(), self._signed_in() as repository:
            found = f"signed in at {self.service} as {self.handle} ({repository.did})"
        kept = f"the session is kept in {self.session}" if self.session else "no session is kept"
        return [found, kept]

    @cached_property
    def _wording(self) -> Wording:
        return wording(self.template, WORDS, needs=frozenset({"url"}))

    @cached_property
    def _login(self) -> Login:
        return Login()

    def _signed_in(self) -> Any:
        return signed_in(account_of(self), self._login)

    def _receipt(self, uri: str) -> Receipt:
        key = uri.rpartition("/")[2]
        return Receipt(id=uri, url=f"{self.app.rstrip('/')}/profile/{self.handle}/post/{key}")
