"""Telegram: one message an issue, in a channel or group that a bot may post in.

API: https://core.telegram.org/bots/api#sendmessage
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from channels._hashtags import hashtags
from channels._settings import hashtag_rules, require, web_rules
from channels._telegramapi import Gone, Json, Line, Same
from channels._telegrambot import found
from channels._telegramtext import bold, named, words
from channels._templates import Wording, filled, links_to, wording
from channels._text import post_key, unlinked, utf16
from publisher.domain.channel import Disconnected, Post, Receipt, Refused, Talk, Unsure
from publisher.domain.issue import Edition, telling_image

WORDS = "{{ title }}\n\n{{ summary }}\n\n{{ url }}\n\n{{ hashtags }}"
LIMIT = 4096  # UTF-16 units
CHAT = re.compile(r"@\w{4,32}|-?\d{1,20}")
API = "https://api.telegram.org"
SHOWS = ("card", "image")
PRIVATE = "-100"  # what the ids of channels and supergroups begin with


@dataclass(frozen=True, kw_only=True)
class Telegram:
    """One bot and one chat: `@name` of a public one, or its number. `timeout` is in seconds.

    `post` is a card of the page below the text, or the picture above it.
    """

    token: str = field(repr=False)
    chat: str
    silent: bool = False
    preview: bool = True
    post: str = "card"
    template: Path | None = None
    hashtags: tuple[str, ...] = ()
    tags_as_hashtags: int = 0
    api: str = API
    site: str = "https://t.me"
    timeout: float = 15

    def __post_init__(self) -> None:
        rules = [
            ("token", self.token and not re.search(r"[/?#\s]", self.token), "a bot's token"),
            ("chat", CHAT.fullmatch(self.chat), "@name, or a number such as -1001234567890"),
            ("post", self.post in SHOWS, " or ".join(SHOWS)),
            *hashtag_rules(self),
            *web_rules(self, "api", "site"),
            ("timeout", self.timeout > 0, "more than 0 seconds"),
        ]
        require(self, rules)
        _ = self._wording  # a broken template is a mistake in the configuration

    @classmethod
    def connect(cls, known: Mapping[str, Any], talk: Talk) -> dict[str, str]:
        """Lead the person to @BotFather, and find the chat in which something is written."""
        return found(known, talk, api=str(known.get("api", API)))

    def render(self, edition: Edition) -> Post:
        """The title in bold, as much of the summary as fits, the link and the hashtags.

        Raises Refused where the link alone is too long, or a template fails.
        """
        found_tags = hashtags(edition, self.hashtags, self.tags_as_hashtags)
        tags = " ".join(f"#{tag}" for tag in found_tags)
        text = filled(
            self._wording, edition, limit=LIMIT, cost=utf16, spelled=unlinked, hashtags=tags
        )
        if not links_to(text, edition.url):
            raise Refused(f"{self._wording.place}: leaves out the link, or writes on to its end")
        image = telling_image(edition) if self.post == "image" else None
        shown = (image,) if image and not image.trouble else ()
        return Post(
            key=post_key(edition, text, self.chat, *(one.src for one in shown)),
            lang=edition.lang,
            title=edition.title,
            text=text,
            url=edition.url,
            length=utf16(text),
            limit=LIMIT,
            images=shown,
            details={"bold": bold(text, edition)},
        )

    def deliver(self, post: Post) -> Receipt:
        """Send the message. Telegram knows no key, and a bot cannot look for one."""
        said = words(post, preview=self.preview)
        answer = self._line.ask(
            "sendMessage", disable_notification=self.silent, chat_id=self.chat, **said
        )
        try:
            return self._receipt(answer["chat"], int(answer["message_id"]))
        except (KeyError, TypeError, ValueError) as error:
            raise Unsure(f"Telegram answered with something else: {answer!r:.200}") from error

    def find_existing(self, post: Post) -> Receipt | None:  # noqa: ARG002  nobody to ask
        """Never: a bot reads no history."""
        name = self.chat.removeprefix("@")
        where = f"at {self.site}/{name}" if self.chat.startswith("@") else f"in chat {self.chat}"
        raise NotImplementedError(f"a Telegram bot cannot look: see whether it is {where}")

    def search_url(self, post: Post) -> str:
        """A public channel's own search, "" where the chat is not public."""
        asked = urlencode({"q": post.title or post.url})
        name = self.chat.removeprefix("@")
        return f"{self.site}/s/{name}?{asked}" if self.chat.startswith("@") else ""

    def update(self, receipt: Receipt, post: Post) -> Receipt:
        """Edit the text."""
        try:
            self._line.ask("editMessageText", **named(receipt), **words(post, preview=self.preview))
        except Same:
            return receipt
        return Receipt(id=receipt.id, url=receipt.url)

    def retract(self, receipt: Receipt) -> None:
        """Delete the message; one that is gone already is taken back."""
        try:
            self._line.ask("deleteMessage", **named(receipt))
        except Gone:
            return

    def check(self) -> list[str]:
        """Ask who the bot is, and what it may do in the chat."""
        me = self._line.ask("getMe")
        chat = self._line.ask("getChat", chat_id=self.chat)
        mine = self._line.ask("getChatMember", chat_id=self.chat, user_id=me["id"])
        if chat.get("type") == "channel" and not mine.get("can_post_messages"):
            remedy = "make it an administrator that may post messages"
            raise Disconnected(f"@{me.get('username')} may not post in {self.chat}: {remedy}")
        return [
            f"bot @{me.get('username')}, {mine.get('status')} of {chat.get('title')!r}",
            f"{LIMIT} characters a message; a bot's token does not expire",
        ]

    @cached_property
    def _wording(self) -> Wording:
        return wording(self.template, WORDS, needs=frozenset({"url"}))

    @property
    def _line(self) -> Line:
        return Line(api=self.api.rstrip("/"), token=self.token, timeout=self.timeout)

    def _receipt(self, chat: Json, number: int) -> Receipt:
        id = str(chat["id"])
        place = chat.get("username") or f"c/{id.removeprefix(PRIVATE)}"
        return Receipt(id=f"{id}/{number}", url=f"{self.site}/{place}/{number}")
