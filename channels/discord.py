"""Discord: one message an issue, posted by a channel's webhook.

API: https://docs.discord.com/developers/resources/webhook
"""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from channels._discordapi import INCOMING, WEBHOOK, Gone, Json, Line, line
from channels._discordcard import DESCRIPTION_LIMIT, card, pictures
from channels._settings import require
from channels._templates import Wording, filled, wording
from channels._text import as_markdown, post_key
from publisher.domain.channel import ChannelError, Disconnected, Post, Receipt, Refused, Unsure
from publisher.domain.issue import Edition

WORDS = '{{ "**" ~ title ~ "**" if title else "" }}\n\n{{ summary }}\n\n{{ url }}'
CONTENT_LIMIT = 2000  # code points
NAME_LIMIT = 80
ADDRESS = "a webhook's whole address, https://discord.com/api/webhooks/ID/TOKEN"
SUPPRESS_EMBEDS = 1 << 2
NOBODY: Json = {"parse": []}  # is called, whatever the text says


@dataclass(frozen=True, kw_only=True)
class Discord:
    """One webhook, which belongs to one channel. `timeout` is in seconds.

    With `embed` the issue is a card; without it a text, below which Discord shows the page's own
    preview unless `suppress_embeds` says no.
    """

    webhook: str = field(repr=False)
    thread_id: str = ""
    username: str = ""
    avatar_url: str = ""
    embed: bool = False
    suppress_embeds: bool = False
    template: Path | None = None
    timeout: float = 15

    def __post_init__(self) -> None:
        name = self.username.lower()
        taken = len(name) > NAME_LIMIT or "discord" in name or "clyde" in name
        web = not self.avatar_url or self.avatar_url.startswith(("https://", "http://"))
        rules = [
            ("webhook", WEBHOOK.fullmatch(self.webhook), ADDRESS),
            ("thread_id", not self.thread_id or self.thread_id.isdecimal(), "a thread's number"),
            ("username", not taken, f"{NAME_LIMIT} characters without 'discord' and 'clyde'"),
            ("avatar_url", web, "an http(s) address"),
            ("suppress_embeds", not (self.embed and self.suppress_embeds), "off with `embed`"),
            ("timeout", self.timeout > 0, "more than 0 seconds"),
        ]
        require(self, rules)
        _ = self._wording  # a broken template is a mistake in the configuration

    def render(self, edition: Edition) -> Post:
        """Title, as much of the summary as fits, and the link; or a card of the same.

        Raises Refused where the link is longer than Discord takes, or a template fails.
        """
        limit = DESCRIPTION_LIMIT if self.embed else CONTENT_LIMIT
        text = filled(self._wording, edition, limit=limit, cost=len, spelled=as_markdown)
        images = pictures(edition) if self.embed else ()
        shown = card(edition, text, images) if self.embed else {}
        return Post(
            key=post_key(edition, text, *map(str, shown.values())),
            lang=edition.lang,
            title=edition.title,
            text=text,
            url=edition.url,
            length=len(text),
            limit=limit,
            images=images,
            details={"embeds": [shown] if shown else []},
        )

    def deliver(self, post: Post) -> Receipt:
        """Execute the webhook, and wait until the message is saved. Discord knows no key."""
        about = self._line.about()  # before anything is there, so that nothing is lost after it
        names = {"username": self.username, "avatar_url": self.avatar_url}
        said = {**self._words(post), **{name: it for name, it in names.items() if it}}
        answer = self._line.ask("POST", wait="true", json=said)
        try:
            id, channel = str(answer["id"]), str(answer["channel_id"])
        except KeyError as error:
            raise Unsure(f"Discord answered with something else: {answer!r:.200}") from error
        return Receipt(id=id, url=self._line.address(about, channel, id))

    def find_existing(self, post: Post) -> Receipt | None:
        """Never: a webhook reads no channel."""
        raise NotImplementedError(f"a Discord webhook cannot look: see whether it is {self._place}")

    def update(self, receipt: Receipt, post: Post) -> Receipt:
        """Edit text, card and the preview's flag; name and picture of the webhook stay."""
        try:
            self._line.ask("PATCH", f"/messages/{receipt.id}", json=self._words(post))
        except Gone as gone:
            raise Refused(f"{gone}: it was deleted at Discord, or `thread_id` changed") from gone
        return Receipt(id=receipt.id, url=receipt.url)

    def retract(self, receipt: Receipt) -> None:
        """Delete the message; one that is gone already is taken back."""
        try:
            self._line.ask("DELETE", f"/messages/{receipt.id}")
        except Gone:
            return

    def check(self) -> list[str]:
        """Look at the webhook. Whether it may post shows only when it does."""
        about = self._line.about()
        if about.get("type") != INCOMING:
            raise Disconnected("`webhook` is not an incoming one: make one for the channel")
        found = [
            f"webhook {about.get('name') or ''!r} posts to {self._line.address(about)}",
            f"{CONTENT_LIMIT} characters a message; a webhook's address does not expire",
        ]
        thread = f"thread {self.thread_id} is not looked at: a webhook cannot"
        return [*found, thread] if self.thread_id else found

    def _words(self, post: Post) -> Json:
        embeds = post.details["embeds"]
        return {
            "content": "" if embeds else post.text,
            "embeds": embeds,
            "allowed_mentions": NOBODY,
            "flags": SUPPRESS_EMBEDS if self.suppress_embeds else 0,
        }

    @property
    def _place(self) -> str:
        try:
            return f"at {self._line.address(self._line.about())}"
        except ChannelError:
            return "in its channel"

    @cached_property
    def _line(self) -> Line:
        found = line(self.webhook, thread_id=self.thread_id, timeout=self.timeout)
        if not found:
            raise ValueError(f"webhook must be {ADDRESS}")
        return found

    @cached_property
    def _wording(self) -> Wording:
        if self.embed:  # the card itself has title and link
            return wording(self.template, "{{ summary }}")
        return wording(self.template, WORDS, needs=frozenset({"url"}))
