"""Slack: one message an issue, posted by an app into one channel.

API: https://docs.slack.dev/reference/methods/chat.postMessage
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from channels._settings import require
from channels._slackapi import EVENT, Json, Line, lacking
from channels._slackapp import copied
from channels._slacktext import SECTION_LIMIT, address, as_mrkdwn, blocks, without_picture
from channels._slackwords import BadBlocks, Gone, Unseen
from channels._templates import Wording, filled, wording
from channels._text import post_key, utf16
from publisher.domain.channel import Post, Receipt, Refused, Talk
from publisher.domain.issue import Edition

WORDS = '{{ "*" ~ title ~ "*" if title else "" }}\n\n{{ summary }}\n\n<{{ url }}>'
BELOW = "{{ summary }}\n\n<{{ url }}>"  # a header
TEXT_LIMIT = 4000  # UTF-16 units as sent; Slack advises no more, and cuts after 40,000
ID, NAME = re.compile(r"[CGD][A-Z0-9]{5,}"), re.compile(r"#[^\s#@<>|]{1,80}")


@dataclass(frozen=True, kw_only=True)
class Slack:
    """One app, and the channel it posts to: its ID, or `#name`. `timeout` is in seconds."""

    token: str = field(repr=False)
    channel: str
    blocks: bool = False
    unfurl_links: bool = True
    template: Path | None = None
    api: str = "https://slack.com/api"
    timeout: float = 15

    def __post_init__(self) -> None:
        place = ID.fullmatch(self.channel) or NAME.fullmatch(self.channel)
        rules = [
            ("token", self.token and self.token.isascii(), "the app's, xoxb-…"),
            ("channel", place, "a channel's ID, such as C0123456789, or #name"),
            ("api", self.api.startswith(("https://", "http://")), "an http(s) address"),
            ("timeout", self.timeout > 0, "more than 0 seconds"),
        ]
        require(self, rules)
        _ = self._wording  # a broken template is a mistake in the configuration

    @classmethod
    def connect(cls, known: Mapping[str, Any], talk: Talk) -> dict[str, str]:
        """Lead the person to an app that is filled in, and ask for its token."""
        return copied(known, talk)

    def render(self, edition: Edition) -> Post:
        """Title, as much of the summary as fits, and the link.

        Raises Refused where the link alone is too long, or a template fails.
        """
        limit = SECTION_LIMIT if self.blocks else TEXT_LIMIT
        linked = replace(edition, url=address(edition.url))
        text = filled(self._wording, linked, limit=limit, cost=utf16, spelled=as_mrkdwn)
        shown = blocks(edition, text) if self.blocks else []
        return Post(
            key=post_key(edition, self.channel, text, *map(str, shown)),
            lang=edition.lang,
            title=edition.title,
            text=text,
            url=edition.url,
            length=utf16(text),
            limit=limit,
            details={"blocks": shown},
        )

    def deliver(self, post: Post) -> Receipt:
        """Post a message. Slack knows no key; its metadata has ours, to be found by."""
        workspace = self._line.workspace()  # before anything is there, so that nothing follows it
        unfurl = {"unfurl_links": self.unfurl_links, "unfurl_media": self.unfurl_links}
        answer, note = self._say("chat.postMessage", post, channel=self.channel, **unfurl)
        return workspace.receipt(answer, note)

    def find_existing(self, post: Post) -> Receipt | None:
        """Look for the key among what was said in the channel in two weeks.

        Raises NotImplementedError where the app may not read it, or too much was said.
        """
        workspace = self._line.workspace()
        if not ID.fullmatch(self.channel):
            raise NotImplementedError(
                f"Slack shows a channel by its ID only; look at {self.channel}"
            )
        try:
            ts = self._line.find(self.channel, post.key)
        except (Unseen, NotImplementedError) as error:
            place = workspace.address(self.channel)
            raise NotImplementedError(f"{error}; look at {place}") from error
        return workspace.receipt({"channel": self.channel, "ts": ts}) if ts else None

    def update(self, receipt: Receipt, post: Post) -> Receipt:
        """Edit text and blocks; what Slack shows of the linked page stays."""
        channel, _, ts = receipt.id.partition(":")
        try:
            _, note = self._say("chat.update", post, channel=channel, ts=ts)
        except Gone as gone:
            raise Refused(f"{gone}: it was deleted in Slack") from gone
        return Receipt(id=receipt.id, url=receipt.url, note=note)

    def retract(self, receipt: Receipt) -> None:
        """Delete the message; one that is gone already is taken back."""
        channel, _, ts = receipt.id.partition(":")
        try:
            self._line.say("chat.delete", channel=channel, ts=ts)
        except Gone:
            return

    def check(self) -> list[str]:
        """Ask who we are and what the token allows. Whether the channel takes us, a post tells."""
        us = self._line.workspace()
        scopes = f"scopes: {', '.join(sorted(us.scopes)) or 'not told'}"
        signed_in = f"signed in to {us.name} ({us.url}) as {us.user}"
        by_name = not ID.fullmatch(self.channel)
        return [signed_in, scopes, *lacking(self.token, us.scopes, by_name=by_name)]

    def _say(self, method: str, post: Post, **more: Any) -> tuple[Json, str]:
        """Say the post, without its picture where Slack does not take the blocks."""
        whole = post.details["blocks"]
        bare = without_picture(whole)
        title = f"{as_mrkdwn(post.title)}\n" if whole else ""  # for who sees no blocks
        said = {"text": title + post.text, **more}
        said["metadata"] = {"event_type": EVENT, "event_payload": {"key": post.key}}
        try:
            return self._line.say(method, blocks=whole, **said), ""
        except BadBlocks as refusal:
            if bare == whole:
                raise
            return self._line.say(method, blocks=bare, **said), f"left off the picture: {refusal}"

    @cached_property
    def _line(self) -> Line:
        return Line(api=self.api, token=self.token, timeout=self.timeout)

    @cached_property
    def _wording(self) -> Wording:
        return wording(self.template, BELOW if self.blocks else WORDS, needs=frozenset({"url"}))
