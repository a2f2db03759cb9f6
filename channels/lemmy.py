"""Lemmy 0.19 and 1.0: one link post an issue, in one community.

API: https://join-lemmy.org/api/
"""

import hashlib
import re
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

from channels._http import nothing_posted
from channels._lemmyapi import Line, Login, community, kept, own_posts, remove, signed_in
from channels._settings import require
from channels._templates import Wording, filled, wording
from channels._text import as_markdown, one_line, post_key, shorten, unlinked
from publisher.domain.channel import Post, Receipt, Refused
from publisher.domain.issue import Edition, telling_image

TITLE_LEAST, TITLE_LIMIT = 3, 200
BODY_LIMIT, URL_LIMIT = 50_000, 2000
ALT_LIMIT = 1500
KEY_LIMIT = 32  # of an Idempotency-Key
PLACE = re.compile(r"[\w.-]+(@[\w.-]+(:\d+)?)?")


@dataclass(frozen=True, kw_only=True)
class Lemmy:
    """One account and the community it posts to: `name`, or `name@host` where that is elsewhere.

    `timeout` is in seconds; a server reads the linked page before it answers.
    """

    instance: str
    community: str
    username: str
    password: str = field(repr=False)
    nsfw: bool = False
    template: Path | None = None
    timeout: float = 20
    network: ClassVar[str] = "Lemmy"

    def __post_init__(self) -> None:
        web = self.instance.startswith(("https://", "http://"))
        rules = [
            ("instance", web, "an http(s) address"),
            ("community", PLACE.fullmatch(self.community), "name or name@host"),
            ("username", self.username, "the account's name"),
            ("password", self.password, "the account's"),
            ("timeout", self.timeout > 0, "more than 0 seconds"),
        ]
        require(self, rules)
        _ = self._wording  # a broken template is a mistake in the configuration

    def render(self, edition: Edition) -> Post:
        """The title, which alone is short here, the link, and the summary as body.

        Raises Refused where the link is longer than Lemmy takes.
        """
        if len(edition.url) > URL_LIMIT:
            reason = f"the address has {len(edition.url)} characters, Lemmy takes {URL_LIMIT}"
            raise Refused(f"{reason}; shorten the issue's title or set its `slug`")
        title = _title(edition)
        body = filled(self._wording, edition, limit=BODY_LIMIT, cost=_escaped, spelled=as_markdown)
        image = telling_image(edition)
        alt = shorten(image.alt or image.caption, ALT_LIMIT, _escaped) if image else ""
        return Post(
            key=post_key(edition, self.community, title, edition.url, body, alt, *self._warned),
            lang=edition.lang,
            title=title,
            text=body,
            url=edition.url,
            length=_escaped(title),
            limit=TITLE_LIMIT,
            details={"alt_text": alt, **dict.fromkeys(self._warned, True)},
        )

    def deliver(self, post: Post) -> Receipt:
        """Create a post. Only Lemmy 1.0 heeds the key, and only for minutes."""
        key = hashlib.sha256(post.key.encode()).hexdigest()[:KEY_LIMIT]
        with self._signed_in() as line:
            place = community(line, self.community)
            said = {"community_id": place.id, **_words(post)}
            note = f"without a language: {post.lang} is not open there"
            if post.lang in place.languages:
                said["language_id"], note = place.languages[post.lang], ""
            new = kept(line.ask("POST", "post", json=said, headers={"Idempotency-Key": key}))
        return Receipt(id=new.id, url=new.url, note=note)

    def find_existing(self, post: Post) -> Receipt | None:
        """Look for the link among the account's own posts in the community."""
        with nothing_posted(), self._signed_in() as line:
            place = community(line, self.community)
            for one in own_posts(line, post.url):
                if (one.link, one.community, one.deleted) == (post.url, place.id, False):
                    return Receipt(id=one.id, url=one.url)
        return None

    def search_url(self, post: Post) -> str:
        """The instance's search for posts of the link, the newest first."""
        asked = urlencode({"q": post.url or post.title, "type": "Url", "sort": "New"})
        return f"{self.instance.rstrip('/')}/search?{asked}"

    def update(self, receipt: Receipt, post: Post) -> Receipt:
        """Edit title, link, body and description; the language stays."""
        said = {"post_id": int(receipt.id), **_words(post)}
        with self._signed_in() as line:
            edited = kept(line.ask("PUT", "post", json=said))
        return Receipt(id=edited.id, url=edited.url)

    def retract(self, receipt: Receipt) -> None:
        """Delete the post; Lemmy leaves its place and its answers."""
        with self._signed_in() as line:
            remove(line, int(receipt.id))

    def check(self) -> list[str]:
        """Sign in and look at the community."""
        with nothing_posted(), self._signed_in() as line:
            place = community(line, self.community)
        found = [
            f"signed in at {self.instance} as {self.username}",
            f"Lemmy {line.site.get('version', '?')} (API {line.api})",
            f"community {self.community}: {place.title}",
        ]
        warning = "warning: only moderators may post in this community"
        return [*found, warning] if place.only_mods else found

    @property
    def _warned(self) -> tuple[str, ...]:
        return ("nsfw",) if self.nsfw else ()

    @cached_property
    def _wording(self) -> Wording:
        return wording(self.template, "{{ summary }}")

    @cached_property
    def _login(self) -> Login:
        return Login()

    def _signed_in(self) -> AbstractContextManager[Line]:
        return signed_in(
            self.instance,
            self._login,
            username=self.username,
            password=self.password,
            timeout=self.timeout,
        )


def _title(edition: Edition) -> str:
    def cost(title: str) -> int:
        return _escaped(unlinked(title))

    return unlinked(one_line(edition, TITLE_LIMIT, cost, TITLE_LEAST))


def _escaped(text: str) -> int:
    """Count code points, `&` as `&amp;` and the like: some versions do, and none counts more."""
    return len(escape(text, quote=False))


def _words(post: Post) -> dict[str, Any]:
    alt = post.details["alt_text"]
    said: dict[str, Any] = {"name": post.title, "url": post.url, "body": post.text}
    if post.details.get("nsfw"):
        said["nsfw"] = True
    return {**said, "alt_text": alt} if alt else said
