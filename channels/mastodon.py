"""Mastodon and compatible servers: one status an issue, on the account that owns the token.

API: https://docs.joinmastodon.org/methods/statuses/
"""

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote, urlencode

from channels._hashtags import hashtags
from channels._http import nothing_posted
from channels._mastodonoauth import require_rights, signed_in
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
from channels._parts import BETWEEN, MOST, WIDEST, chunks, numbered
from channels._settings import require
from channels._templates import Wording, filled, links_to, tidied, wording
from channels._text import post_key, shorten, unlinked
from channels._threads import following, standing
from publisher.domain.channel import ORIGINAL, Post, Receipt, Refused, Talk, TryLater, Unsure
from publisher.domain.issue import Edition, Finding, Image, telling_image

WORDS = "{{ title }}\n\n{{ summary }}\n\n{{ url }}\n\n{{ hashtags }}"
TAG = re.compile(r"[\w·・]*[^\W\d_][\w·・]*")
DEFAULT = 500  # characters, where the instance was not asked yet
PATIENCE = 3.0  # seconds
ANSWERS = {"public": "unlisted"}  # the head alone stands in the public timelines
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
    tags_as_hashtags: int = 0
    thread: int = 1
    limit: int = 0
    characters: int = 0
    per_link: int = 23
    timeout: float = 15
    answers: ClassVar[bool] = True
    network: ClassVar[str] = "Mastodon"

    def __post_init__(self) -> None:
        web = self.instance.startswith(("https://", "http://"))
        rules = [
            ("instance", web, "an http(s) address"),
            ("access_token", self.access_token, "the account's token"),
            ("visibility", self.visibility in VISIBILITIES, ", ".join(VISIBILITIES)),
            ("limit", self.limit == 0 or self.limit >= 100, "100 characters or more"),
            ("characters", self.characters >= 0, "what the instance takes"),
            ("per_link", self.per_link >= 0, "what a link counts"),
            ("thread", 1 <= self.thread <= MOST, f"1 to {MOST} posts"),
            ("hashtags", all(map(TAG.fullmatch, self.hashtags)), "words without # and spaces"),
            ("tags_as_hashtags", self.tags_as_hashtags >= 0, "0 or more"),
            ("timeout", self.timeout > 0, "more than 0 seconds"),
        ]
        require(self, rules)
        _ = self._wording  # a broken template is a mistake in the configuration

    @classmethod
    def connect(cls, known: Mapping[str, Any], talk: Talk) -> dict[str, str]:
        """Have the person sign in at the instance in their browser."""
        return signed_in(known, talk)

    def render(self, edition: Edition) -> Post:
        """Title, as much of the summary as fits, the link, and the issue's telling picture.

        Raises Refused where link and content warning alone are too long, or a template fails.
        """
        parts = self._parts(edition)
        text, thread = BETWEEN.join(parts), {"parts": parts} if len(parts) > 1 else {}
        images, warnings = _picture(edition)
        spoken = [part for image in images for part in (image.src, image.alt)]
        return Post(
            key=post_key(edition, text, self.spoiler_text, self.visibility, *spoken),
            lang=edition.lang,
            title=edition.title,
            text=text,
            url=edition.url,
            length=max(map(self._length, parts)) + self._length(self.spoiler_text),
            limit=self._most,
            images=images,
            warnings=warnings,
            details={
                "visibility": self.visibility,
                "spoiler_text": self.spoiler_text,
                **_original(edition),
                **thread,
            },
        )

    def deliver(self, post: Post) -> Receipt:
        """Post a status. The server drops a repeat of the same key, but only for an hour.

        Of a thread only what is missing is posted. Raises Unsure for a thread that is not whole.
        """
        there = self._standing(post) if "parts" in post.details else []
        head = proof(there[0]) if there else self._begin(post)
        id, parts = there[-1].id if there else head.id, _parts(post)
        for number in range(max(1, len(there)), len(parts)):
            try:
                id = self._say(post, number, in_reply_to_id=id).id
            except Refused as refusal:
                note = f"the thread ends after {number} of {len(parts)} posts: {refusal}"
                return replace(head, note="; ".join(filter(None, (head.note, note))))
            except TryLater as error:  # too late for "certainly not posted"
                unsure = Unsure(f"{number} of {len(parts)} posts are there: {error}")
                unsure.retry_after = error.retry_after
                raise unsure from error
        return head

    def find_existing(self, post: Post) -> Receipt | None:
        """Look for the link, which no two editions share, in what the account said of late.

        Of a thread that is not whole None: `deliver` looks for itself, and posts what is missing.
        """
        if "parts" in post.details:
            there = self._look_for_thread(post)
            return proof(there[0]) if len(there) == len(_parts(post)) else None
        link = unquote(post.url)
        with nothing_posted(), self._asking() as client:
            for status in own_statuses(client, days=LOOK_BACK, pages=LOOKS):
                if link in links_in(status.content):
                    return proof(status)
        return None

    def search_url(self, post: Post) -> str:
        """The instance's search, for its title among what the signed-in account said."""
        asked = urlencode({"q": f"from:me {post.title or post.url}"})
        return f"{self.instance.rstrip('/')}/search?{asked}"

    def update(self, receipt: Receipt, post: Post) -> Receipt:
        """Edit text, content warning and description; the picture stays.

        Of a thread all parts that are there are edited; none is added or taken away.
        """
        alt = post.images[0].alt if post.images else ""
        warning, parts = post.details["spoiler_text"], _parts(post)
        with nothing_posted(), self._asking() as client:
            media = described(client, receipt.id, alt)
            there = self._thread(client, receipt.id) if len(parts) > 1 else [receipt.id]
        with self._asking() as client:
            for id, part in zip(there[1:], parts[1:], strict=False):
                proof(client.status_update(id, part, warning))
            note = "" if len(there) == len(parts) else f"{len(there)} of {len(parts)} posts exist"
            return proof(client.status_update(receipt.id, parts[0], warning, **media), note)

    def retract(self, receipt: Receipt) -> None:
        """Delete the status, and before it the parts of its thread, the last one first."""
        try:
            with nothing_posted(), self._asking() as client:
                there = self._thread(client, receipt.id)
        except Refused as refusal:
            if "404" in str(refusal):
                return
            raise
        for id in reversed(there):
            with self._asking() as client:
                client.status_delete(id)

    def _thread(self, client: Any, id: str) -> list[str]:
        below = client.status_context(id).descendants
        return [str(one.id) for one in following(client.status(id), below)]

    def check(self) -> list[str]:
        """Ask who we are, how long a status may be and what the token allows."""
        with nothing_posted(), self._asking() as client:
            account = client.account_verify_credentials()
            theirs, allowed = taken(client), scopes(client)
            require_rights(allowed)
        found = [f"signed in at {self.instance} as @{account.acct}", self._compared(theirs)]
        return [*found, f"scopes: {' '.join(allowed)}"] if allowed else found

    def limits(self) -> Mapping[str, int]:
        """Ask the instance how long a status may be, and what a link counts there."""
        with nothing_posted(), asking(self.instance, self.access_token, PATIENCE) as client:
            return taken(client)

    @cached_property
    def _wording(self) -> Wording:
        return wording(self.template, WORDS, needs=frozenset({"url"}))

    def _parts(self, edition: Edition) -> list[str]:
        edition = replace(edition, summary=tidied(edition.summary))
        whole, summary = self._status(edition), edition.summary
        if self.thread == 1 or unlinked(summary) in whole:
            return [whole]
        bare = self._status(replace(edition, summary=""))
        room = self._most - self._length(self.spoiler_text) - self._length(WIDEST)
        beside = room - self._length(bare) - 2
        said = chunks(summary, beside, room, self.thread, lambda text: self._length(unlinked(text)))
        head = self._status(replace(edition, summary=said[0]), less=self._length(WIDEST))
        if whole == bare or len(said) == 1 or unlinked(said[0]) not in head:
            return [whole]
        return numbered([head, *map(unlinked, said[1:])])

    def _begin(self, post: Post) -> Receipt:
        media, note = self._upload(post.images)
        answered = {"in_reply_to_id": post.reply_to} if self._is_there(post.reply_to) else {}
        return replace(self._say(post, 0, media_ids=media or None, **answered), note=note)

    def _is_there(self, id: str) -> bool:
        """Whether a status can be answered: one that was deleted would have the answer refused."""
        if not id:
            return False
        try:
            with nothing_posted(), self._asking() as client:
                return bool(client.status(id))
        except Refused:
            return False

    def _say(self, post: Post, number: int, **more: Any) -> Receipt:
        shown, warning = post.details["visibility"], post.details["spoiler_text"]
        with self._asking() as client:
            status = client.status_post(
                _parts(post)[number],
                visibility=ANSWERS.get(shown, shown) if number else shown,
                spoiler_text=warning,
                language=post.lang,
                idempotency_key=f"{post.key}.{number + 1}" if number else post.key,
                **more,
            )
            return proof(status)

    def _standing(self, post: Post) -> list[Any]:
        try:
            return self._look_for_thread(post)
        except NotImplementedError:  # not of late; a person has been asked about anything older
            return []

    def _look_for_thread(self, post: Post) -> list[Any]:
        with nothing_posted(), self._asking() as client:
            said = own_statuses(client, days=LOOK_BACK, pages=LOOKS)
            return standing(said, unquote(post.url), len(_parts(post)))

    def _status(self, edition: Edition, *, less: int = 0) -> str:
        room = self._most - self._length(self.spoiler_text) - less
        named = hashtags(edition, self.hashtags, self.tags_as_hashtags)
        tags = " ".join(f"#{tag}" for tag in named)
        text = filled(
            self._wording,
            edition,
            limit=room,
            cost=self._length,
            spelled=unlinked,
            hashtags=tags,
        )
        if not links_to(text, edition.url):  # by it alone the status is found again
            raise Refused(f"{self._wording.place}: leaves out the link, or writes on to its end")
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


def _original(edition: Edition) -> dict[str, str]:
    """A translation answers the original, where this account had that, too."""
    original = edition.site.language
    return {} if edition.lang == original else {ORIGINAL: original}


def _parts(post: Post) -> list[str]:
    parts: list[str] = post.details.get("parts", [post.text])
    return parts


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
