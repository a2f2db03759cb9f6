"""X: one post an issue, or a thread, on the account that the tokens belong to.

API: https://docs.x.com/x-api/posts/create-post
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

from channels._hashtags import hashtags
from channels._parts import BETWEEN, MOST
from channels._settings import hashtag_rules, require, web_rules
from channels._templates import Wording, wording
from channels._text import post_key
from channels._xlength import cost
from channels._xpicture import picture
from channels._xpin import signed_in
from channels._xposts import Account, account_of
from channels._xtext import texts
from publisher.domain.channel import Post, Receipt, Refused, Talk
from publisher.domain.issue import Edition

WORDS = "{{ title }}\n\n{{ summary }}\n\n{{ url }}\n\n{{ hashtags }}"
LEAST, LIMIT, LONGEST = 100, 280, 25_000  # weighted; more than LIMIT is for who pays X
SHOWS = ("card", "image")
API = "https://api.x.com"


@dataclass(frozen=True, kw_only=True)
class X:
    """One account, by an app. `monthly` posts are the most in a calendar month, 0 for any number.

    They are counted in the file `ledger`. `post` is a card of the page or the picture alone. With
    `lookup` X is asked after a lost answer, which costs. `limit` is weighted as X counts,
    `timeout` in seconds.
    """

    consumer_key: str
    consumer_secret: str = field(repr=False)
    access_token: str = field(repr=False)
    access_token_secret: str = field(repr=False)
    handle: str = ""
    post: str = "card"
    template: Path | None = None
    hashtags: tuple[str, ...] = ()
    tags_as_hashtags: int = 0
    thread: int = 1
    limit: int = LIMIT
    monthly: int = 0
    ledger: Path | None = None
    lookup: bool = False
    api_url: str = API
    site: str = "https://x.com"
    timeout: float = 15
    network: ClassVar[str] = "X"

    def __post_init__(self) -> None:
        rules = [
            ("consumer_key", self.consumer_key, "the app's API key"),
            ("consumer_secret", self.consumer_secret, "the app's API key secret"),
            ("access_token", self.access_token, "the account's token, of the same app"),
            ("access_token_secret", self.access_token_secret, "the secret of the access token"),
            ("handle", re.fullmatch(r"\w{0,15}", self.handle), "a handle without @"),
            ("post", self.post in SHOWS, " or ".join(SHOWS)),
            *hashtag_rules(self),
            ("thread", 1 <= self.thread <= MOST, f"1 to {MOST} posts"),
            ("limit", LEAST <= self.limit <= LONGEST, f"{LEAST} to {LONGEST} characters"),
            ("monthly", self.monthly >= 0, "0 or more posts"),
            ("ledger", self.ledger or not self.monthly, "a file to count `monthly` in"),
            *web_rules(self, "api_url", "site"),
            ("timeout", self.timeout > 0, "more than 0 seconds"),
        ]
        require(self, rules)
        _ = self._wording  # a broken template is a mistake in the configuration

    @classmethod
    def connect(cls, known: Mapping[str, Any], talk: Talk) -> dict[str, str]:
        """Have the person allow the app at X, and type in the PIN that X shows."""
        return signed_in(known, talk, api=str(known.get("api_url", API)))

    def render(self, edition: Edition) -> Post:
        """Title, as much of the summary as fits, the link and the hashtags.

        Raises Refused where a template fails, or leaves out the link.
        """
        tags = hashtags(edition, self.hashtags, self.tags_as_hashtags)
        parts = texts(edition, self._wording, hashtags=tags, most=self.thread, limit=self.limit)
        images, warnings = picture(edition) if self.post == "image" else ((), ())
        spoken = [part for image in images for part in (image.src, image.alt)]
        return Post(
            key=post_key(edition, *parts, *spoken),
            lang=edition.lang,
            title=" ".join(edition.title.split()),
            text=BETWEEN.join(parts),
            url=edition.url,
            length=max(map(cost, parts)),
            limit=self.limit,
            images=images,
            warnings=warnings,
            details={"parts": parts},
        )

    def deliver(self, post: Post) -> Receipt:
        """Post it, part after part. X knows no key, but takes no text a second time.

        Raises Unsure, with what is there, for a thread that is broken off.
        """
        return self._account.say(post.details["parts"], post.images)

    def find_existing(self, post: Post) -> Receipt | None:
        """Look for the link among the account's own posts of two weeks, where `lookup` says so.

        Raises NotImplementedError where it does not, and for a thread that is not whole.
        """
        if self.lookup:
            return self._account.find(post.url, len(post.details["parts"]))
        place = self._account.profile
        raise NotImplementedError(f"X is not asked, since it charges: see whether it is at {place}")

    def search_url(self, post: Post) -> str:
        """X's search for the title, the latest first; the account's own, if its handle is known."""
        own = f"from:{self.handle} " if self.handle else ""
        asked = urlencode({"q": f"{own}{post.title or post.url}", "f": "live"})
        return f"{self.site.rstrip('/')}/search?{asked}"

    def update(self, receipt: Receipt, post: Post) -> Receipt:  # noqa: ARG002  never done
        """Always Refused: X lets no app edit."""
        raise Refused("X lets no app edit: retract it, and publish what is right elsewhere")

    def retract(self, receipt: Receipt) -> None:
        """Delete the post, of a thread the last first; what is gone already is taken back."""
        self._account.take_back(receipt)

    def check(self) -> list[str]:
        """Ask who we are, which X charges as one read, and see what is left of the month."""
        return self._account.check()

    @cached_property
    def _wording(self) -> Wording:
        return wording(self.template, WORDS, needs=frozenset({"url"}))

    @property
    def _account(self) -> Account:
        return account_of(self)
