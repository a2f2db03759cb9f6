"""What can be done wrong in a channel. Each stands in the place of one of its functions."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from publisher.domain.channel import Post, Receipt, Refused, TryLater, Unsure
from publisher.domain.issue import Edition
from tests.testing import board
from tests.testing.board import Board


@dataclass(frozen=True, kw_only=True)
class Faulty:
    """A board's channel that does some of it otherwise."""

    sound: Board
    notes: Path
    instead: Mapping[str, Callable[..., Any]]

    def __getattr__(self, name: str) -> Any:
        other = self.instead.get(name)
        return partial(other, self) if other else getattr(self.sound, name)


def world_of(**instead: Callable[..., Any]) -> Any:
    """The World of such a channel."""

    class World:
        def __init__(self, folder: Path) -> None:
            self.board = board.World(folder)
            sound, notes = self.board.channel, folder / "notes.txt"
            self.channel: Any = Faulty(sound=sound, notes=notes, instead=instead)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.board, name)

    return World


def says_try_later(me: Faulty, post: Post) -> Receipt:
    """Takes a lost answer for none at all."""
    try:
        return me.sound.deliver(post)
    except Unsure as error:
        raise TryLater(str(error)) from error


def tries_again(me: Faulty, post: Post) -> Receipt:
    """Repeats what was not answered, as many libraries do unasked."""
    with suppress(Unsure):
        return me.sound.deliver(post)
    return me.sound.deliver(post)


def posts_twice(me: Faulty, post: Post) -> Receipt:
    me.sound.deliver(post)
    return me.sound.deliver(post)


def only_pretends(_: Faulty, __: Post) -> Receipt:
    return Receipt(id="1")


def breaks(me: Faulty, post: Post) -> Receipt:
    """Names no failure."""
    try:
        return me.sound.deliver(post)
    except Unsure as error:
        raise RuntimeError(str(error)) from error


def tells_its_secret(me: Faulty, post: Post) -> Receipt:
    """Puts the request into its failures, as many libraries do."""
    try:
        return me.sound.deliver(post)
    except Refused as error:
        raise Refused(f"{error} (asked with token={me.sound.token})") from error


def notes_its_secret(me: Faulty, post: Post) -> Receipt:
    """Tells the log how it signed in."""
    return replace(me.sound.deliver(post), note=f"signed in with {me.sound.token}")


def finds_nothing(_: Faulty, __: Post) -> Receipt | None:
    """Does not look."""
    return None


def finds_another(me: Faulty, _: Post) -> Receipt | None:
    """Takes whatever is there for what it looks for."""
    found = me.sound.ask("GET", "notices")
    return Receipt(id=found[0]["id"]) if found else None


def counts_nothing(me: Faulty, edition: Edition) -> Post:
    text = f"{edition.title} {edition.url}"
    return replace(me.sound.render(edition), text=text, length=len(text))


def posts_to_check(me: Faulty) -> list[str]:
    me.sound.ask("POST", "notices", json={"text": "hello?"})
    return ["it posts"]


def notes_what_it_posted(me: Faulty, post: Post) -> Receipt:
    """Remembers by itself what is out there: sound, until it is killed before it noted it."""
    try:
        receipt = me.sound.deliver(post)
    except Unsure:
        if me.sound.find_existing(post):
            me.notes.write_text(post.text, encoding="utf-8")
        raise
    me.notes.write_text(post.text, encoding="utf-8")
    return receipt


def reads_its_notes(me: Faulty, post: Post) -> Receipt | None:
    noted = me.notes.exists() and me.notes.read_text(encoding="utf-8") == post.text
    return Receipt(id="1") if noted else None
