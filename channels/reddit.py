"""Reddit: one submission an edition, as a link or as a self post, through PRAW.

API: https://www.reddit.com/dev/api
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

from channels._oauth import require_scopes
from channels._praw import AlreadyThere, connected, failures_named, flairs, submit
from channels._redditoauth import SCOPES, signed_in
from channels._settings import require
from channels._submissions import is_self, sent, standing
from channels._templates import Wording, filled, wording
from channels._text import as_markdown, one_line, post_key, utf16
from publisher.domain.channel import Post, Receipt, Refused, Talk
from publisher.domain.issue import Edition

TITLE, SELFTEXT = 300, 40_000  # UTF-16 units, the most that a character may be counted
NAME = re.compile(r"[A-Za-z0-9_]{2,24}")
HOST = re.compile(r"https?://[^/\s]+/?")


@dataclass(frozen=True, kw_only=True)
class Reddit:
    """One account that posts to one subreddit. `timeout` is in seconds, for each request.

    Signs in with `refresh_token`, or with `username` and `password` (a script app).
    """

    subreddit: str
    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    post: str = "link"
    flair: str = ""
    nsfw: bool = False
    spoiler: bool = False
    template: Path | None = None
    site: str = "https://www.reddit.com"
    oauth: str = "https://oauth.reddit.com"
    user_agent: str = "python:publisher (announces a newsletter)"
    timeout: float = 15
    network: ClassVar[str] = "Reddit"

    def __post_init__(self) -> None:
        signs_in = self.refresh_token or (self.username and self.password)
        rules = [
            ("subreddit", NAME.fullmatch(self.subreddit), "a name without r/"),
            ("client_id", self.client_id, "set"),
            ("client_secret", self.client_secret, "set"),
            ("refresh_token", signs_in, "set, or else both username and password"),
            ("post", self.post in ("link", "self"), '"link" or "self"'),
            ("template", self.post == "self" or not self.template, 'unset unless post = "self"'),
            ("site", HOST.fullmatch(self.site), "a URL without a path"),
            ("oauth", HOST.fullmatch(self.oauth), "a URL without a path"),
            ("user_agent", len(self.user_agent) > 6, "7 characters or longer"),
            ("timeout", self.timeout > 0, "more than 0 seconds"),
        ]
        require(self, rules)
        _ = self._wording  # a broken template is a mistake in the configuration

    @classmethod
    def connect(cls, known: Mapping[str, Any], talk: Talk) -> dict[str, str]:
        """Have the person sign in at Reddit in their browser, through an app of their own."""
        return signed_in(known, talk, site=str(known.get("site", cls.site)).rstrip("/"))

    def render(self, edition: Edition) -> Post:
        """The title, and for a self post the summary with the link below it."""
        title = one_line(edition, TITLE, utf16)
        text = self._selftext(edition) if self.post == "self" else ""
        return Post(
            key=post_key(edition, self.post, title, text, edition.url),
            lang=edition.lang,
            title=title,
            text=text,
            url=edition.url,
            length=utf16(text or title),
            limit=SELFTEXT if text else TITLE,
            details={"post": self.post},
        )

    def deliver(self, post: Post) -> Receipt:
        """Submit it, unless the link stands in the subreddit already: Reddit seldom says so.

        Raises Refused with the address of a stranger's post of the same link.
        """
        with failures_named(self._client):
            if not is_self(post) and (there := standing(self._client, self.subreddit, post)):
                return self._receipt(*there)
            try:
                return self._receipt(*submit(self._place, post.title, **self._options(post)))
            except AlreadyThere as refusal:
                where = standing(self._client, self.subreddit, post)
                if ours := where or sent(self._client, self.subreddit, post):
                    return self._receipt(*ours)
                raise Refused(f"{refusal}; but Reddit does not show where") from refusal

    def find_existing(self, post: Post) -> Receipt | None:
        with failures_named(self._client):
            found = sent(self._client, self.subreddit, post)
        return self._receipt(*found) if found else None

    def search_url(self, post: Post) -> str:
        """The subreddit's search for the title, the newest first."""
        asked = urlencode({"q": f'title:"{post.title}"', "restrict_sr": 1, "sort": "new"})
        return f"{self.site}/r/{self.subreddit}/search/?{asked}"

    def update(self, receipt: Receipt, post: Post) -> Receipt:
        """Replace the text of a self post; Reddit can change nothing else."""
        if not is_self(post):
            raise Refused("Reddit cannot edit a link post: neither its title nor its link")
        with failures_named(self._client):
            submission = self._client.submission(id=receipt.id)
            note = "" if submission.title == post.title else "Reddit cannot change the title"
            submission.edit(post.text)
        return self._receipt(receipt.id, note)

    def retract(self, receipt: Receipt) -> None:
        """Delete the submission; Reddit says nothing where it was deleted before."""
        with failures_named(self._client):
            self._client.submission(id=receipt.id).delete()

    def check(self) -> list[str]:
        """Sign in, read what the subreddit takes, and look for the flair."""
        with failures_named(self._client):
            allowed = sorted(self._client.auth.scopes())
            require_scopes(SCOPES, allowed)
            me, kinds = self._client.user.me(), self._place.submission_type
            if kinds not in ("any", self.post):
                raise Refused(f'r/{self.subreddit} takes only {kinds} posts: set post = "{kinds}"')
            there = ", ".join(flairs(self._place, self.flair)) or "none"
            left = self._client.auth.limits["remaining"]
        return [
            f"signed in as u/{me} at {self.site}",
            f"r/{self.subreddit} takes {self.post} posts; flairs to choose from: {there}",
            f"scopes: {' '.join(allowed)}",
            f"requests left until the limit: {'unknown' if left is None else left}",
        ]

    @cached_property
    def _wording(self) -> Wording:
        return wording(self.template, "{{ summary }}\n\n{{ url }}", needs=frozenset({"url"}))

    def _selftext(self, edition: Edition) -> str:
        text = filled(self._wording, edition, limit=SELFTEXT, cost=utf16, spelled=as_markdown)
        if edition.url not in text:  # by it the post is found again
            raise Refused(f"{self._wording.place}: leaves out the link")
        return text

    @cached_property
    def _client(self) -> Any:
        return connected(
            client_id=self.client_id,
            client_secret=self.client_secret,
            refresh_token=self.refresh_token or None,
            username=self.username or None,
            password=None if self.refresh_token else self.password,
            user_agent=self.user_agent,
            site=self.site,
            oauth=self.oauth,
            timeout=self.timeout,
        )

    @property
    def _place(self) -> Any:
        return self._client.subreddit(self.subreddit)

    def _options(self, post: Post) -> dict[str, Any]:
        body = {"selftext": post.text} if is_self(post) else {"url": post.url}
        flair = {"flair_id": flairs(self._place, self.flair)[self.flair]} if self.flair else {}
        warned = {"nsfw": self.nsfw, "spoiler": self.spoiler}
        return {**body, **flair, **warned, "resubmit": False, "send_replies": False}

    def _receipt(self, id: str, note: str = "") -> Receipt:
        url = f"{self.site.rstrip('/')}/r/{self.subreddit}/comments/{id}/"
        return Receipt(id=id, url=url, note=note)
