"""Mastodon and compatible servers: one status an issue, on the account that owns the token.

API: https://docs.joinmastodon.org/methods/statuses/
"""

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from channels._http import nothing_posted
from channels._mastodonpy import (
    asking,
    described,
    links_in,
    own_statuses,
    proof,
    scopes,
    status_length,
    taken,
    upload,
)
from channels._settings import require
from channels._templates import Wording, filled, wording
from channels._text import post_key, shorten, unlinked
from publisher.domain.channel import Post, Receipt, Refused, TryLater, Unsure
from publisher.domain.issue import Edition, Finding, Image, telling_image

WORDS = "{{ title }}\n\n{{ summary }}\n\n{{ url }}\n\n{{ hashtags }}"
TAG = re.compile(r"[\w·・]*[^\W\d_][\w·・]*")
DEFAULT = 500  # characters, where the instance was not asked yet
PATIENCE = 3.0  # seconds
VISIBILITIES = ("public", "unlisted", "private", "direct")
ALT_LIMIT = 1500
LOOK_BACK, LOOKS = 14, 5  # days, pages: a lost answer is looked for within two days
PICTURES = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png", ".gif": "gif", ".webp": "webp"}


@dataclass(frozen=True, kw_only=True)
class Mastodon:
    """One account. `limit` is the most characters, as the instance counts; `timeout` in seconds.

    `characters` and `per_link` are what the instance itself takes and what a link counts there:
    0 for `characters` not asked yet, 0 for `per_link` as long as it is.
    """

    instance: str
    access_token: str = field(repr=False)
    visibility: str = "public"
    spoiler_text: str = ""
    template: Path | None = None
    hashtags: tuple[str, ...] = ()
    limit: int = 0
    characters: int = 0
    per_link: int = 23
    timeout: float = 15

    def __post_init__(self) -> None:
        web = self.instance.startswith(("https://", "http://"))
        rules = [
            ("instance", web, "an http(s) address"),
            ("access_token", self.access_token, "the account's token"),
            ("visibility", self.visibility in VISIBILITIES, ", ".join(VISIBILITIES)),
            ("limit", self.limit == 0 or self.limit >= 100, "100 characters or more"),
            ("characters", self.characters >= 0, "what the instance takes"),
            ("per_link", self.per_link >= 0, "what a link counts"),
            ("hashtags", all(map(TAG.fullmatch, self.hashtags)), "words without # and spaces"),
            ("timeout", self.timeout > 0, "more than 0 seconds"),
        ]
        require(self, rules)
        _ = self._wording  # a broken template is a mistake in the configuration

    def render(self, edition: Edition) -> Post:
        """Title, as much of the summary as fits, the link, and the issue's telling picture.

        Raises Refused where link and content warning alone are too long, or a template fails.
        """
        text = self._status(edition)
        images, warnings = _picture(edition)
        spoken = [part for image in images for part in (image.src, image.alt)]
        return Post(
            key=post_key(edition, text, self.spoiler_text, self.visibility, *spoken),
            lang=edition.lang,
            title=edition.title,
            text=text,
            url=edition.url,
            length=self._length(text) + self._length(self.spoiler_text),
            limit=self._most,
            images=images,
            warnings=warnings,
            details={"visibility": self.visibility, "spoiler_text": self.spoiler_text},
        )

    def deliver(self, post: Post) -> Receipt:
        """Post a status. The server drops a repeat of the same key, but only for an hour."""
        media, note = self._upload(post.images)
        with self._asking() as client:
            said = {**post.details, "language": post.lang, "idempotency_key": post.key}
            return proof(client.status_post(post.text, media_ids=media or None, **said), note)

    def find_existing(self, post: Post) -> Receipt | None:
        """Look for the link, which no two editions share, in what the account said of late."""
        link = unquote(post.url)
        with nothing_posted(), self._asking() as client:
            for status in own_statuses(client, days=LOOK_BACK, pages=LOOKS):
                if link in links_in(status.content):
                    return proof(status)
        return None

    def update(self, receipt: Receipt, post: Post) -> Receipt:
        """Edit text, content warning and description; the picture stays."""
        alt = post.images[0].alt if post.images else ""
        warning = post.details["spoiler_text"]
        with nothing_posted(), self._asking() as client:
            media = described(client, receipt.id, alt)
        with self._asking() as client:
            return proof(client.status_update(receipt.id, post.text, warning, **media))

    def check(self) -> list[str]:
        """Ask who we are, how long a status may be and what the token allows."""
        with nothing_posted(), self._asking() as client:
            account = client.account_verify_credentials()
            theirs, allowed = taken(client), scopes(client)
        found = [f"signed in at {self.instance} as @{account.acct}", self._compared(theirs)]
        return [*found, f"scopes: {' '.join(allowed)}"] if allowed else found

    def limits(self) -> Mapping[str, int]:
        """Ask the instance how long a status may be, and what a link counts there."""
        with nothing_posted(), asking(self.instance, self.access_token, PATIENCE) as client:
            return taken(client)

    @cached_property
    def _wording(self) -> Wording:
        return wording(self.template, WORDS, needs=frozenset({"url"}))

    def _status(self, edition: Edition) -> str:
        room = self._most - self._length(self.spoiler_text)
        tags = " ".join(f"#{tag}" for tag in self.hashtags)
        text = filled(
            self._wording,
            edition,
            limit=room,
            cost=self._length,
            spelled=unlinked,
            hashtags=tags,
        )
        if edition.url not in text:  # by it alone the status is found again
            raise Refused(f"{self._wording.place}: leaves out the link")
        return text

    def _compared(self, theirs: Mapping[str, int]) -> str:
        if not theirs:
            return f"the instance does not tell how long a status may be; {self._most} is kept to"
        found = f"the instance takes {theirs['characters']} characters"
        if 0 < self.limit <= theirs["characters"]:
            return f"{found}, `limit` allows {self.limit}"
        if self.limit:
            return f"warning: {found}, fewer than `limit`: take it out, and theirs counts"
        return found

    @property
    def _most(self) -> int:
        return min((most for most in (self.limit, self.characters) if most), default=DEFAULT)

    def _length(self, text: str) -> int:
        return status_length(text, per_link=self.per_link)

    def _upload(self, images: tuple[Image, ...]) -> tuple[list[str], str]:
        media, notes = [], []
        for image in images:
            path = Path(image.path)
            try:
                with self._asking() as client:
                    media.append(upload(client, path, PICTURES[path.suffix.lower()], image.alt))
            except (TryLater, Unsure, Refused, OSError) as error:  # a picture is decoration
                notes.append(f"left off {image.src}: {error}")
        return media, "; ".join(notes)

    def _asking(self) -> AbstractContextManager[Any]:
        return asking(self.instance, self.access_token, self.timeout)


def _picture(edition: Edition) -> tuple[tuple[Image, ...], tuple[Finding, ...]]:
    image = telling_image(edition)
    if image is None:
        return (), ()
    if not image.path or Path(image.path).suffix.lower() not in PICTURES:
        reason = "no JPEG, PNG, GIF or WebP" if image.path else "no local file"
        return (), (Finding(kind="picture-left-off", detail=f"{image.src}: {reason}"),)
    alt = shorten(image.alt or image.caption, ALT_LIMIT, len)
    warnings = () if alt else (Finding(kind="missing-alt", detail=image.src),)
    return (Image(src=image.src, alt=alt, caption=image.caption, path=image.path),), warnings
