"""Hand-off: where no program can post, or it is too dear, a person is asked to."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from channels._settings import require
from channels._templates import MOST, Wording, filled, wording
from channels._text import post_key
from publisher.domain.channel import Handed, Note, Post, Receipt
from publisher.domain.issue import Edition, Image, telling_image

WORDS = "{{ title }}\n\n{{ summary }}\n\n{{ url }}"
PERSON = re.compile(r"(xmpp:)?[^\s@:/]+@[^\s@/]+", re.IGNORECASE)
RULE = "-" * 40


@dataclass(frozen=True, kw_only=True)
class Handoff:
    """One place, called `network` by people, and the person or role `to` whom it is handed.

    `page` is where they post, `limit` how many characters are taken there, 0 for any number. They
    are reminded every `remind` hours, 0 for never.
    """

    to: str
    network: str
    page: str = ""
    limit: int = 0
    template: Path | None = None
    remind: float = 24

    def __post_init__(self) -> None:
        web = urlsplit(self.page)
        there = not self.page or (web.scheme in ("http", "https") and web.hostname)
        one_line = self.network.strip() and len(self.network.splitlines()) == 1
        rules = [
            ("to", PERSON.fullmatch(self.to), "a mail address, or xmpp: and a JID"),
            ("network", one_line, "what people call the place, such as YouTube"),
            ("page", there, "an http(s) URL"),
            ("limit", 0 <= self.limit <= MOST, f"0 to {MOST} characters"),
            ("remind", self.remind >= 0, "0 or more hours"),
        ]
        require(self, rules)
        _ = self._wording  # a broken template is a mistake in the configuration

    def render(self, edition: Edition) -> Post:
        """The text, fitted to that place, and the picture to go with it."""
        text = filled(self._wording, edition, limit=self.limit or MOST, cost=len)
        image = telling_image(edition)
        images = (image,) if image and not image.trouble else ()
        return Post(
            key=post_key(edition, text, *(part for i in images for part in (i.src, i.alt))),
            lang=edition.lang,
            title=" ".join(edition.title.split()),
            text=text,
            url=edition.url,
            length=len(text),
            limit=self.limit or None,
            images=images,
        )

    def deliver(self, post: Post) -> Receipt:
        """Raises Handed with the text, the link and the picture, ready to be copied."""
        asked = f"Please post this issue on {self.network}: a person has to, no program can."
        raise Handed(self._note(post, "Please post on", asked, *self._all_of(post)))

    def find_existing(self, post: Post) -> Receipt | None:
        """Only a person knows."""
        raise NotImplementedError(f"only {self.to} knows whether it is on {self.network}")

    def update(self, receipt: Receipt, post: Post) -> Receipt:
        """Raises Handed with what it is to say now."""
        asked = f"The issue has been corrected. Please correct it on {self.network}, too:"
        raise Handed(self._note(post, "Please correct on", asked, receipt.url, *self._all_of(post)))

    def retract(self, receipt: Receipt) -> None:
        """Raises Handed with the address of what is to go."""
        asked = f"Please take this down on {self.network}, and do not post it again:"
        gone = receipt.url or receipt.id
        text = f"{asked}\n\n{gone}"
        subject = f"Please take down on {self.network}"
        raise Handed(
            Note(key=f"{gone}.gone", lang="en", subject=subject, text=text, address=self.to)
        )

    def check(self) -> list[str]:
        again = f"and again every {self.remind:g} hours" if self.remind else "once"
        return [f"{self.to} is asked to post on {self.network}, {again}"]

    def _note(self, post: Post, verb: str, *parts: str) -> Note:
        return Note(
            key=post.key,
            lang="en",
            subject=f"{verb} {self.network}: {post.title}",
            text="\n\n".join(filter(None, parts)),
            address=self.to,
        )

    def _all_of(self, post: Post) -> list[str]:
        """What there is to copy, part by part, each under words that say what it is."""
        of_limit = f" of {self.limit}" if self.limit else ""
        parts = ["Where:", self.page] if self.page else []
        parts += [f"The text, {post.length}{of_limit} characters:", f"{RULE}\n{post.text}\n{RULE}"]
        parts += ["The link:", post.url]
        for image in post.images:
            parts += ["The picture:", image.src, *_described(image)]
        return parts

    @cached_property
    def _wording(self) -> Wording:
        return wording(self.template, WORDS)


def _described(image: Image) -> list[str]:
    return ["Its description, for those who do not see it:", image.alt] if image.alt else []
