"""An account's posts on X: saying one or a thread of them, finding them, taking them back."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from channels._xapi import Line
from channels._xbudget import Budget
from channels._xfound import standing
from channels._xkeys import Keys
from channels._xwords import WRITE, Gone
from publisher.domain.channel import ChannelError, Disconnected, Receipt, Refused, Unsure
from publisher.domain.issue import Image


@dataclass(frozen=True, kw_only=True)
class Account:
    """Where and as whom we post. `site` has no trailing slash, `handle` may be ""."""

    line: Line
    budget: Budget | None
    site: str
    handle: str

    @property
    def profile(self) -> str:
        """Where a person looks."""
        number = self.line.keys.number
        return f"{self.site}/{self.handle or (f'i/user/{number}' if number else '')}"

    def say(self, parts: Sequence[str], images: Sequence[Image] = ()) -> Receipt:
        """Post part after part, each a reply to the one before, all counted before the first.

        Raises the four failures; once a part is there, Unsure, or none where X refuses the next
        one's words: the thread ends there, and the receipt says so.
        """
        month, there = self.budget.take(len(parts)) if self.budget else "", list[str]()
        refused = ""
        picture, note = self._uploaded(images)
        try:
            first, refused = self._begin(parts[0], picture)
            there.append(first)
            for part in parts[1:]:
                there.append(self.line.post(part, after=there[-1]))
        except ChannelError as error:
            if self.budget:
                gone_out = len(there) + isinstance(error, Unsure)
                self.budget.give_back(month, len(parts) - gone_out)
            if not there:
                raise
            words = f"{self._begun(there, len(parts))}: {error}"
            if isinstance(error, Refused):
                return self._receipt(there, "; ".join(filter(None, (note, refused, words))))
            raise Unsure(words) from error
        return self._receipt(there, note or refused)

    def find(self, link: str, total: int) -> Receipt | None:
        """Look for a post of so many parts by its link, among those of two weeks.

        Raises NotImplementedError where not all of its parts are there.
        """
        number = self.line.keys.number or self.line.me().id
        there = standing(self.line.own(number), link, total)
        if 0 < len(there) < total:
            raise NotImplementedError(f"{self._begun(there, total)}; answer the last with the rest")
        return self._receipt(there) if there else None

    def take_back(self, receipt: Receipt) -> None:
        """Delete what a receipt stands for, the last first; what is gone already needs nothing.

        Raises Refused where a person gave an address that is none of X's.
        """
        ids = re.findall(r"\d+", receipt.id) or re.findall(r"/status/(\d+)", receipt.url)
        if not ids:
            raise Refused(f"{receipt.url or 'the receipt'} names no post of X: delete it by hand")
        for id in reversed(ids):
            with suppress(Gone):
                self.line.delete(id)

    def check(self) -> list[str]:
        """Ask who we are, and see what is left of the budget.

        Raises Disconnected where the tokens may only read.
        """
        us = self.line.me()
        if us.level == "read":
            raise Disconnected(f"the tokens may only read: {WRITE}")
        found = [f"signed in at {self.line.api} as @{us.handle}; X charges this as one read"]
        if self.handle and self.handle.lower() != us.handle.lower():
            found.append(f"warning: `handle` is {self.handle}, the tokens are @{us.handle}'s")
        uncounted = "posts are not counted: `monthly` is 0, and X charges for each"
        return [*found, self.budget.check() if self.budget else uncounted]

    def _begin(self, text: str, picture: str) -> tuple[str, str]:
        """Post the first part, without its picture where X takes it no more, and say that."""
        try:
            return self.line.post(text, picture=picture), ""
        except Refused as refusal:
            if not picture or "media" not in str(refusal).lower():
                raise
            return self.line.post(text), f"left off the picture: {refusal}"

    def _uploaded(self, images: Sequence[Image]) -> tuple[str, str]:
        for image in images:
            try:
                return self.line.upload(Path(image.path), image.alt), ""
            except (ChannelError, OSError) as error:  # a picture is decoration
                return "", f"left off {image.src}: {error}"
        return "", ""

    def _receipt(self, ids: list[str], note: str = "") -> Receipt:
        return Receipt(id=",".join(ids), url=self._address(ids[0]), note=note)

    def _address(self, id: str) -> str:
        return f"{self.site}/{self.handle or 'i/web'}/status/{id}"

    def _begun(self, there: list[str], total: int) -> str:
        where = " ".join(map(self._address, there))
        return f"the thread has {len(there)} of {total} posts ({where})"


def account_of(channel: Any) -> Account:
    """The account that a channel's settings name."""
    keys = Keys(
        consumer_key=channel.consumer_key,
        consumer_secret=channel.consumer_secret,
        token=channel.access_token,
        token_secret=channel.access_token_secret,
    )
    counted = channel.ledger if channel.monthly else None
    return Account(
        line=Line(api=channel.api_url.rstrip("/"), keys=keys, timeout=channel.timeout),
        budget=Budget(ledger=counted, monthly=channel.monthly) if counted else None,
        site=channel.site.rstrip("/"),
        handle=channel.handle,
    )
