"""The pretend outside of a hand-off: a place without an API, and a person who does as asked."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from channels.handoff import RULE, Handoff
from publisher.domain.channel import Handed, Post, Receipt
from publisher.sandbox.networks.handoff import app
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving


class World:
    """One place, and one person, who never posts the same thing twice."""

    def __init__(self, _folder: Path, **settings: Any) -> None:
        self.outside = Outside()
        self._running = ExitStack()
        self.url = self._running.enter_context(serving(app(self.outside)))
        told = {"to": "ines@harbour.example", "network": "the harbour wall", "limit": 500}
        self.channel = Handoff(**{**told, **settings})
        self._obey(self.channel)

    def _obey(self, channel: Handoff) -> None:
        """Have the person do at once what they are asked for; a fake, as real ones take hours."""
        deliver, update, retract = channel.deliver, channel.update, channel.retract

        def delivering(post: Post) -> Receipt:
            try:
                return deliver(post)
            except Handed as handed:
                return self._posted(text_in(handed.note.text), "/posts")

        def updating(receipt: Receipt, post: Post) -> Receipt:
            try:
                return update(receipt, post)
            except Handed as handed:
                return self._posted(text_in(handed.note.text), f"/posts/{receipt.id}")

        def retracting(receipt: Receipt) -> None:
            try:
                retract(receipt)
            except Handed as handed:
                assert receipt.url in handed.note.text
                httpx.post(f"{receipt.url}/remove")

        object.__setattr__(channel, "deliver", delivering)
        object.__setattr__(channel, "update", updating)
        object.__setattr__(channel, "retract", retracting)

    def _posted(self, text: str, place: str) -> Receipt:
        for number in range(1, 10) if place == "/posts" else ():  # people look before they post
            known = httpx.get(f"{self.url}/posts/{number}/text")
            if known.text == text:
                return Receipt(id=str(number), url=f"{self.url}/posts/{number}")
            if known.is_error:
                break
        answer = httpx.post(self.url + place, data={"text": text})
        where = answer.headers["location"]
        return Receipt(id=where.rpartition("/")[2], url=self.url + where)

    def visible(self) -> list[str]:
        return [kept.fields["text"] for kept in self.outside.posts("handoff")]

    def stop(self) -> None:
        self._running.close()


def text_in(note: str) -> str:
    """What is to be copied."""
    return note.split(RULE)[1].strip("\n")
